"""A batch reads what is new, re-uses what is known, and delivers the rest when some of it fails."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import BadInput
from app.core.events import Event, Warned
from app.core.types import AnswerStatus, Video
from app.jobs.states import Job, JobState
from app.services.batch_jobs import archive
from app.services.batches import BatchRequest, Item, folder_items, manifest_items, read_questions
from tests.unit.api.stand_in import DURATION_S, StandIn, make, wait_until


@pytest.fixture
def product(tmp_path: Path) -> StandIn:
    (tmp_path / "library").mkdir()
    return make(tmp_path / "library")


def ended(product: StandIn, job: Job) -> Job:
    jobs = product.longreel.jobs
    product.longreel.worker.start()
    wait_until(lambda: jobs.get(job.id).state not in (JobState.QUEUED, JobState.RUNNING))
    product.longreel.worker.stop(5.0)
    return jobs.get(job.id)


def test_the_cost_tells_new_video_from_known(product: StandIn, tmp_path: Path) -> None:
    known = product.add(b"known", "Known")
    new = tmp_path / "new.mp4"
    new.write_bytes(b"new")
    items = (Item(known.path), Item("Known"), Item(str(new)), Item("/nowhere/gone.mp4"))
    cost = product.longreel.batches.cost(BatchRequest(items, ("What?",)))
    length = product.longreel.batches._probe().probe(new).duration_s
    assert (cost.videos, cost.new, cost.new_s, cost.known_s) == (4, 1, length, 2 * DURATION_S)
    assert cost.disk_bytes > 0
    assert cost.work_s > length / 10


def test_a_request_without_videos_or_with_a_wrong_format_is_refused(product: StandIn) -> None:
    with pytest.raises(BadInput, match="no video"):
        product.longreel.batches.cost(BatchRequest(()))
    with pytest.raises(BadInput, match="no export format pdf"):
        product.longreel.batch_jobs.submit(BatchRequest((Item("a"),), formats=("pdf",)))


def test_one_video_is_read_summarized_and_asked(product: StandIn, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    request = BatchRequest((Item(str(film), "My film"),), ("When did the bridge open?", "Is there a cat?"))
    done = product.longreel.batches.one(request.items[0], request)
    assert done.video.title == "My film"
    statuses = [answered.answer.status for answered in done.material.answers]
    assert statuses == [AnswerStatus.ANSWERED, AnswerStatus.NOT_IN_VIDEO]
    files = done.files(("md", "json"))
    assert files["md"][0] == f"My film-{done.video.id[:8]}.md"
    assert b"When did the bridge open?" in files["md"][1]


def test_a_second_run_asks_nothing_again(product: StandIn) -> None:
    product.add(b"known", "Known")
    asked: list[str] = []
    ask = product.agent.ask

    def counted(question, *given, **options):
        asked.append(question)
        return ask(question, *given, **options)

    product.agent.ask = counted  # type: ignore[method-assign]
    request = BatchRequest((Item("Known"),), ("When did the bridge open?",))
    first = product.longreel.batches.one(request.items[0], request)
    again = product.longreel.batches.one(request.items[0], request)
    assert again.material == first.material
    assert asked == ["When did the bridge open?"]


def test_an_answer_that_was_given_while_a_model_failed_is_asked_for_again(
    product: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, answers = product.add(b"known", "Known"), product.agent.ask
    asked: list[str] = []
    warnings = [Warned("The language model failed.")]

    def ask(question: str, videos: Sequence[Video], **how: Any) -> Iterator[Event]:
        asked.append(question)
        yield from warnings
        yield from answers(question, videos, **how)

    monkeypatch.setattr(product.agent, "ask", ask)
    batches, request = product.longreel.batches, BatchRequest((Item(known.path),), ("When?",))
    assert batches.one(request.items[0], request).material.answers
    warnings.clear()
    for _ in range(2):
        assert batches.one(request.items[0], request).material.answers
    assert asked == ["When?"] * 2


def test_a_batch_job_delivers_the_rest_when_one_video_fails(product: StandIn, tmp_path: Path) -> None:
    product.add(b"known", "Known")
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"  ")
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    request = BatchRequest((Item("Known"), Item(str(empty)), Item(str(film))), ("Is there a cat?",))
    job = ended(product, product.longreel.batch_jobs.submit(request))
    assert job.state is JobState.FINISHED
    assert job.result is not None
    assert (job.result["videos"], job.result["failed"]) == (2, 1)
    packed = zipfile.ZipFile(io.BytesIO(product.longreel.batch_jobs.results(job)))
    names = packed.namelist()
    assert {"overview.md", "overview.json"} <= set(names)
    overview = packed.read("overview.md").decode()
    assert "**empty.mp4**: The file is empty\\. Give a video\\." in overview or "The file is empty" in overview
    for name in names:
        if not name.startswith("overview"):
            assert name in overview.replace("%20", " ")


def test_the_same_batch_is_not_queued_twice(product: StandIn) -> None:
    request = BatchRequest((Item("Known"),))
    jobs = product.longreel.batch_jobs
    assert jobs.submit(request).id == jobs.submit(request).id
    assert len(product.longreel.jobs.list()) == 2


def test_the_same_files_make_the_same_archive() -> None:
    files = {"a.md": b"one", "b.md": b"two"}
    made = archive([*files], files.__getitem__)
    assert made == archive([*files], files.__getitem__)
    assert zipfile.ZipFile(io.BytesIO(made)).read("a.md") == b"one"


def test_a_folder_gives_its_videos_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.MP4", "a.webm", "notes.txt", "deep/c.mkv", ".hidden.mp4"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (1_600_000_000, 1_600_000_000))
    assert [Path(item.name).name for item in folder_items(tmp_path)] == ["a.webm", "b.MP4", "c.mkv"]
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / ".one.mp4").write_bytes(b"x")
    for folder in (tmp_path / "none", tmp_path / "notes.txt", tmp_path / "hidden", Path("x" * 300)):
        with pytest.raises(BadInput, match=r"There is no (folder|video in)"):
            folder_items(folder)


def test_a_manifest_names_videos_with_titles_and_subtitles(tmp_path: Path) -> None:
    (tmp_path / "talk.mp4").write_bytes(b"x")
    manifest = tmp_path / "list.csv"
    manifest.write_text('\ufeffvideo,title,language\ntalk.mp4,"Talk, one",en\nabc123,,\n', encoding="utf-8")
    assert manifest_items(manifest) == [Item(str(tmp_path / "talk.mp4"), "Talk, one", "en"), Item("abc123")]
    manifest.write_text("title\nx\n", encoding="utf-8")
    with pytest.raises(BadInput, match="no column named video"):
        manifest_items(manifest)
    manifest.write_text("video,title\n,x\n", encoding="utf-8")
    with pytest.raises(BadInput, match="line 2"):
        manifest_items(manifest)
    manifest.write_text(f"video,{'x' * 200_000}\n", encoding="utf-8")
    with pytest.raises(BadInput, match="line 1 is not CSV"):
        manifest_items(manifest)


def test_questions_are_lines_or_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    file.write_text('Who speaks?\n\n{"question": "What is shown?"}\nWho speaks?\n', encoding="utf-8")
    assert read_questions(file) == ["Who speaks?", "What is shown?"]
    file.write_text('{"question": "What\u2028is it?"}\n', encoding="utf-8")
    assert read_questions(file) == ["What\u2028is it?"]
    file.write_text('{"ask": 1}\n', encoding="utf-8")
    with pytest.raises(BadInput, match="line 1"):
        read_questions(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        read_questions(file)
