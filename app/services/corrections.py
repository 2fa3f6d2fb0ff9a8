"""Misheard words that a person has corrected: in the transcript, in the search, and when the video is read again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from app.core.errors import BadInput, NotFound
from app.core.ports import Retriever, StageStore
from app.core.types import SegmentKind, TimeSpan, Utterance, Video, VideoId, Word
from app.db.corrections import STAGE, VERSION, Correction, SqlCorrections, parse_corrections, sentence_changed
from app.db.library import SqlLibrary
from app.text.tokens import normalise

LONGEST_SENTENCE = 2000
SAME_TIME_S = 0.05


class CorrectionService:
    """Corrects sentences."""

    def __init__(self, library: SqlLibrary, stored: SqlCorrections, retriever: Callable[[], Retriever]) -> None:
        self._library = library
        self._stored = stored
        self._retriever = retriever
        self._lock = threading.Lock()

    def correct(self, video: Video, start_s: float, text: str, heard: str | None = None) -> Utterance:
        """Replaces the text of the sentence that begins at a time, also in the search, and returns the sentence.

        `heard` is the text to replace, if it matters. Raises NotFound for no such sentence, Conflict if it says
        something else by now, BadInput for an empty text or while the video is still being read.
        """
        corrected = " ".join(text.split())
        if not corrected or len(corrected) > LONGEST_SENTENCE:
            raise BadInput(f"A sentence has 1 to {LONGEST_SENTENCE} characters.", "Give the words that are said.")
        if not video.ready:
            raise BadInput("This video is still being ingested.", "Correct it once it is ready.")
        near = [one for one in self._library.utterances(video.id) if abs(one.span.start_s - start_s) <= SAME_TIME_S]
        if not near:
            raise NotFound(f"No sentence begins at {start_s:g} s.", "Take start_s from the transcript.")
        stored = min(near, key=lambda one: abs(one.span.start_s - start_s))
        if stored.text == corrected:  # perhaps an earlier attempt failed before the index followed
            speech = self._library.segments(video.id, kinds=[SegmentKind.SPEECH], window=stored.span)
            self._retriever().add(speech)
            return stored
        if heard is not None and heard.split() != stored.text.split():
            raise sentence_changed()
        fixed = reworded(stored, corrected)
        with self._lock:  # the index follows in the order of the library
            self._retriever().add(self._stored.correct(video.id, stored, fixed))
        return fixed


def apply_corrections(
    utterances: Sequence[Utterance], id: VideoId, stages: StageStore, library: SqlLibrary
) -> list[Utterance]:
    """Sentences as they were heard anew, with the corrections of earlier ones; what the library stores follows."""
    known = parse_corrections(stages.finished(id, STAGE, VERSION))
    if not known:
        return list(utterances)
    for stored in library.utterances(id):
        if (fixed := corrected(stored, known)) != stored:
            library.reword(id, fixed)
    return [corrected(one, known) for one in utterances]


def corrected(heard: Utterance, known: Sequence[Correction]) -> Utterance:
    """A sentence with the corrections of its time: whole if it was heard as before, else word by word."""
    for one in known:
        if not one.is_about(heard) or heard.text == one.text:
            continue
        if heard.text == one.heard:
            return reworded(heard, one.text)
        # each group of words that the correction replaces, where it first occurs
        words, wrong, right = heard.text.split(), list(map(_key, one.heard.split())), one.text.split()
        for tag, a, b, c, d in SequenceMatcher(None, wrong, list(map(_key, right)), False).get_opcodes():
            keys, length = list(map(_key, words)), b - a
            first = next((at for at in range(len(keys)) if keys[at : at + length] == wrong[a:b]), None)
            if tag == "replace" and first is not None:
                words[first : first + length] = right[c:d]
        if words != heard.text.split():
            heard = reworded(heard, " ".join(words))
    return heard


def reworded(heard: Utterance, text: str) -> Utterance:
    """The sentence with another text; words that stay keep their times, new ones share those of what they replace."""
    new = text.split()
    words: list[Word] = []
    if heard.words:
        old = [_key(word.text) for word in heard.words]
        for _, first, last, begin, end in SequenceMatcher(None, old, list(map(_key, new)), False).get_opcodes():
            texts, replaced = new[begin:end], heard.words[first:last]
            if len(texts) == len(replaced):
                words += [replace(word, text=text) for text, word in zip(texts, replaced, strict=True)]
                continue
            start_s = end_s = words[-1].span.end_s if words else heard.span.start_s
            if replaced:
                start_s, end_s = replaced[0].span.start_s, replaced[-1].span.end_s
            step_s = (end_s - start_s) / max(1, len(texts))
            for n, new_word in enumerate(texts):
                words.append(Word(new_word, TimeSpan(start_s + n * step_s, start_s + (n + 1) * step_s), 1.0))
    return replace(heard, text=text, words=tuple(words))


def _key(word: str) -> str:
    return normalise(word).strip(".,;:!?…\"'“”()")
