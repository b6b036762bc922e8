"""From the score of the best evidence, or the pair network's probability, to a probability that the row is right.

``lexicons/link_confidence.json`` holds points (score, share of right rows) fitted on annotated reports that the network
was not trained on: ``probabilities`` for pairs that it has weighed, ``scores`` of rules for the others. Between two
points the confidence is interpolated. ``docs/linking.md`` tells how they are refitted.
"""

from __future__ import annotations

from bisect import bisect_right

from sequela.components.links.merging import Reaction
from sequela.lexicons.loader import load_json
from sequela.schema import Assertion, Attribution

SCORES, PROBABILITIES = "scores", "probabilities"


def raw_score(reaction: Reaction) -> tuple[str, float]:
    """Give the number that is calibrated, and by which points.

    The network's probability of the best link. Without one the rule's score: a little more where several places tell
    the same, a little less where it is only possible.
    """
    best = reaction.best
    if best.probability is not None:
        return PROBABILITIES, best.probability
    others = {link.cues[0].start for link in reaction.links[1:] if not link.rejected and link.cues}
    score = best.score + 0.02 * min(3, len(others))
    if best.assertion is Assertion.POSSIBLE:
        score -= 0.05
    return SCORES, min(0.99, score)


def confidence_of(reaction: Reaction) -> float:
    """Give the calibrated confidence; a pair that is set aside (treatment ...) keeps its rule's score."""
    if reaction.best.attribution in (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED):
        return round(reaction.best.score, 3)
    points, score = raw_score(reaction)
    return round(calibrated(score, load_json("link_confidence.json")[points]), 3)


def calibrated(score: float, points: list[list[float]]) -> float:
    """Interpolate between the points; flat beyond the first and the last."""
    scores = [point[0] for point in points]
    number = bisect_right(scores, score)
    if number == 0:
        return points[0][1]
    if number == len(points):
        return points[-1][1]
    (left, low), (right, high) = points[number - 1], points[number]
    return low + (high - low) * (score - left) / (right - left)
