"""Files of recorders, editors and broadcasters: joined, trimmed, damaged, with several streams; each has one clock."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from app.core.types import SoundChoice, TimeSpan
from gpu_workers.media.audio import PyAVAudio
from gpu_workers.media.clip import cut
from gpu_workers.media.frames import PyAVFrames
from gpu_workers.media.opening import demuxed
from gpu_workers.media.probe import PyAVProbe
from tests.media_files import RATE, grey_at, greys, steady, write_media, zeroed

TRANSPORT = 188


def loud(path: Path, start_s: float, end_s: float, choice: SoundChoice | None = None) -> bool:
    return bool(np.abs(PyAVAudio().samples(path, TimeSpan(start_s, end_s), choice)).mean() > 0.05)


def pitch(path: Path, start_s: float, choice: SoundChoice | None = None) -> float:
    samples = PyAVAudio().samples(path, TimeSpan(start_s, start_s + 1.0), choice)
    return float(np.argmax(np.abs(np.fft.rfft(samples))))


def talk(path: Path, start_s: float = 0.0, seconds: float = 4.0, tone: float = 440.0, **options) -> Path:
    times_s = steady(seconds, 25.0, start_s)
    return write_media(path, times_s=times_s, tones_hz=[tone], sound_s=seconds, sound_start_s=start_s, **options)


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


@pytest.mark.parametrize("second_s", [0.0, 1.0, 3600.0])
@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_joined_recordings_follow_one_another_with_their_pictures_and_sound(tmp_path, second_s, suffix):
    first, second = talk(tmp_path / f"a.{suffix}"), talk(tmp_path / f"b.{suffix}", second_s, tone=800.0)
    path = joined(tmp_path / f"c.{suffix}", first, second)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(8.0, abs=0.3)
    assert sum("parts are placed one after another" in warning for warning in media.warnings) == 1
    survey = PyAVAudio().survey(path, chunk_s=30.0)
    assert len(survey.loudness) == pytest.approx(80, abs=3) and (survey.loudness > 0.05).mean() > 0.9
    assert pitch(path, 1.0) == pytest.approx(440, abs=3) and pitch(path, 6.0) == pytest.approx(800, abs=3)
    assert greys(path, 1.0, 6.5) == pytest.approx([grey_at(1.0), grey_at(second_s + 2.5)], abs=3)
    assert greys(path, 6.5, 1.0) == pytest.approx([grey_at(second_s + 2.5), grey_at(1.0)], abs=3)
    times = [frame.pts_s for frame in PyAVFrames().sample(path, span=media.whole, every_s=0.5, max_side=0)]
    assert times == sorted(set(times)) and len(times) >= 16


def with_times(path: Path, source: Path, changed: dict[int, float]) -> Path:
    """A transport stream whose picture packets of these numbers claim other times."""
    data = bytearray(source.read_bytes())
    number = -1
    for start in range(0, len(data), TRANSPORT):
        pes = data.find(b"\x00\x00\x01\xe0", start, start + TRANSPORT)
        if pes < 0 or not data[start + 1] & 0x40:
            continue
        number += 1
        if number in changed:
            for at in (9, 14) if data[pes + 7] & 0x40 else (9,):
                data[pes + at : pes + at + 5] = stamp(round(changed[number] * 90_000), data[pes + at] >> 4)
    path.write_bytes(data)
    return path


def stamp(ticks: int, head: int) -> bytes:
    return bytes(
        [
            head << 4 | (ticks >> 29) & 0x0E | 1,
            (ticks >> 22) & 0xFF,
            (ticks >> 14) & 0xFE | 1,
            (ticks >> 7) & 0xFF,
            (ticks << 1) & 0xFE | 1,
        ]
    )


def with_an_hour_in_the_middle(path: Path, moved: tuple[str, ...] = ("video", "audio")) -> Path:
    """Six seconds, the second half of which begins an hour later."""
    source = write_media(path.with_name(f"a{path.suffix}"), times_s=steady(6.0), tones_hz=[440.0], sound_s=6.0)
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                is_late = packet.stream.type in moved and packet.dts * packet.time_base >= 3
                late = round(3600 / packet.time_base) if is_late else 0
                packet.dts, packet.pts = packet.dts + late, packet.pts + late
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return path


@pytest.mark.parametrize("suffix", ["mkv", "flv"])
def test_times_that_jump_ahead_by_an_hour_in_the_middle_go_on_from_the_part_before(tmp_path, suffix):
    path = with_an_hour_in_the_middle(tmp_path / f"b.{suffix}")
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(6.0, abs=0.5) and any("jump ahead" in one for one in media.warnings)
    shown = [frame.pts_s for frame in PyAVFrames().sample(path, span=media.whole, every_s=1.0, max_side=64)]
    assert len(shown) in (6, 7) and 4.5 < shown[-1] < 6.5
    assert loud(path, 4.5, 5.5)


@pytest.mark.parametrize(("name", "moved"), [("b.mp4", ("video", "audio")), ("b.mov", ("audio",))])
def test_an_hour_in_which_nothing_begins_stays_in_a_file_with_a_table_of_times_and_is_named(tmp_path, name, moved):
    path = with_an_hour_in_the_middle(tmp_path / name, moved)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(3606.0, abs=0.5)
    (warning,) = media.warnings
    pause = re.search(r"neither a new picture nor sound from ([\d.]+) s to ([\d.]+) s", warning)
    assert pause is not None
    assert float(pause[1]) == pytest.approx(3.0 if "video" in moved else 6.0, abs=0.3)
    assert float(pause[2]) == pytest.approx(3603.0, abs=0.1)
    assert loud(path, 1.0, 2.0) and loud(path, 3604.0, 3605.0) and not loud(path, 100.0, 101.0)


def test_slides_without_sound_keep_their_times(tmp_path):
    path = write_media(tmp_path / "slides.mkv", times_s=[0.0, 30.0, 60.0, 90.0, 120.0], options={"bf": "0"})
    media = PyAVProbe().probe(path)
    shown = [frame.pts_s for frame in PyAVFrames().sample(path, span=media.whole, every_s=30.0, max_side=64)]
    assert shown == pytest.approx([0.0, 30.0, 60.0, 90.0, 120.0], abs=0.1) and not media.warnings


def test_a_damaged_packet_does_not_make_a_short_file_ten_hours_long(tmp_path):
    path = with_times(tmp_path / "b.ts", talk(tmp_path / "a.ts"), {30: 36_000.0, 60: 4.0, 80: 0.2})
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(4.0, abs=0.2)
    assert any("packet(s) carry a false time" in warning for warning in media.warnings)
    assert len(PyAVAudio().survey(path, chunk_s=30.0).loudness) == pytest.approx(40, abs=2)
    assert greys(path, 0.5, 3.5) == pytest.approx([grey_at(0.5), grey_at(3.5)], abs=3)


def test_a_broadcast_whose_sound_begins_later_has_pictures_and_sound(tmp_path):
    silent = write_media(tmp_path / "a.ts", times_s=steady(4.0, 25.0))
    path = joined(tmp_path / "c.ts", silent, talk(tmp_path / "b.ts", 4.0))
    media = PyAVProbe().probe(path)
    assert media.video is not None and len(media.audio) == 1
    assert any("The sound begins 3.9 s" in warning for warning in media.warnings)
    assert not loud(path, 0.0, 3.5) and loud(path, 5.0, 7.0)
    assert greys(path, 1.0, 6.0) == pytest.approx([grey_at(1.0), grey_at(6.0)], abs=3)


def test_a_broadcast_whose_streams_change_their_numbers_is_one_recording(tmp_path):
    second = talk(tmp_path / "b.ts", 4.0, tone=800.0, container_options={"mpegts_start_pid": "0x300"})
    path = joined(tmp_path / "c.ts", talk(tmp_path / "a.ts"), second)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(8.0, abs=0.3)
    assert pitch(path, 1.0) == pytest.approx(440, abs=3) and pitch(path, 6.0) == pytest.approx(800, abs=3)
    assert greys(path, 1.0, 6.5) == pytest.approx([grey_at(1.0), grey_at(6.5)], abs=3)


def trimmed(path: Path, source: Path, start_s: float) -> Path:
    """A copy that starts later: what lies before is in the file, hidden by an edit list."""
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                ticks = round(start_s / packet.time_base)
                packet.pts, packet.dts, packet.stream = (
                    packet.pts - ticks,
                    packet.dts - ticks,
                    copies[packet.stream.index],
                )
                out.mux(packet)
    return path


def test_a_clip_that_was_cut_without_encoding_shows_its_pictures_from_the_beginning(tmp_path):
    whole = talk(tmp_path / "a.mp4", seconds=12.0, options={"g": "300", "bf": "2"})
    path = trimmed(tmp_path / "b.mp4", whole, 5.0)
    media = PyAVProbe().probe(path)
    assert media.video is not None and media.warnings == ()
    assert media.duration_s == pytest.approx(7.0, abs=0.1)
    frames = list(PyAVFrames().sample(path, span=media.whole, every_s=1.0, max_side=0))
    assert [round(frame.pts_s) for frame in frames[:7]] == [0, 1, 2, 3, 4, 5, 6] and frames[0].pts_s < 0.1
    assert greys(path, 0.0, 3.0, 6.5) == pytest.approx([grey_at(5.0), grey_at(8.0), grey_at(11.5)], abs=3)


def test_a_piece_of_a_clip_with_hidden_pictures_shows_what_it_should(tmp_path):
    whole = talk(tmp_path / "a.mp4", seconds=12.0, options={"g": "300", "bf": "2"})
    path = trimmed(tmp_path / "b.mp4", whole, 5.0)
    assert cut(path, TimeSpan(0.0, 3.0), tmp_path / "c.mp4") == TimeSpan(0.0, 3.0)
    assert PyAVProbe().probe(tmp_path / "c.mp4").duration_s == pytest.approx(3.0, abs=0.2)
    assert greys(tmp_path / "c.mp4", 0.0, 2.5) == pytest.approx([grey_at(5.0), grey_at(7.5)], abs=3)


def test_a_silent_first_track_gives_way_to_one_with_sound(tmp_path):
    path = write_media(tmp_path / "a.mkv", times_s=steady(4.0), tones_hz=[0.0, 440.0, 800.0], sound_s=4.0)
    survey = PyAVAudio().survey(path, chunk_s=30.0)
    assert survey.choice == SoundChoice(1) and survey.loudness.max() > 0.1
    assert pitch(path, 1.0, survey.choice) == pytest.approx(440, abs=3)
    assert PyAVAudio().survey(path, chunk_s=30.0, track=0).loudness.max() < 1e-3
    assert PyAVAudio().survey(path, chunk_s=30.0, track=2).choice == SoundChoice(2)


def test_a_first_track_with_sound_is_taken_and_the_others_are_not_read(tmp_path):
    path = write_media(tmp_path / "a.mkv", tones_hz=[440.0, 800.0], sound_s=4.0)
    assert PyAVAudio().survey(path, chunk_s=30.0).choice == SoundChoice(0)


def stereo(path: Path, left: float, right: float, codec: str = "aac") -> Path:
    """A tone on both channels, with these weights."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=RATE, layout="stereo")
        tone = np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE).astype(np.float32)
        for first in range(0, len(tone) - 1024, 1024):
            block = np.stack([left * tone[first : first + 1024], right * tone[first : first + 1024]])
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_channels_that_cancel_each_other_out_are_listened_to_alone(tmp_path, codec):
    path = stereo(tmp_path / "a.mkv", 0.3, -0.32, codec)
    survey = PyAVAudio().survey(path, chunk_s=30.0)
    assert survey.choice == SoundChoice(0, 1) and np.median(survey.loudness) > 0.1
    assert pitch(path, 1.0, survey.choice) == pytest.approx(440, abs=3) and loud(path, 1.0, 2.0, survey.choice)


