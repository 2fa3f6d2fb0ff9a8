"""The Python client, blocking and asynchronous, against a live server."""

from __future__ import annotations

import asyncio
import inspect
import io
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from app.api.schemas import AnswerOut
from app.client import AsyncLongreel, Longreel
from app.core.errors import BadInput, Cancelled, LongreelError, NotFound, WorkerFailed
from app.core.events import Delta, Planned, Searched, StageProgress, Verified
from app.core.requests import AskRequest
from tests.integration.live import serving
from tests.unit.api import stand_in
from tests.unit.api.stand_in import SAID, StandIn


@pytest.fixture
def longreel(address: str) -> Iterator[Longreel]:
    with Longreel(address) as client:
        yield client


def test_a_video_is_uploaded_with_progress_read_and_asked_about(longreel: Longreel, tmp_path: Path) -> None:
    film = tmp_path / "harbour.mp4"
    film.write_bytes(bytes(3_000_000))
    sent: list[tuple[int, int]] = []
    job = longreel.upload(film, title="Harbour", on_progress=lambda done, total: sent.append((done, total)))
    assert sent[-1] == (3_000_000, 3_000_000) and len(sent) > 3 and sent == sorted(sent)
    heard: list[object] = []
    ended = longreel.wait(job.id, on_event=heard.append)
    assert ended.state == "finished" and isinstance(heard[-1], StageProgress)
    answer = longreel.ask("When did the bridge open?", "Harbour")
    assert answer.citations[0].start_s == 8.0 and answer.citations[0].quote == SAID[1][2]


def test_reading_a_file_in_one_call_gives_the_video(longreel: Longreel, tmp_path: Path) -> None:
    film = tmp_path / "pier.mp4"
    film.write_bytes(b"pier")
    (tmp_path / "pier.srt").write_text("1\n", "utf-8")
    video = longreel.ingest(film, language="en", subtitles=tmp_path / "pier.srt")
    assert video.ready and video.title == "pier"
    assert longreel.register(film, title="Again").state == "queued"


def test_everything_of_a_video_can_be_read(longreel: Longreel, parts: StandIn) -> None:
    video = parts.add(title="A {test} 100%?")
    name = video.title
    assert longreel.health().status == "ok"
    assert longreel.video(name).id == video.id
    assert [one.text for one in longreel.transcript(name, 7, 12)] == [SAID[1][2]]
    assert longreel.subtitles(name, "vtt").startswith("WEBVTT")
    assert {one.kind for one in longreel.segments(name, kinds=["visual"])} == {"visual"}
    assert longreel.chapters(name)[0].title == "The harbour"
    assert longreel.summary(name).summary == "A film about a bridge."
    assert longreel.thumbnail(name, 3)[8:12] == b"WEBP"
    picture = longreel.frame(name, 9.0, side=128)
    assert max(Image.open(io.BytesIO(picture.jpeg)).size) == 128 and abs(picture.pts_s - 9.0) < 0.05
    assert longreel.search("bridge opened", [name], kinds=["speech"])[0].start_s == 8.0
    longreel.delete(name)
    assert longreel.videos() == []


def test_a_long_library_comes_whole_and_filtered(
    longreel: Longreel, parts: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.client.calls.videos.PAGE", 2)
    for number in range(5):
        parts.add(b"%d" % number, f"Film {number}")
    assert len({video.id for video in longreel.videos()}) == 5
    assert [video.title for video in longreel.videos("film 3", ready=True, language="en")] == ["Film 3"]
    for path in sorted(Path(parts.longreel.settings.data).glob("*.webm")) * 3:
        longreel.register(path)
    assert len(longreel.jobs(limit=3)) == 3 and longreel.jobs(kind="other") == []


def test_steps_stream_as_they_happen(longreel: Longreel, parts: StandIn) -> None:
    parts.add()
    steps = list(longreel.ask_stream("When?", options=["1931", "1932"]))
    assert [type(step) for step in steps] == [Planned, Searched, Delta, Delta, Verified, AnswerOut]
    assert isinstance(steps[-1], AnswerOut) and steps[-1].option_index == 1


def test_closing_the_stream_cancels_the_question(longreel: Longreel, parts: StandIn) -> None:
    parts.add()
    steps = longreel.ask_pulse(AskRequest("What about eternity?"))
    assert isinstance(next(steps), Planned)
    assert next(steps) is None
    steps.close()
    assert parts.agent.stopped.wait(20)


def test_errors_are_those_of_the_server(longreel: Longreel, parts: StandIn, tmp_path: Path) -> None:
    parts.add()
    with pytest.raises(NotFound, match="No video is called"):
        longreel.video("ffffffff")
    with pytest.raises(NotFound):
        longreel.ask("When?", "ffffffff")
    with pytest.raises(WorkerFailed, match="could not run"):
        longreel.ask("Will it crash?")
    with pytest.raises(BadInput, match="cannot be read"):
        longreel.upload(tmp_path / "missing.mp4")
    with pytest.raises(BadInput, match="no file"):
        longreel.register("/no/such/file.mp4")
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b" ")
    with pytest.raises(BadInput, match="The file is empty"):
        longreel.ingest(empty)


