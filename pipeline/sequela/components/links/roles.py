"""What the role head of the tagger adds: "this span is the effect of a drug", "this is what it was given for"."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import numpy.typing as npt
from spacy.tokens import Doc

from sequela.components.links.masking import Item
from sequela.components.links.rules import Decision, Verdict, evidence_of
from sequela.schema import RoleLabel

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SPANS = "roles"
_SCORE = 0.6
_UNSURE = ("weak", "temporal")


class Roles:
    """The role spans of a report; empty when the tagger has no role head."""

    def __init__(self, doc: Doc) -> None:
        spans = doc.spans.get(SPANS, ())
        self.starts: dict[str, list[int]] = {}
        self.reach: dict[str, list[int]] = {}  # how far the spans up to this one go
        for start, end, label in sorted((span.start_char, span.end_char, span.label_) for span in spans):
            self.starts.setdefault(label, []).append(start)
            reach = self.reach.setdefault(label, [])
            reach.append(max(end, reach[-1]) if reach else end)

    def has(self, role: RoleLabel, item: Item) -> bool:
        """Whether a drug or event overlaps a span with the role."""
        before = bisect_left(self.starts.get(role.value, ()), item.end)
        return before > 0 and self.reach[role.value][before - 1] > item.start

    def among(self, role: RoleLabel, starts: Ints, ends: Ints) -> Bools:
        """Which of several places overlap a span with the role, shape (places,)."""
        before = np.searchsorted(self.starts.get(role.value, ()), ends)
        reach = np.array([-1, *self.reach.get(role.value, ())])  # before the first span there is none
        found: Bools = reach[before] > starts
        return found

    def decide(self, drug: Item, event: Item, decision: Decision | None) -> Decision | None:
        """Change the decision of a rule that rests on nearness or order alone; the others stand.

        ``roles``
            Drug and effect of the same sentence where no rule says more.
        ``disorder_role``
            The event is what a drug was given for.
        """
        if decision is None or not self.starts or evidence_of()[decision.rule] not in _UNSURE:
            return decision
        effect = self.has(RoleLabel.EFFECT, event)
        if effect and evidence_of()[decision.rule] == "weak" and self.has(RoleLabel.DRUG, drug):
            return Decision(
                "roles", Verdict.REACTION, max(_SCORE, decision.score), decision.start, decision.end
            )
        if not effect and self.has(RoleLabel.DISORDER, event):
            return Decision("disorder_role", Verdict.INDICATION, _SCORE, decision.start, decision.end)
        return decision