@pytest.mark.parametrize(("left", "right"), [(0.3, 0.3), (0.3, 0.0), (0.3, -0.05)])
def test_other_stereo_sound_is_mixed(tmp_path, left, right):
    assert PyAVAudio().survey(stereo(tmp_path / "a.mkv", left, right), chunk_s=30.0).choice == SoundChoice(0)


@pytest.mark.parametrize("suffix", ["ts", "mkv", "mp4"])
def test_a_part_that_was_overwritten_is_named_in_seconds_and_the_rest_is_in_its_place(tmp_path, suffix):
    options = {"movflags": "faststart"} if suffix == "mp4" else {}
    whole = talk(tmp_path / f"a.{suffix}", seconds=20.0, container_options=options)
    path = zeroed(tmp_path / f"b.{suffix}", whole, 0.4, 0.6)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(20.0, abs=0.3)
    named = next(warning for warning in media.warnings if "cannot be read" in warning)
    lost_s = float(named.split(": ")[1].split(" s")[0])
    assert 2.5 < lost_s < 6.0
    assert loud(path, 1.0, 5.0) and not loud(path, 9.5, 10.5) and loud(path, 15.0, 19.0)
    assert greys(path, 2.0, 18.0) == pytest.approx([grey_at(2.0), grey_at(18.0)], abs=4)


