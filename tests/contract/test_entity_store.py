"""Every store of mentions: SQL on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.errors import NotFound
from app.core.types import MediaInfo, TimeSpan, Utterance, Video, VideoId
from app.core.types.entities import EntityKind, Mention, MentionSource
from app.db.entities import SqlEntities
from app.db.library import SqlLibrary
from app.db.speakers import SqlSpeakers
from tests.contract.test_speaker_store import known
from tests.postgres import KINDS, open_database

Stores = tuple[SqlEntities, SqlLibrary, SqlSpeakers]
A, B = VideoId("a" * 64), VideoId("b" * 64)
NAME, THING = EntityKind.NAME, EntityKind.THING


@pytest.fixture(params=KINDS)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    with open_database(request, request.param) as database:
        yield _filled(SqlEntities(database), SqlLibrary(database), SqlSpeakers(database))


def _filled(
    entities: SqlEntities,
    library: SqlLibrary,
    speakers: SqlSpeakers,
) -> Stores:
    for id in (A, B):
        library.add_video(Video(id, "Talk", "/talk.mp4", MediaInfo("mp4", 60.0, 0.0, 1, None)))
    return entities, library, speakers


def mention(
    name: str, video: VideoId, at_s: float = 0.0, source: MentionSource = MentionSource.SAID, kind: EntityKind = NAME
) -> Mention:
    frame_s = None if source is MentionSource.SAID else at_s
    return Mention(kind, name, video, TimeSpan(at_s, at_s + 2), source, f"About {name}.", frame_s)


def told(stores: Stores, *kinds: EntityKind, videos: tuple[VideoId, ...] = ()) -> list[tuple[str, str, int]]:
    return [(one.id, one.name, one.mentions) for one in stores[0].all(kinds, videos)]


def test_mentions_come_back_as_they_were_and_in_the_order_of_time(stores: Stores) -> None:
    entities, _, _ = stores
    late, early = mention("Tom Hale", A, 9.5, MentionSource.WRITTEN), mention("Tom Hale", A, 3)
    entities.save(A, [late, early, mention("Ann Lee", A)])
    assert entities.mentions(NAME, "tom hale") == [early, late]
    entities.save(A, [])
    assert entities.mentions(NAME, "tom hale") == entities.all() == []


def test_an_unknown_video_mentions_nothing(stores: Stores) -> None:
    with pytest.raises(NotFound):
        stores[0].save(VideoId("c" * 64), [])


def test_one_name_is_one_entity_in_all_videos_however_it_is_written(stores: Stores) -> None:
    entities, _, _ = stores
    entities.save(A, [mention("Tom Hale", A), mention("Zoë Ek", A)])
    entities.save(B, [mention("TOM HALE", B, at, MentionSource.WRITTEN) for at in (1, 5)])
    tom, zoe = entities.all()
    assert (tom.id, tom.name, tom.mentions, tom.videos) == ("name-tom-hale", "TOM HALE", 3, (B, A))
    assert tom.sources == (MentionSource.WRITTEN, MentionSource.SAID)
    assert (zoe.id, zoe.videos) == ("name-zoe-ek", (A,))
    assert [one.video_id for one in entities.mentions(NAME, "tom hale", [B])] == [B, B]


def test_names_and_things_are_told_apart_and_asked_for_by_video(stores: Stores) -> None:
    entities, _, _ = stores
    entities.save(A, [mention("Water Bottle", A), mention("water bottle", A, 4, MentionSource.SEEN, THING)])
    entities.save(B, [mention("water bottle", B, 4, MentionSource.SEEN, THING)])
    assert told(stores, THING) == [("thing-water-bottle", "water bottle", 2)]
    assert told(stores, NAME) == [("name-water-bottle", "Water Bottle", 1)]
    assert told(stores, videos=(B,)) == [("thing-water-bottle", "water bottle", 1)]
    assert [one.video_id for one in entities.mentions(THING, "water bottle")] == [A, B]


def test_who_speaks_is_the_same_entity_and_follows_a_new_name(stores: Stores) -> None:
    entities, library, speakers = stores
    said = [Utterance(TimeSpan(at, at + 1), " So. ", speaker=f"Speaker {1 + at // 4}") for at in (0, 2, 4)]
    library.save_utterances(A, [*said, Utterance(TimeSpan(8, 9), "Yes.", speaker="Eve Ek")])
    entities.save(B, [mention("Tom Hale", B)])
    speakers.save(A, [known(A, 0, "Tom Hale"), known(A, 1)])
    assert told(stores) == [("name-tom-hale", "Tom Hale", 3), ("name-eve-ek", "Eve Ek", 1)]
    first = entities.mentions(NAME, "tom hale")[0]
    assert (first.source, first.quote, first.span, first.frame_s) == (MentionSource.SPEAKS, "So.", TimeSpan(0, 1), None)
    speakers.rename("Tom Hale", "Ann Lee")
    assert told(stores, videos=(A,)) == [("name-ann-lee", "Ann Lee", 2), ("name-eve-ek", "Eve Ek", 1)]
    assert [one.video_id for one in entities.mentions(NAME, "tom hale")] == [B]


def test_mentions_rest_with_their_video_in_the_bin_and_go_with_it(stores: Stores) -> None:
    entities, library, _ = stores
    entities.save(A, [mention("Tom Hale", A)])
    library.save_utterances(A, [Utterance(TimeSpan(0, 1), "So.", speaker="Eve Ek")])
    library.bin_video(A)
    assert entities.all() == entities.mentions(NAME, "tom hale") == entities.mentions(NAME, "eve ek") == []
    library.restore_video(A)
    assert len(entities.all()) == 2
    library.delete_video(A)
    assert entities.all() == []
