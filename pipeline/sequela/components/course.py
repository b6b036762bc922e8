"""What became of the reaction and of the drug: outcome, action taken, dechallenge, rechallenge."""

from __future__ import annotations

from collections import defaultdict

from spacy.language import Language
from spacy.tokens import Doc

from sequela import attributes
from sequela.components.course_reading import BETTER, WITHDRAWAL, Reading
from sequela.components.course_report import Report
from sequela.schema import Attribution, Course, Link, Outcome

_EPISODE = 6  # sentences between the first mentions of events that belong together


@Language.factory(
    "sequela_course",
    requires=["doc.ents", "doc.sents", "doc._.sections", "doc._.patients", "doc._.frames", "doc._.links"],
    assigns=["doc._.links"],
)
def create_course(nlp: Language, name: str) -> CourseFinder:
    """Make the component."""
    return CourseFinder()


class CourseFinder:
    """Give each accepted link its course."""

    def __call__(self, doc: Doc) -> Doc:
        """Find, then annotate."""
        links = attributes.get_accepted_links(doc)
        if links:
            courses = find_courses(Report(doc, list(links.values())), list(links.values()))
            attributes.set_courses(doc, dict(zip(links, courses, strict=True)))
        return doc


def find_course(report: Report, link: Link) -> Course:
    """Give the course of the reaction that a link tells of, by what is said of it.

    The report is read from the first place that tells of the event (of the drug, for what was done with it).
    For a patient of this report what is said of others is passed over; for another author's patient the
    sentence of the link counts, and those after it as long as the report stays with others.
    """
    return Reading(report, link).course()


def find_courses(report: Report, links: list[Link]) -> list[Course]:
    """Give the courses of links; signs of one illness share what became of it.

    An event of which nothing is said takes the outcome of the other events of the same drug and patient that
    began within `_EPISODE` sentences of it, where these agree.
    """
    readings = [Reading(report, link) for link in links]
    episodes: dict[tuple[str, str, Attribution], list[Reading]] = defaultdict(list)
    for reading in readings:
        link = reading.link
        episodes[link.drug.text.lower(), link.patient_id, link.attribution].append(reading)
    for episode in episodes.values():
        begins = min(one.begins for one in episode)
        companions = tuple(one.event_words for one in episode)
        withdrawn = any(WITHDRAWAL.search(one.link.event.text) for one in episode)
        for one in episode:
            one.follows_stop = one.follows_stop or withdrawn
            one.companions = companions
            if one.may_share and one.is_diagnosis:
                one.begins = begins
        _share_outcomes(episode)
    return [reading.course() for reading in readings]


def _share_outcomes(episode: list[Reading]) -> None:
    known = [(one, *one.outcome) for one in episode if one.outcome[0] in BETTER]
    for one in episode:
        if one.outcome[0] is not Outcome.UNKNOWN or not one.may_share:
            continue
        near = [
            (outcome, cue)
            for other, outcome, cue in known
            if abs(other.begins - one.begins) <= _EPISODE
            and not _at_different_times(one.link, other.link)
            and cue is not None
            and one.report.sentence_of(cue.start) >= one.begins
        ]
        if near and len({outcome for outcome, _ in near}) == 1:
            one.outcome = near[-1]


def _at_different_times(one: Link, other: Link) -> bool:
    """Tell whether two events are said to have begun at different times."""
    first, second = one.onset, other.onset
    return bool(first and second and first.min and second.min and first.min != second.min)