def test_a_picture_time_that_is_given_twice_is_shown_once(tmp_path):
    source = write_media(tmp_path / "a.flv", times_s=steady(2.0), options={"bf": "0"})
    data, place = bytearray(source.read_bytes()), 13
    tags = []
    while place + 11 < len(data):
        tags += [place] if data[place] == 9 else []
        place += 15 + int.from_bytes(data[place + 1 : place + 4])
    data[tags[6] + 4 : tags[6] + 8] = data[tags[5] + 4 : tags[5] + 8]
    source.write_bytes(data)
    for every_s in (0.05, 0.1, 0.5):
        whole = TimeSpan(0.0, 2.0)
        times = [frame.pts_s for frame in PyAVFrames().sample(source, span=whole, every_s=every_s, max_side=0)]
        assert times == sorted(set(times)) and len(times) >= 4


@pytest.mark.parametrize(("at", "value"), [(12, 0), (16, 2**30)])
def test_an_edit_list_that_hides_everything_is_ignored(tmp_path, at, value):
    path = talk(tmp_path / "a.mp4")
    data = bytearray(path.read_bytes())
    edits = data.find(b"elst") + at - 4  # of the pictures: how long, and from where on
    data[edits + 4 : edits + 8] = value.to_bytes(4)
    path.write_bytes(data)
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(4.0, abs=0.2) and media.video is not None
    (warning,) = media.warnings
    assert "edit list of the file is ignored" in warning
    assert greys(path, 1.0, 3.0) == pytest.approx([grey_at(1.0), grey_at(3.0)], abs=3)


