"""How likely each drug and event of the report are a reaction, when the rules have spoken.

The rules of `sequela.components.linking` see words; the pair network has read whole reports. It changes the links:
unlikely ones are rejected, likely pairs that no rule sees are added.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from sequela import attributes
from sequela.components.links.judging import Thresholds, judge
from sequela.components.links.pair_network import PairNetwork
from sequela.components.links.report import LinkedReport
from sequela.components.tagging import shipped
from sequela.schema import Link

WEIGHTS = "pairs.npz"  # beside those of the tagger whose vectors the network reads


@Language.factory(
    "sequela_pairs",
    requires=[
        "doc.ents",
        "doc.sents",
        "doc.spans",
        "doc.tensor",
        "doc._.frames",
        "doc._.links",
        "doc._.blame",
        "span._.assertion",
        "span._.attribution",
        "span._.refers_to",
    ],
    assigns=["doc._.links"],
    default_config={"model": None, "thresholds": asdict(Thresholds())},
)
def create_pairs(nlp: Language, name: str, model: str | None, thresholds: dict[str, float]) -> PairJudge:
    """Make the component, with the network in the folder of the tagger; a folder without one has none."""
    weights = (shipped() if model is None else Path(model)) / WEIGHTS
    return PairJudge(
        PairNetwork.read(weights) if weights.is_file() else None, thresholds=Thresholds(**thresholds)
    )


class PairJudge:
    """Set the links anew, with the probabilities of the pair network.

    Parameters
    ----------
    network
        None leaves the links as the rules have them. It looks at texts of several sentences that the tagger it was
        trained with has tagged.
    thresholds
        Probabilities from which on it is believed.
    """

    def __init__(self, network: PairNetwork | None, *, thresholds: Thresholds) -> None:
        self.network = network
        self.thresholds = thresholds

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        links = self.find_links(doc)
        if links is not None:
            attributes.set_links(doc, links)
        return doc

    def find_links(self, doc: Doc) -> list[Link] | None:
        """Give the links in the order of the text, None where they stay as they are."""
        if self.network is None or not _has_vectors(doc, self.network.width):
            return None
        report = LinkedReport.of(doc)
        return judge(report, self.network, self.thresholds) if report.account.in_report else None


def _has_vectors(doc: Doc, width: int) -> bool:
    """Whether the tagger has left vectors of that width."""
    return doc.tensor.ndim == 2 and doc.tensor.shape[1] == width
