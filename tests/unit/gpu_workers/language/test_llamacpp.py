"""The offline profile's language model, for real."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import textwrap
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from app.core.errors import Cancelled, ToolRefused, WorkerFailed
from app.core.settings import Settings
from app.core.types import Message, ToolCall, ToolSpec
from gpu_workers.language.llamacpp import LlamaCppModel
from tests.media_files import steady, write_media
from tests.unit.gpu_workers.busy import in_use

pytestmark = pytest.mark.slow

QUERY = {
    "type": "object",
    "properties": {"query": {"type": "string"}},
    "required": ["query"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def model():
    worker = LlamaCppModel.from_settings(Settings(), None)
    yield worker
    worker.unload()


def assert_runs_silently(*program: object) -> None:
    command = [sys.executable, "-c", *map(str, program)]
    ended = subprocess.run(command, cwd=Path(__file__).parents[4], capture_output=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_it_answers_from_a_passage_without_a_word_on_the_terminal(model, capfd):
    passage = "Passage: The bridge was built in 1911 by Anna Berg."
    reply = model.chat([Message("user", f"{passage} In which year was the bridge built?")], max_output=24)
    assert "1911" in reply.text
    assert model.counters.tokens >= reply.output_tokens
    assert reply.prompt_tokens > 10
    assert 0 < reply.output_tokens <= 24
    assert capfd.readouterr() == ("", "")


def test_a_schema_binds_the_answer(model):
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["speech", "picture"]}, "count": {"type": "integer"}},
        "required": ["kind", "count"],
        "additionalProperties": False,
    }
    reply = model.chat([Message("user", "How many words did she say? Four.")], max_output=40, schema=schema)
    data = json.loads(reply.text)
    assert data["kind"] in ("speech", "picture")
    assert isinstance(data["count"], int)


def test_letters_are_weighed_by_their_probability_as_the_first_word(model):
    asked = "Which is a colour?\nA. table\nB. red\nC. seven\nAnswer with the letter only."
    shares, size = model.weigh([Message("user", asked)], ["A", "B", "C"])
    assert max(shares, key=shares.get) == "B"
    assert sum(shares.values()) == pytest.approx(1.0)
    assert size.output_tokens == 1 < size.prompt_tokens
    again, _ = model.weigh([Message("user", asked)], ["nothing like it", "nor this"])
    assert list(again.values()) == [0.5, 0.5]


def test_tokens_are_counted_as_the_model_reads_them(model):
    assert model.count_tokens("hello big world") == 3


def test_the_model_is_reached_without_the_proxy_of_the_environment(model, monkeypatch):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(urllib.request, "_opener", None)  # urllib reads the environment once
    assert model.count_tokens("hello big world") == 3


def test_a_result_of_a_tool_is_read(model):
    tool = ToolSpec("search", "Searches the transcript.", QUERY)
    asked = [
        Message("user", "When does the bridge open?"),
        Message("assistant", "", (ToolCall("call_1", "search", '{"query": "bridge opens"}'),)),
        Message("tool", "The bridge opens on Monday.", call_id="call_1"),
    ]
    reply = model.chat(asked, max_output=60, tools=[tool])
    assert reply.calls or "Monday" in reply.text


def test_a_prompt_that_is_too_long_is_refused_with_its_length(model):
    with pytest.raises(ToolRefused, match=r"The prompt has 9\d\d\d tokens; .* reads 8192"):
        model.chat([Message("user", "word " * 9000)], max_output=4)
    assert model.chat([Message("user", "Say yes.")], max_output=4).text


def test_a_schema_that_makes_no_sense_is_an_error_and_no_crash(model):
    with pytest.raises(WorkerFailed):
        model.chat([Message("user", "x")], max_output=4, schema={"type": "nonsense"})


def test_nobody_else_can_use_the_model_through_its_port(model):
    model.chat([Message("user", "Say yes.")], max_output=1)
    for path, body in (("/v1/chat/completions", b"{}"), ("/completion", b"{}"), ("/props", None), ("/slots", None)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(model._loaded.listening_address + path, data=body, timeout=5)
        assert refused.value.code in (401, 404)
        refused.value.close()


def test_writing_stops_between_two_tokens_and_the_model_goes_on_working(model):
    asks = itertools.count()
    with pytest.raises(Cancelled):
        model.chat([Message("user", "Count to one thousand.")], max_output=400, stop=lambda: next(asks) > 12)
    assert next(asks) < 40
    assert model.chat([Message("user", "Say yes.")], max_output=4).text


def test_a_question_that_waits_for_the_answer_to_another_can_be_stopped(monkeypatch):
    model = LlamaCppModel("busy", Path)
    monkeypatch.setattr(model, "_load", lambda: "server")
    with in_use(model), pytest.raises(Cancelled):
        model.chat([Message("user", "Say yes.")], max_output=1, stop=lambda: True)


def test_a_file_that_is_no_model_is_an_error_and_no_crash(tmp_path):
    file = tmp_path / "bad.gguf"
    file.write_bytes(b"GGUF" + bytes(500))
    with pytest.raises(WorkerFailed, match="could not load"):
        LlamaCppModel("bad", lambda: file).chat([Message("user", "x")], max_output=1)


def test_a_process_that_ends_while_the_model_writes_ends_cleanly():
    code = textwrap.dedent(
        """
        import contextlib, threading, time
        from app.core.errors import Cancelled
        from app.core.settings import Settings
        from app.core.types import Message
        from gpu_workers.language.llamacpp import LlamaCppModel
        model = LlamaCppModel.from_settings(Settings(), None)
        model.chat([Message("user", "Say yes.")], max_output=1)
        def long():
            with contextlib.suppress(Cancelled):
                model.chat([Message("user", "Count to one thousand.")], max_output=400)
        threading.Thread(target=long, daemon=True).start()
        time.sleep(0.5)
        """
    )
    assert_runs_silently(code)


def test_it_answers_in_a_process_that_has_read_a_video_by_decord_before(tmp_path):
    video = write_media(tmp_path / "a.mp4", times_s=steady(1.0))
    code = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from app.core.settings import Settings
        from app.core.types import Message
        from gpu_workers.language.llamacpp import LlamaCppModel
        from gpu_workers.media.decord_frames import DecordFrames
        assert len(list(DecordFrames().at(Path(sys.argv[1]), [0.5], max_side=0))) == 1
        model = LlamaCppModel.from_settings(Settings(), None)
        assert model.chat([Message("user", "Say yes.")], max_output=4).text
        """
    )
    assert_runs_silently(code, video)
