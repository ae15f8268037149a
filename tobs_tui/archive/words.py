"""Text as words to be searched: without case and accents, and letter by letter where no spaces stand.

Chinese, Japanese, Korean, Thai and their like give one word a letter, so that any run of letters is found
as a phrase; an emoji is a word too. The same rule makes the index and the query.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Self

from msgspec import Struct

MAX_QUERY = 1000
"""Characters of a query that are looked at."""

# Thai, Lao, Tibetan, Myanmar, Hangul, Khmer, kana, bopomofo, Han.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3100-\u312f"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U000323af"
)
# Signs that stand inside a word of Indic scripts and Arabic, which `\w` leaves out.
_INSIDE = "\u0300-\u036f\u0610-\u061a\u0900-\u0963\u0970-\u0dff"
_EMOJI = "\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}](?:[^\\W_{_UNSPACED}]|[{_INSIDE}])*|[{_EMOJI}]")
_ASCII_WORD = re.compile("[a-z0-9]+")

# Accents of Latin, Greek and Cyrillic (but й, a letter of its own), points of Hebrew and Arabic, variation
# selectors and joiners.
_ACCENTS = re.compile(
    "(?<!и)\u0306|[\u0300-\u0305\u0307-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200d\u20d0-\u20f0\ufe00-\ufe0f\ufe20-\ufe2f\u00ad]"
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_PART = re.compile(r'"([^"]*)("?)|([^\s"]+)')
_QUOTES = str.maketrans("“”„«»", '"""""')


class Term(Struct, frozen=True):
    """Words that stand one behind the other; the last may be only begun."""

    words: tuple[str, ...]
    begun: bool = False

    def places(self, words: Sequence[str]) -> Iterator[int]:
        """Where in `words` the term stands."""
        *whole, last = self.words
        for start in range(len(words) - len(whole)):
            end = words[start + len(whole)]
            if (end.startswith(last) if self.begun else end == last) and all(
                words[start + offset] == word for offset, word in enumerate(whole)
            ):
                yield start


class Terms(Struct, frozen=True):
    """What a person searches: every term must be found."""

    terms: tuple[Term, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads what was typed, whatever it is: words, and `"phrases"`; the last word may be only begun."""
        terms: list[Term] = []
        text = text[:MAX_QUERY].translate(_QUOTES)
        for part in _PART.finditer(text):
            phrase, closed, word = part.groups()
            begun = not closed and part.end() == len(text)
            if words := words_of(word or phrase or ""):
                terms.append(Term(tuple(words), begun))
        return cls(tuple(dict.fromkeys(terms)))

    def found_in(self, text: str) -> bool:
        words = words_of(text)
        return all(next(term.places(words), None) is not None for term in self.terms)

    def marks(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where the terms stand in `text`, in order: the start and end of each mark."""
        placed = list(_placed(text))
        words = [word for word, _, _ in placed]
        found = {
            (placed[start][1], placed[start + len(term.words) - 1][2])
            for term in self.terms
            for start in term.places(words)
        }
        marks: list[tuple[int, int]] = []
        for start, end in sorted(found):
            if marks and start < marks[-1][1]:
                marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
            else:
                marks.append((start, end))
        return tuple(marks)


def words_of(text: str) -> list[str]:
    """The words of a text, in order."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _WORD.findall(fold(text))


def fold(text: str) -> str:
    """The text without case, accents and forms of width."""
    flat = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", flat)).translate(_LETTERS)


def _placed(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word with its start and end in the text as it was."""
    letters: list[str] = []
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        folded = _fold_letter(text[start:end])
        letters.append(folded)
        spans += [(start, end)] * len(folded)
        start = end
    for word in _WORD.finditer("".join(letters)):
        yield word[0], spans[word.start()][0], spans[word.end() - 1][1]


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    return fold(letter)
