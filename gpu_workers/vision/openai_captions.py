"""Captions, subjects and events by a model behind a server that sees.

Each segment is one request with full frames. The model says when something happens by the numbers of the frames that
show it, and these give the times: a model never writes one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.core.errors import MissingPart, ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.timecode import clock
from app.core.types import Caption, Frame, FrameFeatures, Message, TimeSpan
from app.core.types.scenes import SceneEvent, Subject
from gpu_workers.language.openai import OpenAICompatibleVisionModel
from gpu_workers.language.openai_server import shown_address
from gpu_workers.selection.presentation import evenly_spaced
from gpu_workers.vision.picture_shape import bounded

if TYPE_CHECKING:
    from gpu_workers.registry import Workers

logger = logging.getLogger(__name__)

PROMPT_VERSION = 1
"""Part of the model's name: a changed prompt makes other captions."""
MAX_OUTPUT = 1500
"""Tokens of a description, beside what the model thinks."""
MOST_SUBJECTS, MOST_EVENTS = 12, 12
MOST_CHARACTERS = 400
"""Of a name, a description or an event. A model that repeats itself writes until it is cut."""
GROUPED_AT_ONCE = 150
"""New subjects in one request for groups."""

TASK = (
    "These frames come from one segment of a video, in order; their numbers and times stand before them. "
    "Describe only what can be seen.\n"
    "caption: one to three plain sentences: who or what is seen, what happens, where. Give numbers, colours and names "
    "that can be seen. Do not mention frames or times.\n"
    "subjects: the people, animals and things that matter. name: short, and enough to recognise them in other "
    "segments, such as 'woman in a red coat'; a proper name only where one is shown. description: what they look "
    "like.\n"
    "events: what happens, one entry for each thing that begins, ends or changes, with the numbers of the first and "
    "the last frame that show it. No entry where nothing happens."
)
_TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "caption": _TEXT,
        "subjects": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": _TEXT, "description": _TEXT},
                "required": ["name", "description"],
                "additionalProperties": False,
            },
        },
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "what": _TEXT,
                    "first_frame": {"type": "integer"},
                    "last_frame": {"type": "integer"},
                },
                "required": ["what", "first_frame", "last_frame"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["caption", "subjects", "events"],
    "additionalProperties": False,
}
GROUPING = (
    "These are people, animals and things that were noted in different segments of one video. Which of them are surely "
    "the same? Reply with groups of their numbers; leave out those that stand alone."
)
GROUPS: dict[str, Any] = {
    "type": "object",
    "properties": {"groups": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}},
    "required": ["groups"],
    "additionalProperties": False,
}

NO_EYES = "Set LONGREEL_VLM_URL to a model that sees, or LONGREEL_MODELS__CAPTIONER=offline-tags."

Stop = Callable[[], bool]


