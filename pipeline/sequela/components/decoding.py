"""From the scores of the tagger's network to spans: the best tags that BIOES allows, for many chunks at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sequela.components.layers import Array

Places = npt.NDArray[np.int64]

Span = tuple[int, int, str, float]  # first word, end, label, probability

_SURE = 5.0  # log-odds of "outside" over the next tag from which decoding may be cut there
_NEVER = np.float32(-1e4)


@dataclass(frozen=True)
class Head:
    """One annotation scheme, or a part of one whose labels hardly overlap."""

    name: str
    labels: tuple[str, ...]
    columns: slice


class Decoder:
    """From the scores of one head to spans.

    Tags are numbered 0 for outside, then B, I, E and S of each label.
    """

    def __init__(self, head: Head) -> None:
        self.head = head
        tags = np.arange(1 + 4 * len(head.labels))
        kind = np.where(tags == 0, -1, (tags - 1) % 4)  # −1 O, 0 B, 1 I, 2 E, 3 S
        inside = np.isin(kind, (0, 1))
        continues = np.isin(kind, (1, 2))
        same = (tags[:, None] - 1) // 4 == (tags[None, :] - 1) // 4
        self.allowed = np.where(inside[:, None], continues[None, :] & same, ~continues[None, :])
        self.may_start = ~continues
        self.may_end = ~inside

    def tags(self, scores: Array, lengths: Places) -> Places:
        """Give the best allowed sequence of each chunk.

        Where the best tag of each word makes an allowed sequence, that is the best sequence. Elsewhere the
        stretch between the nearest words that are surely outside every span is searched.

        Parameters
        ----------
        scores
            Of the tags of this head, shape (words, tags); the words of all chunks, one chunk after the other.
        lengths
            Words of each chunk, none of them 0.
        """
        best: Places = scores.argmax(1)
        last = np.cumsum(lengths) - 1
        first = last - lengths + 1
        fits = self.allowed[best[:-1], best[1:]]
        fits[last[:-1]] = True
        broken = np.flatnonzero(~fits)
        faulty = np.concatenate(
            [broken, broken + 1, first[~self.may_start[best[first]]], last[~self.may_end[best[last]]]]
        )
        if not len(faulty):
            return best
        outside = (best == 0) & (scores[:, 0] > np.partition(scores, -2, axis=1)[:, -2] + _SURE)
        begins = outside.copy()
        begins[1:] |= outside[:-1]
        begins[first] = True
        stretch = np.cumsum(begins) - 1
        starts = np.flatnonzero(begins)
        stops = np.append(starts[1:], len(best))
        chosen = np.unique(stretch[faulty[~outside[faulty]]])
        self._search(scores, best, starts[chosen], stops[chosen] - starts[chosen])
        return best

    def _search(self, scores: Array, best: Places, starts: Places, lengths: Places) -> None:
        """Put the best allowed sequences of some stretches into ``best``: Viterbi, word by word in all at once."""
        order = np.argsort(-lengths, kind="stable")
        starts, lengths = starts[order], lengths[order]
        longest = int(lengths[0])
        open_at = np.searchsorted(-lengths, -np.arange(longest + 1))  # stretches that have a word there
        number = np.arange(len(starts))
        total = np.where(self.may_start, scores[starts], _NEVER)
        ended = np.flatnonzero(self.may_end)
        begun = np.flatnonzero(self.may_start)
        back = []
        last = np.empty(len(starts), dtype=np.int64)
        for i in range(longest):
            if i:
                total, came = self._step(total, ended, begun)
                total += scores[starts[: open_at[i]] + i]
                back.append(came)
            closing = slice(open_at[i + 1], open_at[i])
            last[closing] = ended[total[closing][:, ended].argmax(1)]
            total = total[: open_at[i + 1]]
        tags = last
        for i in range(longest - 1, -1, -1):
            here = number[: open_at[i]]
            best[starts[here] + i] = tags[here]
            if i:
                tags[here] = back[i - 1][here, tags[here]]

    def _step(self, total: Array, ended: Places, begun: Places) -> tuple[Array, Places]:
        """Give the best total before each tag of the next word, and the tag it comes from."""
        rows = np.arange(len(total))
        came = np.empty(total.shape, dtype=np.int64)
        before = np.empty_like(total)
        came[:, begun] = ended[total[:, ended].argmax(1)][:, None]
        before[:, begun] = total[rows, came[:, 0]][:, None]
        begin, inside = total[:, 1::4], total[:, 2::4]
        goes_on = inside > begin
        came[:, 2::4] = came[:, 3::4] = np.arange(1, total.shape[1], 4) + goes_on
        before[:, 2::4] = before[:, 3::4] = np.where(goes_on, inside, begin)
        return before, came

    def spans(self, scores: Array, lengths: Places) -> list[Span]:
        """Give the spans, their words counted through all chunks; the probability is the mean over the words."""
        tags = self.tags(scores, lengths)
        within = np.flatnonzero(tags)
        if not len(within):
            return []
        kinds = (tags[within] - 1) % 4
        first = np.flatnonzero((kinds == 0) | (kinds == 3))  # among the words that are in a span
        sizes = np.diff(first, append=len(within))
        rows = scores[within]
        high = rows.max(1)
        log_sum = high + np.log(np.exp(rows - high[:, None]).sum(1))
        certain = np.exp(rows[np.arange(len(rows)), tags[within]] - log_sum)
        probabilities = np.add.reduceat(certain, first) / sizes
        starts = within[first]
        labels = (tags[starts] - 1) // 4
        return [
            (start, start + size, self.head.labels[label], probability)
            for start, size, label, probability in zip(
                starts.tolist(), sizes.tolist(), labels.tolist(), probabilities.tolist(), strict=True
            )
        ]
