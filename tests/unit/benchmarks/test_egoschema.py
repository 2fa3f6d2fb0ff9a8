"""The ways to answer from captions: what is read, how options are weighed, how a run goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.core.errors import BadInput, WorkerFailed
from app.core.types import Capabilities, Caption, Completion, Message, TimeSpan
from app.evaluation.cases import Case
from app.evaluation.run.results import Result, ResultStore
from benchmarks.egoschema.__main__ import NAMES, ask, cases_of, main, report
from benchmarks.egoschema.captions import captions_in, merged, shown
from benchmarks.egoschema.methods import Direct, InRounds, Method, NearestCaption, NearestQuestion, SummaryFirst
from gpu_workers.language.fakes import FakeTextEmbedder
from tests.integration.offline_fakes import environment

SAID = ["#C C cuts the wood", "#C C cuts a wood.", "#O man X walks ", "#C C cuts the wood", *["#C C sleeps"] * 30]
OPTIONS = ("C cooks", "C sleeps", "C cuts", "C reads", "C runs")
CASE = Case("q1", ("q1",), "What does C do?", OPTIONS, 1)


class Favourite:
    """Finds the option with a certain text best wherever it stands; writes what it is told, and keeps its prompts."""

    model = "favourite"
    capabilities = Capabilities(weighs=True)

    def __init__(self, text: str, *, sure: bool = True, says: str = "") -> None:
        self.text, self.sure, self.says = text, sure, says
        self.prompts: list[str] = []

    def weigh(self, messages: Sequence[Message], labels: Sequence[str]) -> tuple[dict[str, float], Completion]:
        prompt = messages[-1].text
        self.prompts.append(prompt)
        if labels[0] == "1":
            return {"1": 0.2, "2": 0.3, "3": 0.5} if self.sure else {"1": 0.6, "2": 0.3, "3": 0.1}, Completion("", 7, 1)
        first = labels[0]  # a model that likes the first place, and its favourite more
        line = next((line for line in prompt.splitlines() if line[1:] == f". {self.text}"), "-")
        return {label: 0.6 * (label == line[0]) + 0.4 * (label == first) for label in labels}, Completion("", 7, 1)

    def chat(self, messages: Sequence[Message], **_: object) -> Completion:
        self.prompts.append(messages[-1].text)
        return Completion(self.says, 10, 5)


def test_a_run_of_the_same_caption_is_one_caption_over_all_its_seconds() -> None:
    found = merged(SAID, "m")
    assert [(c.span.start_s, c.span.end_s, c.text) for c in found] == [
        (0, 2, "C cuts the wood"),
        (2, 3, "man X walks"),
        (3, 4, "C cuts the wood"),
        (4, 34, "C sleeps"),
    ]


def test_captions_are_shown_in_lines_of_fifteen_seconds() -> None:
    told = [
        Caption(TimeSpan(s, s + 1.0), text, "m") for s, text in ((3.0, "C sits"), (14.0, "X eats"), (75.0, "C ends"))
    ]
    assert shown(told) == "[0:03] sits; X eats\n[1:15] ends"


@pytest.mark.parametrize("place", range(5))
def test_the_order_of_the_options_in_the_file_changes_nothing(place: int) -> None:
    options = (*OPTIONS[place:], *OPTIONS[:place])
    case = Case("q1", ("q1",), "What?", options, 0)
    result = Direct(Favourite("C sleeps"))(case, merged(SAID, "m"))
    assert result.option_index is not None and options[result.option_index] == "C sleeps"
    assert result.confidence == 0.8


def test_a_mode_counts_every_prompt_and_all_captions() -> None:
    model = Favourite("C sleeps", says="He sleeps.")
    result = SummaryFirst(model)(CASE, merged(SAID, "m"))
    assert (result.text, result.usage.frames) == ("He sleeps.", 4)
    assert (result.usage.prompt_tokens, result.usage.output_tokens) == (10 + 2 * 7, 5 + 2)
    assert "C cooks" not in model.prompts[0] and "cuts the wood" not in model.prompts[1]


def test_the_prompts_of_direct_and_summary_begin_alike_so_that_captions_are_read_once() -> None:
    direct, summary = Favourite("C sleeps"), Favourite("C sleeps")
    Direct(direct)(CASE, merged(SAID, "m"))
    SummaryFirst(summary)(CASE, merged(SAID, "m"))
    shared = shown(merged(SAID, "m")) + f"\n\nQuestion: {CASE.question}\n\n"
    assert direct.prompts[0].startswith(shared) and summary.prompts[0].startswith(shared)


def many() -> tuple[Caption, ...]:
    return tuple(Caption(TimeSpan(s, s + 1.0), f"C does thing {s}", "m") for s in range(100))


def test_rounds_stop_at_five_captions_when_the_model_is_sure() -> None:
    assert InRounds(Favourite("C sleeps"), FakeTextEmbedder())(CASE, many()).usage.frames == 5


def test_rounds_read_the_caption_that_is_most_like_what_is_looked_for() -> None:
    says = json.dumps([{"stretch": 2, "look_for": "C does thing 15"}])
    model = Favourite("C sleeps", sure=False, says=says)
    result = InRounds(model, FakeTextEmbedder())(CASE, many())
    assert result.text == "rounds: 3" and 6 <= result.usage.frames <= 7
    assert "thing 15" in model.prompts[-1]


def test_rounds_go_on_when_a_reply_cannot_be_read() -> None:
    result = InRounds(Favourite("C sleeps", sure=False, says='[{"stretch": 2, "loo'), FakeTextEmbedder())(CASE, many())
    assert (result.option_index, result.usage.frames) == (1, 5)


def test_without_a_language_model_the_nearest_option_is_taken() -> None:
    embedder = FakeTextEmbedder()
    assert NearestCaption(embedder)(CASE, merged(SAID[:2], "m")).option_index == 2
    assert NearestCaption(embedder)(CASE, merged(SAID[4:], "m")).option_index == 1
    case = Case("q1", ("q1",), "Who reads here?", OPTIONS, 1)
    assert NearestQuestion(embedder)(case, merged(SAID, "m")).option_index == 3


class Counting:
    def __init__(self, option: int, broken: bool = False) -> None:
        self.asked: list[str] = []
        self.option, self.broken = option, broken

    def __call__(self, case: Case, captions: Sequence[Caption]) -> Result:
        self.asked.append(case.id)
        if self.broken:
            raise WorkerFailed("It broke.")
        return Direct(Favourite(case.options[self.option]))(case, captions)


def test_a_run_goes_on_with_what_is_missing_and_what_failed(tmp_path: Path) -> None:
    cases = [Case(id, (id,), "What?", OPTIONS, 1) for id in "abc"]
    captions = dict.fromkeys("abc", merged(SAID, "m"))
    store, broken = ResultStore(tmp_path), Counting(1, broken=True)
    ask(cases, captions, {"direct": Counting(1), "summary": broken}, store, 1.0)
    again: dict[str, Method] = {"direct": (first := Counting(1)), "summary": (second := Counting(1))}
    ask(cases, captions, again, ResultStore(tmp_path), 0.0)
    assert first.asked == second.asked == []
    ask(cases, captions, again, ResultStore(tmp_path), 1.0)
    assert (first.asked, second.asked) == ([], ["a", "b", "c"]) and len(broken.asked) == 3


def test_the_report_compares_modes_on_the_questions_that_all_of_them_answered() -> None:
    cases = [Case(id, (id,), "What?", OPTIONS, 1) for id in "abc"]
    results = {
        (mode, id): Counting(option)(case, merged(SAID, "m"))
        for mode, option in (("direct", 1), ("summary", 2))
        for id, case in zip("abc", cases, strict=True)
    }
    del results["summary", "c"]
    made = report(cases, results, ["direct", "summary"], "m")
    assert [row[1:3] for row in made["tables"][0]["rows"]] == [[2, "100.0%"], [2, "0.0%"]]
    assert made["tables"][1]["rows"][0][:5] == ["direct - summary", 2, 2, 0, "+100.0%"]
    assert "2 of 3 public questions" in made["notes"][0]


def test_questions_come_in_a_fixed_shuffled_order(tmp_path: Path) -> None:
    rows = {
        str(n): {"q_uid": str(n), "question": "?", "truth": n % 5, **{f"option {k}": f"o{k}" for k in range(5)}}
        for n in range(30)
    }
    (tmp_path / "q.json").write_text(json.dumps(rows), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps({str(n): ["#C C sits"] for n in range(1, 30)}), "utf-8")
    captions = captions_in(tmp_path / "c.json")
    every = [case.id for case in cases_of(tmp_path / "q.json", captions, None)]
    assert sorted(every, key=int) == [str(n) for n in range(1, 30)] != every
    assert [case.id for case in cases_of(tmp_path / "q.json", captions, 7)] == every[:7]
    with pytest.raises(BadInput, match="No question"):
        cases_of(tmp_path / "q.json", {}, None)


def test_all_modes_are_run_and_reported_by_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**environment(tmp_path), "LONGREEL_MODELS__LANGUAGE_MODEL": "fake"}.items():
        monkeypatch.setenv(name, value)
    options = {f"option {k}": text for k, text in enumerate(OPTIONS)}
    rows = [{"q_uid": id, "question": "What does C do most?", "truth": 1, **options} for id in ("u1", "u2")]
    (tmp_path / "q.json").write_text(json.dumps(rows), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps({"u1": SAID, "u2": SAID[::-1]}), "utf-8")
    given = [str(tmp_path / "q.json"), str(tmp_path / "c.json"), "--out", str(tmp_path / "out")]
    found = tmp_path / "egoschema.json"
    assert main([*given, "--limit", "1", "--json", str(found)]) == 0
    assert main([*given, "--json", str(found)]) == 0
    made = json.loads(found.read_text("utf-8"))
    assert [row[:2] for row in made["tables"][0]["rows"]] == [[title, 2] for title in NAMES.values()]
    assert len(made["tables"][1]["rows"]) == 15
    assert len((tmp_path / "out" / "results.jsonl").read_text("utf-8").splitlines()) == 12
    assert main([str(tmp_path / "none.json"), str(tmp_path / "c.json")]) != 0