def test_a_job_is_cancelled_tried_again_and_waited_for(longreel: Longreel, parts: StandIn, tmp_path: Path) -> None:
    parts.reader.hold.clear()
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    job = longreel.upload(film)
    with pytest.raises(WorkerFailed, match=r"not ended after 0\.01 s"):
        longreel.wait(job.id, timeout_s=0.01)
    longreel.cancel(job.id)
    with pytest.raises(Cancelled):
        longreel.wait(job.id)
    parts.reader.hold.set()
    assert longreel.retry(job.id).id == job.id
    assert longreel.wait(job.id).result is not None
    assert longreel.job(job.id).state == "finished"


def test_the_key_is_sent(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path, api_key=SecretStr("a secret"))
    with serving(parts) as address:
        with Longreel(address, "a secret") as client:
            assert client.videos() == []
        with Longreel(address) as client, pytest.raises(LongreelError, match="needs an API key"):
            client.videos()


def run(work: Callable[[], Awaitable[Any]]) -> None:
    async def main() -> None:
        await work()

    asyncio.run(main())


def test_the_asynchronous_client_does_the_same(parts: StandIn, address: str, tmp_path: Path) -> None:
    film = tmp_path / "harbour.mp4"
    film.write_bytes(bytes(1_000_000))
    sent: list[int] = []

    async def work() -> None:
        async with AsyncLongreel(address) as longreel:
            job = await longreel.upload(film, title="Harbour", on_progress=lambda done, _: sent.append(done))
            assert (await longreel.wait(job.id, timeout_s=30)).state == "finished"
            video = await longreel.ingest(film)
            answers = await asyncio.gather(*(longreel.ask("When?", video.id) for _ in range(3)))
            assert {answer.citations[0].start_s for answer in answers} == {8.0}
            kinds = [type(step) async for step in longreel.ask_stream("When?")]
            assert kinds == [Planned, Searched, Delta, Delta, Verified, AnswerOut]
            assert len(await longreel.videos()) == 1
            assert (await longreel.frame("Harbour", 2.0)).jpeg[:2] == b"\xff\xd8"
            with pytest.raises(NotFound):
                await longreel.summary("ffffffff")
            with pytest.raises(WorkerFailed, match="could not run"):
                await longreel.ask("Will it crash?")
            assert {answer.id for answer in answers} < {saved.id for saved in await longreel.answers("Harbour")}
            assert await longreel.export("Harbour") and (await longreel.status()).profile == "offline"
            assert (await longreel.download("Harbour", tmp_path / "copy.mp4")).read_bytes() == film.read_bytes()
            batch = await longreel.start_batch("Harbour", questions=["When?"])
            assert (await longreel.wait_batch(batch.id, timeout_s=60)).finished == 1
            assert (await longreel.batch_results(batch.id))[:2] == b"PK"
            await longreel.delete("Harbour")

    run(work)
    assert sent[-1] == 1_000_000


def test_closing_the_asynchronous_stream_cancels_the_question(parts: StandIn, address: str) -> None:
    parts.add()

    async def work() -> None:
        async with AsyncLongreel(address) as longreel:
            steps = longreel.ask_stream("What about eternity?")
            assert isinstance(await anext(steps), Planned)
            await steps.aclose()

    run(work)
    assert parts.agent.stopped.wait(20)


def test_an_answer_is_found_again_and_rated(longreel: Longreel, parts: StandIn) -> None:
    video = parts.add()
    given = longreel.ask("When?", video.id)
    assert longreel.answer(given.id).answer.text == given.text
    assert [saved.question for saved in longreel.answers(video.id)] == ["When?"]
    assert longreel.ratings() == []
    longreel.rate(given.id, "wrong", "It opened later.")
    longreel.rate(given.id, "right")
    assert [(rating.answer_id, rating.verdict, rating.note) for rating in longreel.ratings()] == [
        (given.id, "right", "")
    ]
    with pytest.raises(BadInput, match="verdict"):
        longreel.rate(given.id, "maybe")  # type: ignore[arg-type]


def test_a_video_is_saved_and_exported(longreel: Longreel, parts: StandIn, tmp_path: Path) -> None:
    video = parts.add(bytes(300_000))
    here: list[tuple[int, int]] = []
    saved = longreel.download(
        video.id, tmp_path / "copy.webm", on_progress=lambda done, size: here.append((done, size))
    )
    assert saved.read_bytes() == bytes(300_000) and here[-1] == (300_000, 300_000)
    assert longreel.export(video.id, "srt").decode().startswith("1\n00:00:02,000 --> ")
    assert longreel.export(video.id, "docx")[:2] == b"PK"
    with pytest.raises(BadInput, match="no export format"):
        longreel.export(video.id, "wav")
    with pytest.raises(BadInput, match="cannot be written"):
        longreel.download(video.id, tmp_path / "no" / "folder.webm")
    with pytest.raises(NotFound):
        longreel.download("ffffffff", tmp_path / "other.webm")
    assert sorted(path.name for path in tmp_path.glob("*.webm*")) == ["copy.webm", "own.webm"]


