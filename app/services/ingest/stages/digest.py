"""The last stage: writes the chapters and the summary."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents.evidence.reading import GUESSED
from app.core.errors import Cancelled, LongreelError, StorageFull, ToolRefused
from app.core.ports import Chat, scene_describer
from app.core.types import Capabilities, Completion, Message, SegmentKind, ToolSpec
from app.services.chapters import BY_FILE, BY_HAND, edited, file_headings, publish, with_headings
from app.services.digest import make_digest
from app.services.ingest.run import Run
from app.services.ingest.stage import NOTHING, Stage, StageRun
from app.services.ingest.stages.index import found_in
from app.services.screen_text_filter import filter_screen_text
from app.services.summarize.shapes import EXTRACTIVE
from app.services.topics import Sentence
from app.services.transcript_sentences import transcript_sentences


class KeptWriter:
    """The language model of a stage: each text that it writes is a unit of the stage, written once.

    After an error that may pass, such as that of a server that is away, it is asked no more in this reading.
    """

    def __init__(self, model: Chat, work: StageRun) -> None:
        self.model = model.model
        self.error: LongreelError | None = None
        self._writer = model
        self._work = work

    @property
    def capabilities(self) -> Capabilities:
        """Those of the model. Raises WorkerFailed when its server is away."""
        try:
            return self._writer.capabilities
        except LongreelError as error:
            self.error = error
            raise

    def weigh(
        self, messages: Sequence[Message], labels: Sequence[str], stop: Callable[[], bool] | None = None
    ) -> tuple[dict[str, float], Completion]:
        """What the model gives."""
        return self._writer.weigh(messages, labels, stop)

    def chat(
        self,
        messages: Sequence[Message],
        *,
        max_output: int,
        tools: Sequence[ToolSpec] = (),
        schema: Mapping[str, Any] | None = None,
        stop: Callable[[], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Completion:
        """What the model wrote to these messages, now or in a reading that was stopped."""
        unit = hashlib.sha256(json.dumps([(one.role, one.text) for one in messages]).encode()).hexdigest()
        if (written := self._work.done.get(unit)) is not None:
            return Completion(written.decode())
        if self.error is not None:
            raise self.error
        try:
            done = self._writer.chat(
                messages, max_output=max_output, tools=tools, schema=schema, stop=stop, on_text=on_text
            )
            self._work.save(unit, done.text.encode())
        except (Cancelled, StorageFull, ToolRefused):
            raise
        except LongreelError as error:
            self.error = error
            raise
        return done


def _model(run: Run) -> str:
    return run.parts.language_model.model if run.parts.language_model else EXTRACTIVE


class _DigestStage(Stage[None]):
    """Chapters and summary, stored and indexed. Borders and titles that a person gave stay."""

    name = "digest"
    inputs = ("index",)
    codec = NOTHING

    def version(self, run: Run) -> str:
        titles = "".join(f"/{one.start_s:g} {one.title}" for one in file_headings(run.video.media))
        return f"8/{_model(run)}/{run.settings.summary_words}{titles}"

    def reduce(self, work: StageRun) -> None:
        run, parts = work.run, work.run.parts
        writer = KeptWriter(parts.language_model, work) if parts.language_model else None
        own_chapters = file_headings(run.video.media)
        content = found_in(run)
        sentences = transcript_sentences(content.utterances)
        sentences += [Sentence(t.span, SegmentKind.SCREEN_TEXT, t.text, t.frame_s) for t in content.texts]
        sentences = filter_screen_text(sentences)
        seen = [c for c in content.captions if c.text and not c.model.startswith(GUESSED)]
        captions = [Sentence(c.span, SegmentKind.CAPTION, c.text) for c in seen]
        if not sentences:
            sentences = captions
        elif scene_describer(parts.captioner) is not None:
            silent = [c for c in captions if not any(c.span.contains(s.span.middle_s) for s in sentences)]
            sentences = sorted([*sentences, *silent], key=lambda s: s.span)

        def chapter_done(done: int, total: int) -> None:
            if done:
                work.progress(done)
            else:
                work.begin(total, "chapters")

        starts_s, words = [heading.start_s for heading in own_chapters], run.settings.summary_words
        digest = make_digest(
            run.video.id,
            run.video.duration_s,
            sentences,
            parts.text_embedder,
            writer,
            words=words,
            starts_s=starts_s,
            chapter_done=chapter_done,
        )
        by = _model(run)
        if own_chapters:
            digest, by = with_headings(digest, own_chapters, run.video.duration_s), BY_FILE
        if headings := edited(parts.library, run.video.id):
            digest, by = with_headings(digest, headings, run.video.duration_s), BY_HAND
        publish(parts.library, parts.retriever, run.video.id, digest, by)
        work.detail = f"{len(digest.chapters)} chapters"
        if writer and writer.error:
            why = writer.error.message.rstrip(".")
            work.put_off(f"The language model failed ({why}), so that chapters only quote the video.")


DIGEST = _DigestStage()
