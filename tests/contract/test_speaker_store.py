"""Every store of voices: SQL on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from app.core.errors import NotFound
from app.core.types import MediaInfo, TimeSpan, Utterance, Video, VideoId, Voice
from app.db.library import SqlLibrary
from app.db.speakers import KnownVoice, SqlSpeakers
from app.db.tables import faces
from tests.postgres import KINDS, open_database

Stores = tuple[SqlSpeakers, SqlLibrary]
A, B = VideoId("a" * 64), VideoId("b" * 64)


@pytest.fixture(params=KINDS)
def faces_stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    with open_database(request, request.param) as database:
        yield _filled(SqlSpeakers(database, faces), SqlLibrary(database))


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    with open_database(request, request.param) as database:
        yield _filled(SqlSpeakers(database), SqlLibrary(database))


def _filled(speakers: SqlSpeakers, library: SqlLibrary) -> Stores:
    for id in (A, B):
        library.add_video(Video(id, "Talk", "/talk.mp4", MediaInfo("mp4", 60.0, 0.0, 1, None)))
    return speakers, library


def known(video: VideoId, number: int, name: str | None = None, *, model: str = "ears@1") -> KnownVoice:
    vector = np.eye(4, dtype=np.float32)[number]
    return KnownVoice(video, Voice(f"Speaker {number + 1}", 4.5 + number, model, vector), name)


def told(voices: list[KnownVoice]) -> list[tuple[str, str | None, bool]]:
    return [(one.voice.label, one.name, one.recognised) for one in voices]


def test_voices_come_back_as_they_were_in_their_order(stores: Stores) -> None:
    speakers, _ = stores
    assert speakers.of(A) == []
    speakers.save(A, [known(A, 1, "Bo"), known(A, 0)])
    speakers.save(B, [known(B, 2)])
    found = speakers.of(A)
    assert told(found) == [("Speaker 2", "Bo", False), ("Speaker 1", None, False)]
    assert (found[0].video_id, found[0].voice.seconds, found[0].voice.model) == (A, 5.5, "ears@1")
    assert found[0].voice.vector.tolist() == [0, 1, 0, 0]
    speakers.save(A, [known(A, 3)])
    assert told(speakers.of(A)) == [("Speaker 4", None, False)]
    assert len(speakers.of(B)) == 1


def test_an_unknown_video_has_no_voices_to_ask_for(stores: Stores) -> None:
    speakers, _ = stores
    for call in (lambda: speakers.of(VideoId("c" * 64)), lambda: speakers.save(VideoId("c" * 64), [])):
        with pytest.raises(NotFound):
            call()


def test_the_voices_of_the_library_are_found_by_their_model_and_whether_they_have_a_name(stores: Stores) -> None:
    speakers, _ = stores
    speakers.save(A, [known(A, 0, "Anna"), known(A, 1)])
    speakers.save(B, [known(B, 0, "Bo"), known(B, 1, "Cem", model="ears@2")])
    assert [one.name for one in speakers.all("ears@1", named=True)] == ["Anna", "Bo"]
    assert [one.voice.label for one in speakers.all("ears@1", named=False)] == ["Speaker 2"]


def test_one_voice_is_named_or_a_person_in_every_video(stores: Stores) -> None:
    speakers, _ = stores
    speakers.save(A, [known(A, 0), known(A, 1)])
    speakers.save(B, [known(B, 0)])
    speakers.name(A, "Speaker 1", "Anna")
    speakers.name(B, "Speaker 1", "Anna", recognised=True)
    assert told(speakers.of(A)) == [("Speaker 1", "Anna", False), ("Speaker 2", None, False)]
    assert told(speakers.of(B)) == [("Speaker 1", "Anna", True)]
    speakers.rename("Anna", "Dr. Anna Ek")
    assert speakers.of(A)[0].name == speakers.of(B)[0].name == "Dr. Anna Ek"
    speakers.name(B, "Speaker 1", None)
    assert told(speakers.of(B)) == [("Speaker 1", None, False)]


def test_what_was_said_is_told_with_the_names_of_those_who_have_one(stores: Stores) -> None:
    speakers, library = stores
    said = [Utterance(TimeSpan(i, i + 1), "Well.", speaker=who) for i, who in enumerate(["Speaker 1", "Speaker 2"])]
    library.save_utterances(A, [*said, Utterance(TimeSpan(2, 3), "So."), Utterance(TimeSpan(3, 4), "Yes.", (), "Eve")])
    speakers.save(A, [known(A, 0, "Anna"), known(A, 1)])
    speakers.save(B, [known(B, 1, "Bo")])
    assert [one.speaker for one in library.utterances(A)] == ["Anna", "Speaker 2", None, "Eve"]
    assert [one.speaker for one in library.utterances(A, TimeSpan(0.2, 0.5))] == ["Anna"]
    speakers.name(A, "Speaker 1", None)
    assert library.utterances(A)[0].speaker == "Speaker 1"


def test_when_somebody_speaks_is_found_in_the_whole_library(stores: Stores) -> None:
    speakers, library = stores
    for id, who in ((A, "Speaker 1"), (B, "\u00c9mile Ek")):
        library.save_utterances(id, [Utterance(TimeSpan(at, at + 1), "Well.", speaker=who) for at in (5, 0)])
    speakers.save(A, [known(A, 0, "\u00c9mile Ek")])
    both = [TimeSpan(0, 1), TimeSpan(5, 6)]
    assert library.spoken_by("\u00c9mile Ek") == {A: both, B: both}
    assert library.spoken_by("\u00c9mile Ek", [B]) == {B: both}
    assert library.spoken_by("Speaker 1") == library.spoken_by("Bo") == {}
    speakers.name(A, "Speaker 1", "Anna")
    assert library.spoken_by("ANNA") == {A: both}


def test_voices_go_with_their_video(stores: Stores) -> None:
    speakers, library = stores
    speakers.save(A, [known(A, 0, "Anna")])
    library.delete_video(A)
    assert speakers.all("ears@1", named=True) == []


def test_a_voice_is_forgotten_or_a_person_in_every_video(stores: Stores) -> None:
    speakers, _ = stores
    speakers.save(A, [known(A, 0, "Anna"), known(A, 1), known(A, 2, "Anna")])
    speakers.save(B, [known(B, 0, "Anna"), known(B, 1, "Bo")])
    speakers.forget(A, "Speaker 2")
    speakers.forget(A, "Speaker 9")
    assert told(speakers.of(A)) == [("Speaker 1", "Anna", False), ("Speaker 3", "Anna", False)]
    speakers.forget_named("Anna")
    assert speakers.of(A) == [] and told(speakers.of(B)) == [("Speaker 2", "Bo", False)]


def test_faces_come_back_with_when_they_are_seen_and_name_no_speaker(faces_stores: Stores) -> None:
    people, library = faces_stores
    library.save_utterances(A, [Utterance(TimeSpan(0, 1), "Well.", speaker="Speaker 1")])
    spans = (TimeSpan(0.5, 2.0), TimeSpan(7.25, 9.0))
    people.save(A, [KnownVoice(A, Voice("Speaker 1", 3.25, "eyes", np.ones(1, np.float32), spans), "Anna")])
    (found,) = people.of(A)
    assert (found.voice.spans, found.voice.seconds, found.name) == (spans, 3.25, "Anna")
    assert library.utterances(A)[0].speaker == "Speaker 1"
    library.delete_video(A)
    assert people.all("eyes", named=True) == []
