"""How things are followed from frame to frame."""

from __future__ import annotations

import pytest

from gpu_workers.vision.tracking import FrameSightings, Sighting, follow

LEFT, RIGHT = (0.1, 0.3, 0.2, 0.8), (0.7, 0.3, 0.8, 0.8)


def seen(box=LEFT, name="bottle", confidence=0.9, **votes: float) -> Sighting:
    return Sighting(box, confidence, votes or {name: confidence})


def followed(*frames: tuple[float, list[Sighting]], until_s: float = 10.0):
    return follow([FrameSightings(time_s, things) for time_s, things in frames], until_s=until_s, every_s=1.0)


def test_two_things_that_stand_still_are_two_tracks_from_beginning_to_end():
    both = [seen(LEFT), seen(RIGHT)]
    tracks = followed((0.0, both), (1.0, both[::-1]), (2.0, both))
    assert [(t.name, t.span.start_s, t.span.end_s, len(t.boxes)) for t in tracks] == [("bottle", 0.0, 10.0, 3)] * 2
    assert {t.boxes[0].box for t in tracks} == {LEFT, RIGHT}


def test_a_thing_appears_and_leaves_half_way_between_two_frames():
    (track,) = followed((0.0, []), (1.0, [seen()]), (2.0, [seen()]), (3.0, []), (4.0, []), (5.0, []))
    assert (track.span.start_s, track.span.end_s) == (0.5, 2.5)


def test_a_thing_that_comes_back_is_a_new_track_but_one_frame_may_overlook_it():
    here = [seen()]
    overlooked = followed((0.0, here), (1.0, []), (2.0, here))
    assert len(overlooked) == 1
    back = followed((0.0, here), (1.0, []), (2.0, []), (3.0, here))
    assert [(t.span.start_s, t.span.end_s) for t in back] == [(0.0, 0.5), (2.5, 10.0)]


def test_where_frames_are_far_apart_a_thing_that_one_of_them_lacks_has_left():
    here = [seen()]
    tracks = followed((0.0, here), (2.0, []), (4.0, here))
    assert [(t.span.start_s, t.span.end_s) for t in tracks] == [(0.0, 1.5), (3.5, 10.0)]


def test_a_picture_that_did_not_change_for_long_shows_its_things_until_the_next():
    (track,) = followed((0.0, [seen()]), (60.0, []), (61.0, []), until_s=62.0)
    assert track.span.end_s == 59.5


def test_a_thing_is_followed_while_it_moves_by_its_own_size():
    frames = [(float(t), [seen((0.1 * t, 0.3, 0.1 * t + 0.15, 0.5), "car")]) for t in range(6)]
    (track,) = followed(*frames)
    assert len(track.boxes) == 6


def test_things_that_pass_each_other_keep_their_tracks():
    right = [(0.1 + 0.12 * t, 0.3, 0.3 + 0.12 * t, 0.5) for t in range(6)]
    left = [(0.7 - 0.12 * t, 0.35, 0.9 - 0.12 * t, 0.55) for t in range(6)]
    tracks = followed(*((float(t), [seen(right[t], "car"), seen(left[t], "car")]) for t in range(6)))
    assert sorted(t.boxes[-1].box[0] - t.boxes[0].box[0] for t in tracks) == pytest.approx([-0.6, 0.6])


def test_who_sits_down_on_a_chair_is_not_the_chair():
    chair, person = seen(name="chair"), seen(name="person")
    tracks = followed((0.0, [chair]), (1.0, [person]), (2.0, [person]), (3.0, [chair]), (4.0, [chair]))
    assert sorted(t.name for t in tracks) == ["chair", "chair", "person"] or {"chair", "person"} == {
        t.name for t in tracks
    }
    (who,) = [t for t in tracks if t.name == "person"]
    assert (who.span.start_s, who.span.end_s) == (0.5, 2.5)


def test_the_name_is_a_vote_of_all_frames_never_of_one():
    votes = [{"phone": 0.98, "car": 0.9}, {"car": 1.2, "phone": 0.3}, {"car": 0.8, "boat": 0.7}]
    (track,) = followed(*((float(t), [seen(**vote)]) for t, vote in enumerate(votes)))
    assert track.name == "car"
    assert track.share("car") == pytest.approx(2.9 / 4.88) and track.share("phone") == pytest.approx(1.28 / 4.88)
    assert track.share("dog") == 0.0


def test_a_single_unsure_find_is_taken_for_a_mistake():
    assert followed((0.0, []), (1.0, [seen(confidence=0.4)]), (2.0, []), (3.0, [])) == []


def test_no_frames_give_no_tracks():
    assert followed() == []
