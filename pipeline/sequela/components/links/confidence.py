"""From the score of the best evidence to a probability that the row is right.

``lexicons/link_confidence.json`` holds points (score, share of right rows) fitted on annotated development
data; between two points the confidence is interpolated. ``docs/linking.md`` tells how they are refitted.
"""

from __future__ import annotations

from bisect import bisect_right

from sequela.components.links.merging import Reaction
from sequela.lexicons.loader import load_json
from sequela.schema import Assertion, Attribution


def raw_score(reaction: Reaction) -> float:
    """Score before calibration: the best link, a little more where several places tell the same."""
    best = reaction.best
    others = {link.cues[0].start for link in reaction.links[1:] if not link.rejected and link.cues}
    score = best.score + 0.02 * min(3, len(others))
    if best.assertion is Assertion.POSSIBLE:
        score -= 0.05
    return min(0.99, score)


def confidence_of(reaction: Reaction) -> float:
    """Give the calibrated confidence; a pair that is set aside (treatment ...) keeps its rule's score."""
    score = raw_score(reaction)
    if reaction.best.attribution in (Attribution.TREATMENT, Attribution.INDICATION, Attribution.EXCLUDED):
        return round(score, 3)
    return round(calibrated(score, load_json("link_confidence.json")["points"]), 3)


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
