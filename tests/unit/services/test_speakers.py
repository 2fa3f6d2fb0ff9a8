"""Names of speakers: given, recognised, suggested, corrected."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.core.errors import BadInput, NotFound
from app.core.types import MediaInfo, Speaker, TimeSpan, Utterance, Video, VideoId, Voice
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.db.speakers import SqlSpeakers
from app.services.speakers import SpeakerService

A, B, C = (VideoId(letter * 64) for letter in "abc")


@pytest.fixture
def database() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def library(database: MemoryDatabase) -> SqlLibrary:
    made = SqlLibrary(database)
    for id in (A, B, C):
        made.add_video(Video(id, "Talk", "/talk.mp4", MediaInfo("mp4", 60.0, 0.0, 1, None)))
    return made


@pytest.fixture
def service(database: MemoryDatabase, library: SqlLibrary) -> SpeakerService:
    return SpeakerService(SqlSpeakers(database), library)


def voice(number: int, degrees: float, model: str = "ears@1") -> Voice:
    """A voice in a plane; two have the cosine of the angle between them."""
    angle = math.radians(degrees)
    vector = np.array([math.cos(angle), math.sin(angle)], np.float32)
    return Voice(f"Speaker {number}", 10.0 * number, model, vector)


def titles(speakers: list[Speaker]) -> list[str]:
    return [speaker.title for speaker in speakers]


def test_a_speaker_without_a_name_is_called_by_a_label(service: SpeakerService) -> None:
    service.remember(A, [voice(1, 0), voice(2, 90)])
    assert service.of(A) == [Speaker(A, "Speaker 1", None, 10.0), Speaker(A, "Speaker 2", None, 20.0)]


def test_a_name_is_given_changed_and_taken_away(service: SpeakerService, library: SqlLibrary) -> None:
    library.save_utterances(A, [Utterance(TimeSpan(0, 1), "Hello.", speaker="Speaker 1")])
    service.remember(A, [voice(1, 0), voice(2, 90)])
    assert titles(service.rename(A, "Speaker 1", "  Anna   Ek ")) == ["Anna Ek", "Speaker 2"]
    assert library.utterances(A)[0].speaker == "Anna Ek"
    assert titles(service.rename(A, "Anna Ek", "Dr. Ek")) == ["Dr. Ek", "Speaker 2"]
    assert titles(service.rename(A, "Dr. Ek", "")) == ["Speaker 1", "Speaker 2"]


def test_two_voices_with_one_name_are_one_person(service: SpeakerService) -> None:
    service.remember(A, [voice(1, 0), voice(2, 90)])
    service.rename(A, "Speaker 1", "Anna")
    service.rename(A, "Speaker 2", "Anna")
    assert titles(service.rename(A, "Anna", "Bo")) == ["Bo", "Bo"]


def test_a_well_known_voice_gets_its_name_in_a_new_video(service: SpeakerService) -> None:
    service.remember(A, [voice(1, 0)])
    service.rename(A, "Speaker 1", "Anna")
    service.remember(B, [voice(1, 90), voice(2, 20)])
    stranger, anna = service.of(B)
    assert (anna.name, anna.recognised) == ("Anna", True)
    assert (stranger.name, stranger.suggestions) == (None, ())
    assert not service.of(A)[0].recognised


def test_a_voice_that_is_somewhat_alike_is_suggested_and_not_merged(service: SpeakerService) -> None:
    service.remember(A, [voice(1, 0), voice(2, 90)])
    service.rename(A, "Speaker 1", "Anna")
    service.rename(A, "Speaker 2", "Bo")
    service.remember(B, [voice(1, 48)])
    (found,) = service.of(B)
    assert found.name is None
    assert [(one.name, one.video_id) for one in found.suggestions] == [("Bo", A), ("Anna", A)]
    assert found.suggestions[0].cosine == pytest.approx(math.cos(math.radians(42)), abs=1e-5)


def test_naming_a_voice_names_those_that_sound_like_it_in_other_videos(service: SpeakerService) -> None:
    service.remember(A, [voice(1, 0)])
    service.remember(B, [voice(1, 30), voice(2, 120)])
    service.rename(A, "Speaker 1", "Anna")
    assert titles(service.of(B)) == ["Anna", "Speaker 2"] and service.of(B)[0].recognised
    service.remember(C, [voice(1, 0)])
    service.rename(A, "Anna", "Anna B.", here_only=True)
    assert titles(service.of(A)) == ["Anna B."] and titles(service.of(B)) == ["Anna", "Speaker 2"]


def test_a_person_is_renamed_everywhere_but_a_wrong_recognition_is_only_corrected(service: SpeakerService) -> None:
    service.remember(A, [voice(1, 0)])
    service.rename(A, "Speaker 1", "Anna")
    service.remember(B, [voice(1, 10)])
    service.rename(A, "Anna", "Annika")
    assert titles(service.of(B)) == ["Annika"]
    service.rename(B, "Annika", "Her sister")
    assert titles(service.of(A)) == ["Annika"] and titles(service.of(B)) == ["Her sister"]


def test_names_stay_when_a_video_is_read_again_and_voices_of_another_model_are_not_compared(
    service: SpeakerService,
) -> None:
    service.remember(A, [voice(1, 0), voice(2, 90)])
    service.rename(A, "Speaker 2", "Bo")
    service.remember(A, [voice(1, 88), voice(2, 3)])
    assert [(one.title, one.recognised) for one in service.of(A)] == [("Bo", False), ("Speaker 2", False)]
    service.remember(B, [voice(1, 88, "ears@2")])
    assert service.of(B)[0].name is None and service.of(B)[0].suggestions == ()


def test_who_is_not_there_cannot_be_named_and_a_name_has_a_length(service: SpeakerService) -> None:
    service.remember(A, [voice(1, 0)])
    with pytest.raises(NotFound, match="Zoe") as caught:
        service.rename(A, "Zoe", "Anna")
    assert "Speaker 1" in caught.value.hint
    with pytest.raises(BadInput):
        service.rename(A, "Speaker 1", "x" * 81)


def test_when_somebody_speaks_is_told_for_each_video(service: SpeakerService, library: SqlLibrary) -> None:
    for id, who in ((A, "Speaker 1"), (B, "Anna")):
        library.save_utterances(id, [Utterance(TimeSpan(i, i + 1), "Well.", speaker=who) for i in (0, 5)])
    service.remember(A, [voice(1, 0)])
    service.rename(A, "Speaker 1", "Anna")
    both = [TimeSpan(0, 1), TimeSpan(5, 6)]
    assert service.spans("anna", [A, B, C]) == {A: both, B: both}
    assert service.spans("Bo", [A, B, C]) == {}
