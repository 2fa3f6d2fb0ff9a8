"""Corrections of sentences in SQL: sentence, segments and what was first heard change together or not at all."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from sqlalchemy import select, update

from app.core.errors import Conflict
from app.core.types import Segment, SegmentKind, TimeSpan, Utterance, VideoId
from app.db import rows
from app.db.collections import must_be_there
from app.db.database import Database, upsert
from app.db.tables import segments, stage_results, utterances, videos

STAGE, VERSION = "corrections", "1"
"""Stored beside the results of ingest's stages, which are deleted together with their video."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What was heard in a span, and what was said."""

    start_s: float
    end_s: float
    heard: str
    text: str

    def is_about(self, utterance: Utterance) -> bool:
        """Whether a sentence, perhaps heard and cut in another way, lies where the corrected one does."""
        span = TimeSpan(self.start_s, self.end_s)
        return span.contains(utterance.span.middle_s) or utterance.span.contains(span.middle_s)


class SqlCorrections:
    """Stores corrections. Several processes may correct sentences of one video at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def correct(self, id: VideoId, heard: Utterance, fixed: Utterance) -> list[Segment]:
        """Replaces a sentence by one of the same span, and returns the segments that quote it, corrected.

        Raises NotFound; Conflict if the sentence no longer says what was heard.
        """
        place = utterances.c.video_id == id
        place &= (utterances.c.start_s == heard.span.start_s) & (utterances.c.end_s == heard.span.end_s)
        row = rows.of_utterance(id, fixed)
        with self._database.writing() as connection:
            must_be_there(connection, id)
            connection.execute(select(videos.c.id).where(videos.c.id == id).with_for_update())  # one at a time
            ordered = select(utterances).where(utterances.c.video_id == id).order_by("start_s", "number")
            before = [(TimeSpan(row.start_s, row.end_s), row.text) for row in connection.execute(ordered)]
            stale = update(utterances).where(place & (utterances.c.text == heard.text))
            if not connection.execute(stale.values(text=row["text"], words=row["words"])).rowcount:
                raise sentence_changed()
            table = stage_results.c
            query = select(table.payload).where(table.video_id == id, table.stage == STAGE, table.version == VERSION)
            known = parse_corrections(connection.execute(query).scalar_one_or_none())
            # A sentence that is corrected again keeps what was first heard; one that is put back is forgotten.
            former = next((one for one in known if one.text == heard.text and one.is_about(heard)), None)
            first = former.heard if former else heard.text
            now_known = [one for one in known if one is not former]
            if first != fixed.text:
                now_known.append(Correction(heard.span.start_s, heard.span.end_s, first, fixed.text))
            payload = json.dumps([asdict(one) for one in now_known]).encode()
            result = {"video_id": id, "stage": STAGE, "version": VERSION, "payload": payload}
            upsert(connection, stage_results, [result], ("video_id", "stage"))
            speech = (segments.c.video_id == id) & (segments.c.kind == str(SegmentKind.SPEECH))
            speech &= (segments.c.start_s < heard.span.end_s) & (segments.c.end_s > heard.span.start_s)
            quoting = []
            for segment in map(rows.segment, connection.execute(select(segments).where(speech))):
                text, at = segment.text, 0
                for span, sentence in before:  # those of a segment make its text, with spaces between them
                    inside = segment.span.start_s <= span.start_s and span.end_s <= segment.span.end_s
                    if not inside or not f"{text} ".startswith(f"{sentence} ", at):
                        continue
                    if (span, sentence) == (heard.span, heard.text):
                        text = text[:at] + fixed.text + text[at + len(sentence) :]
                        sentence = fixed.text
                    at += len(sentence) + 1
                if text != segment.text:
                    connection.execute(update(segments).where(segments.c.id == segment.id).values(text=text))
                    quoting.append(replace(segment, text=text))
            return quoting


def sentence_changed() -> Conflict:
    """Somebody else was faster."""
    return Conflict("Somebody else has just changed this sentence.", "Load the transcript again and look at it.")


def parse_corrections(payload: bytes | None) -> list[Correction]:
    """What was corrected in a video, from its stored form."""
    return [Correction(**one) for one in json.loads(payload)] if payload else []