def test_many_videos_are_summarized_and_asked(longreel: Longreel, parts: StandIn) -> None:
    videos = [parts.add(b"%d" % number, f"Film {number}").id for number in range(2)]
    batch = longreel.start_batch(videos, questions=["When did it open?"], length="line", formats=["md"])
    assert batch.total == 2 and batch.cost is not None and batch.cost.known_s > 0
    heard: list[float] = []
    done = longreel.wait_batch(batch.id, timeout_s=60, on_event=lambda state: heard.append(state.done_share))
    assert (done.state, done.finished, heard[-1]) == ("finished", 2, 1.0)
    with zipfile.ZipFile(io.BytesIO(longreel.batch_results(batch.id))) as archive:
        assert any("Film 1" in name for name in archive.namelist())
    assert [one.id for one in longreel.batches()] == [batch.id]
    assert longreel.batch(batch.id).children[0].state == "finished"


def test_a_collection_is_summarized(longreel: Longreel, address: str, parts: StandIn) -> None:
    videos = [parts.add(name.encode(), name) for name in ("One", "Two")]
    longreel.create_collection("Films")
    for video in videos:
        longreel.collect("Films", video.id)
    heard: list[Any] = []
    made = longreel.summarize_collection("Films", length="page", style="notes", on_event=heard.append)
    assert {line.video_id for line in made.videos} == {video.id for video in videos}
    points = [point for section in made.sections for point in section.points]
    assert points and all(one.verified and one.quote for point in points for one in point.citations)
    assert heard[-1].type == "stage_finished"
    assert longreel.collection_summary(videos=["One", "Two"], length="page", style="notes") == made

    async def work() -> None:
        async with AsyncLongreel(address) as other:
            assert await other.summarize_collection("Films", length="page", style="notes") == made
            with pytest.raises(NotFound):
                await other.collection_summary("Films", length="line")

    asyncio.run(work())


def test_a_batch_is_cancelled_and_tried_again(longreel: Longreel, parts: StandIn, tmp_path: Path) -> None:
    parts.reader.hold.clear()
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    longreel.register(film)  # the only worker is busy
    batch = longreel.start_batch(parts.add().id)
    with pytest.raises(NotFound):
        longreel.batch_results(batch.id)
    with pytest.raises(WorkerFailed, match=r"Batch \w+ has not ended"):
        longreel.wait_batch(batch.id, timeout_s=0)
    longreel.cancel_batch(batch.id)
    with pytest.raises(Cancelled):
        longreel.wait_batch(batch.id, timeout_s=60)
    parts.reader.hold.set()
    longreel.retry_batch(batch.id)
    assert longreel.wait_batch(batch.id, timeout_s=60).finished == 1


def test_videos_are_collected_changed_binned_and_restored(longreel: Longreel, parts: StandIn) -> None:
    video, other = parts.add(), parts.add(b"other", "Pier")
    made = longreel.create_collection("Sea")
    assert longreel.collect("Sea", video.id).size == 1
    assert [one.id for one in longreel.videos(collection="Sea")] == [video.id]
    assert {one.video_id for one in longreel.search("bridge", collection="Sea")} == {video.id}
    assert {one.video_id for one in longreel.ask("When?", collection="Sea").citations} == {video.id}
    assert longreel.rename_collection("Sea", "Ports").id == made.id
    assert longreel.change(other.id, title="The pier", tags=["Ports", "Wood"]).title == "The pier"
    assert [(one.name, one.size) for one in longreel.collections()] == [("Ports", 2), ("Wood", 1)]
    assert longreel.uncollect("Ports", other.id).size == longreel.collection("Ports").size == 1
    longreel.delete_collection("Ports")
    longreel.delete(video.id)
    assert [one.video.id for one in longreel.binned()] == [video.id]
    assert longreel.restore(video.id).title == video.title
    longreel.delete(video.id)
    longreel.purge(video.id)
    assert longreel.binned() == []


def test_a_waiting_job_is_run_next(longreel: Longreel, parts: StandIn, tmp_path: Path) -> None:
    parts.reader.hold.clear()
    jobs = []
    for name in ("first", "second", "third"):
        (tmp_path / name).write_text(name)
        jobs.append(longreel.register(tmp_path / name).id)
    assert longreel.run_next(jobs[2]).priority > longreel.job(jobs[1]).priority
    parts.reader.hold.set()
    for job in jobs:
        longreel.wait(job)


def test_what_the_server_runs_on_is_told(longreel: Longreel) -> None:
    assert longreel.status().profile == "offline" and longreel.status().checks


def test_both_clients_offer_the_same_calls() -> None:
    def offered(kind: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(one).parameters) for name, one in methods if not name.startswith("_")}

    assert offered(Longreel) == offered(AsyncLongreel)