class OpenAICaptioner:
    """Describes segments through a vision model behind a server. Plays `SceneDescriber`."""

    def __init__(self, eyes: OpenAICompatibleVisionModel, name: str, frames: int = 8, at_once: int = 8) -> None:
        """`name` is that of the model; asking the server for it could fail, and then old captions would not count."""
        self._eyes = eyes
        self._name = name
        self._frames = frames
        self._at_once = at_once
        self._most_frames = frames

    @classmethod
    def from_settings(cls, settings: Settings, workers: Workers | None) -> OpenAICaptioner:
        """The server of `vlm_url`, else that of `llm_url`. Raises MissingPart when neither is set."""
        eyes = OpenAICompatibleVisionModel.from_settings(settings, workers)
        model_name = settings.vlm_model if settings.vlm_url else settings.llm_model
        name = model_name or shown_address(settings.vlm_url or settings.llm_url or "")
        return cls(eyes, name, settings.ingest.caption_frames, settings.server_requests)

    @property
    def model(self) -> str:
        """The model's name, or its address where it has none, and the version of the prompt."""
        return f"{self._name}/scenes-{PROMPT_VERSION}"

    @property
    def at_once(self) -> int:
        """See `SceneDescriber`."""
        return self._at_once

    @property
    def frames_wanted(self) -> int:
        """See `SceneDescriber`."""
        return self._frames

    def unload(self) -> None:
        """Closes the connections once what is under way has ended; the next use opens them again."""
        self._eyes.unload()

    def caption(self, frames: Sequence[Frame], features: Sequence[FrameFeatures], span: TimeSpan) -> Caption:  # noqa: ARG002
        """See `Captioner`. The features are not used: the model sees the frames."""
        return self.describe(frames, span)

    def describe(self, frames: Sequence[Frame], span: TimeSpan, stop: Stop | None = None) -> Caption:
        """See `SceneDescriber`. A server that takes fewer pictures at a time is shown half as many from then on."""
        if not frames:
            return Caption(span, "", self.model)
        most = self._most_frames
        while True:
            shown = evenly_spaced(frames, most)
            parts: list[str | Frame] = []
            for number, frame in enumerate(shown, start=1):
                parts.append(f"Frame {number}, at {clock(frame.pts_s, tenths=True)}:")
                parts.append(Frame(frame.pts_s, bounded(frame.image)))
            try:
                caption = self._described(self._ask((*parts, TASK), SCHEMA, stop), shown, span)
            except ToolRefused as error:
                if len(shown) == 1:
                    raise MissingPart(error.message, NO_EYES) from error
                most = len(shown) // 2
                continue
            if most < self._most_frames:
                logger.warning("%s takes no more than %d frames of a segment at a time", self._name, most)
                self._most_frames = most
            return caption

    def group(self, subjects: Sequence[Subject]) -> list[list[int]]:
        """See `SceneDescriber`. Of many, the first of each group so far is compared with those that follow."""
        groups: list[list[int]] = []
        for first in range(0, len(subjects), GROUPED_AT_ONCE):
            groups += [[number] for number in range(first, min(first + GROUPED_AT_ONCE, len(subjects)))]
            if len(groups) < 2:
                continue
            listed = [subjects[group[0]] for group in groups]
            lines = [f"{number}. {one.name}: {one.description}" for number, one in enumerate(listed, start=1)]
            left = dict(enumerate(groups, start=1))
            found = []
            for numbers in self._ask((GROUPING, *lines), GROUPS, None)["groups"]:
                together = [left.pop(number) for number in dict.fromkeys(numbers) if number in left]
                found.append([one for group in together for one in group])
            groups = sorted((sorted(group) for group in [*found, *left.values()] if group), key=lambda group: group[0])
        return [group for group in groups if len(group) > 1]

    def _ask(self, parts: tuple[str | Frame, ...], schema: Mapping[str, Any], stop: Stop | None) -> Any:
        """The JSON of a reply, which fits the schema. Raises WorkerFailed where it does not."""
        reply = self._eyes.chat([Message("user", parts)], max_output=MAX_OUTPUT, schema=schema, stop=stop)
        if reply.finish == "length":
            raise WorkerFailed(f"{self._name} wrote without end.", "Try again, or choose another model.")
        return json.loads(reply.text)

    def _described(self, data: Mapping[str, Any], frames: Sequence[Frame], span: TimeSpan) -> Caption:
        subjects = {_line(one["name"]): _line(one["description"]) for one in data["subjects"]}
        named = [Subject(name, description) for name, description in subjects.items() if name]
        times = [min(max(frame.pts_s, span.start_s), span.end_s) for frame in frames]
        events = []
        for one in data["events"]:
            first, last = sorted((int(one["first_frame"]), int(one["last_frame"])))
            words = _line(one["what"])
            if not words or last < 1 or first > len(frames):  # nothing is said, or no frame is named that was shown
                continue
            first, last = max(first, 1), min(last, len(frames))
            end_s = times[last - 1]
            if first == last:  # seen in one frame: it lasts at most until the next
                end_s = times[last] if last < len(times) else span.end_s
            middle = frames[(first + last) // 2 - 1]
            events.append(SceneEvent(TimeSpan(times[first - 1], end_s), words, middle.pts_s))
        events.sort(key=lambda event: event.span)
        text = _line(data["caption"], 3 * MOST_CHARACTERS)
        return Caption(
            span,
            text,
            self.model,
            subjects=tuple(named[:MOST_SUBJECTS]),
            events=tuple(events[:MOST_EVENTS]),
        )


def _line(text: str, most: int = MOST_CHARACTERS) -> str:
    """On one line, not too long."""
    words = " ".join(text.split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"