@pytest.mark.parametrize("suffix", ["flv", "ogg"])
def test_a_stream_that_was_taken_up_again_in_one_file_is_one_recording(tmp_path, suffix):
    sound = {"audio_codec": "libopus" if suffix == "ogg" else "aac"}
    first, second = (
        write_media(
            tmp_path / f"{tone}.{suffix}",
            times_s=steady(4.0, 25.0) if suffix == "flv" else (),
            tones_hz=[tone],
            sound_s=4.0,
            **sound,
        )
        for tone in (440.0, 800.0)
    )
    path = tmp_path / f"joined.{suffix}"
    header = 13 if suffix == "flv" else 0  # a server that appends to a recording leaves it out
    path.write_bytes(first.read_bytes() + second.read_bytes()[header:])
    media = PyAVProbe().probe(path)
    assert media.duration_s == pytest.approx(8.0, abs=0.3)
    assert any("begin again at 4." in warning for warning in media.warnings)
    assert pitch(path, 1.0) == pytest.approx(440, abs=3) and pitch(path, 6.0) == pytest.approx(800, abs=3)


@pytest.mark.parametrize("suffix", ["mp4", "flv", "flac", "wav", "aiff"])
def test_a_second_file_of_which_nothing_can_be_read_is_named(tmp_path, suffix):
    codec = {"flac": "flac", "wav": "pcm_s16le", "aiff": "pcm_s16be"}.get(suffix, "aac")
    times_s = steady(4.0) if codec == "aac" else ()
    one, other = (
        write_media(tmp_path / f"{hz}.{suffix}", times_s=times_s, tones_hz=[hz], sound_s=4.0, audio_codec=codec)
        for hz in (440.0, 800.0)
    )
    path = joined(tmp_path / f"b.{suffix}", one, other)
    assert not any("joined" in warning for warning in PyAVProbe().probe(one).warnings)
    assert any("Another file is joined to this one; its part, 5" in one for one in PyAVProbe().probe(path).warnings)


def test_pictures_that_take_over_the_number_of_the_sound_are_read(tmp_path):
    first = write_media(tmp_path / "a.ts", tones_hz=[440.0], sound_s=4.0)
    path = joined(tmp_path / "c.ts", first, talk(tmp_path / "b.ts", 4.0))
    media = PyAVProbe().probe(path)
    assert media.video is not None and media.duration_s == pytest.approx(8.0, abs=0.3)
    assert greys(path, 6.0) == pytest.approx([grey_at(6.0)], abs=3)


def test_whatever_a_library_raises_ends_the_file():
    class Damaged:
        def demux(self, streams):
            yield av.Packet(b"data")
            raise IndexError("list index out of range")

    assert len(list(demuxed(Damaged()))) == 1


def test_a_last_picture_that_stands_as_long_as_there_is_sound_counts_for_its_time(tmp_path):
    path = write_media(tmp_path / "a.mp4", times_s=[0.0, 1.0], tones_hz=[440.0], sound_s=30.0)
    assert PyAVProbe().probe(path).duration_s == pytest.approx(30.0, abs=0.1)
    assert greys(path, 25.0) == pytest.approx([grey_at(1.0)], abs=3)


def test_parts_that_changed_places_do_not_make_a_recording_longer(tmp_path):
    data = talk(tmp_path / "a.ts", seconds=8.0).read_bytes()
    one, other, size = (len(data) // 5 // 188 * 188, len(data) * 3 // 5 // 188 * 188, len(data) // 10 // 188 * 188)
    path = tmp_path / "b.ts"
    path.write_bytes(
        data[:one]
        + data[other : other + size]
        + data[one + size : other]
        + data[one : one + size]
        + data[other + size :]
    )
    media = PyAVProbe().probe(path)
    assert media.duration_s < 1.3 * 8.0
    assert any("parts are placed one after another" in warning for warning in media.warnings)
