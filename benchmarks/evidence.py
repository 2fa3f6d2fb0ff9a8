"""How often the judge is right about whether evidence supports a claim: each case through the judge alone.

    python -m benchmarks.evidence [--cases FILE] [--profile offline] [--player model|always-yes|always-no] [--json FILE]

A case has a question, pieces of evidence, a claim, and the right verdict (`also`: others that count as right). What
matters most is how many claims that are wrong or left open were taken as supported. The players that always say the
same are controls: a judge that lets everything pass, or nothing, is right about some cases, too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agents.budget import Budget
from agents.evidence import Passage
from agents.judge import Judge
from agents.parts import AgentParts, AgentRun
from agents.state import Claim
from app.core.ports import Chat
from app.core.settings import Agent, Settings, load_settings
from app.core.types import Capabilities, SegmentKind, TimeSpan, VideoId
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.evaluation.metrics.scores import share
from app.evaluation.report import interval, percent
from benchmarks.cli_runner import machine, name_of
from benchmarks.report import keep
from benchmarks.scripted import MadeUpFrames
from gpu_workers.language.fakes import FakeChat, FakeTextEmbedder
from gpu_workers.media.fakes import FakeAudio
from gpu_workers.registry import Workers
from gpu_workers.speech.fakes import FakeTranscriber
from gpu_workers.vision.fakes import FakeTextReader
from retrieval.fakes import MemoryRetriever

CASES = Path(__file__).with_name("evidence_cases.jsonl")
VERDICTS = ("yes", "unclear", "no")
PLAYERS = ("model", "always-yes", "always-no")
TITLE = "title"
"""The kind of case in which a title stands beside a sentence on another subject."""
STRONG, PACKAGED = 0.85, 0.70
"""The least share of right verdicts: of a strong judge, and of the packaged model."""
_KINDS = {"speech": SegmentKind.SPEECH, "screen_text": SegmentKind.SCREEN_TEXT, "seen": SegmentKind.VISUAL}
_SECONDS = 600.0
_TOKENS = 1_000_000


@dataclass(frozen=True)
class EvidenceCase:
    """Evidence, a claim, and the verdicts that are right about it."""

    id: str
    question: str
    language: str
    kind: str
    passages: tuple[Passage, ...]
    claim: str
    verdict: str
    also: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> EvidenceCase:
        """Reads a line; where it names no kind, the first part of the id is one."""
        passages = tuple(
            Passage(
                VideoId("v"), _KINDS[one["kind"]], TimeSpan(one["start_s"], one["end_s"]), one["text"], id=f"E{number}"
            )
            for number, one in enumerate(row["evidence"], 1)
        )
        kind = row.get("kind", row["id"].split("-")[0])
        also = tuple(row.get("also", ()))
        return cls(row["id"], row["question"], row["language"], kind, passages, row["claim"], row["verdict"], also)

    def accepts(self, verdict: str) -> bool:
        """Whether a verdict is right."""
        return verdict in (self.verdict, *self.also)


@dataclass(frozen=True)
class Ruling:
    """What the judge said of a case."""

    case: EvidenceCase
    verdict: str
    reason: str

    @property
    def right(self) -> bool:
        """Whether that is right."""
        return self.case.accepts(self.verdict)

    @property
    def taken_as_yes(self) -> bool:
        """Whether a claim that is wrong or left open was taken as supported."""
        return self.verdict == "yes" and not self.right


def constant(verdict: str) -> Chat:
    """A judge that always gives the same verdict: a control. It is asked as a strong model is."""
    reply = json.dumps({"reason": "always", "verdict": verdict})
    return FakeChat(rule=lambda _: reply, capabilities=Capabilities(tools=True, schema=True, context=200_000))


def read_cases(path: Path) -> list[EvidenceCase]:
    """The cases of a file, a JSON object a line."""
    return [EvidenceCase.of(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def judge_of(chat: Chat, settings: Agent | None = None) -> Judge:
    """The agent's judge, as it would ask this model."""
    limits = (settings or Agent()).model_copy(update={"max_seconds": _SECONDS, "max_tokens": _TOKENS})
    parts = AgentParts(
        retriever=MemoryRetriever(),
        library=SqlLibrary(MemoryDatabase()),
        settings=limits,
        chat=chat,
        vision=None,
        text_embedder=FakeTextEmbedder(),
        reranker=None,
        text_reader=FakeTextReader(),
        frames=MadeUpFrames(60.0),
        audio=FakeAudio(),
        transcriber=FakeTranscriber(),
        features=lambda _: (),
    )
    return Judge(AgentRun(parts, Budget(limits, lambda: False)), {})


def rule(judge: Callable[[], Judge], case: EvidenceCase) -> Ruling:
    """Judges one case. `judge`: makes one with a full budget."""
    judged = judge().judge(case.question, Claim(case.claim, case.passages))
    return Ruling(case, judged.verdict, judged.reason)


def confusion(rulings: Sequence[Ruling]) -> dict[str, Any]:
    """By kind: how many verdicts are right, and how many claims were wrongly taken as supported."""
    groups: dict[str, list[Ruling]] = defaultdict(list)
    for one in rulings:
        groups[one.case.kind].append(one)
    rows = []
    for kind, some in [*sorted(groups.items()), ("all", list(rulings))]:
        given = [f"{sum(one.verdict == verdict for one in some)}" for verdict in VERDICTS]
        taken = sum(one.taken_as_yes for one in some)
        rows.append([kind, str(len(some)), str(sum(one.right for one in some)), str(taken), *given])
    return {
        "title": "By kind",
        "columns": ["kind", "cases", "right", "taken as yes", *(f"judged {verdict}" for verdict in VERDICTS)],
        "rows": rows,
    }


def report(rulings: Sequence[Ruling], cases: Path, model: str) -> dict[str, Any]:
    """The result as plain data; `mistakes` has every wrong verdict with its reason."""
    right = share(one.right for one in rulings)
    taken = share(one.taken_as_yes for one in rulings if one.case.verdict != "yes")
    titles = [one for one in rulings if one.case.kind == TITLE]
    return {
        "title": f"The judge of evidence: {model}",
        "document": "results.md",
        "machine": machine(),
        "command": f"python -m benchmarks.evidence --cases {cases.name}",
        "tables": [confusion(rulings)],
        "notes": [
            f"verdicts right: {percent(right.value)} ({interval(right.interval)}); aims: {STRONG:.0%} of a strong "
            f"judge, {PACKAGED:.0%} of the packaged model",
            f"wrong or open claims taken as supported: {percent(taken.value)} ({interval(taken.interval)})",
            f"a title beside an unrelated sentence taken as proof: {sum(one.taken_as_yes for one in titles)} of "
            f"{len(titles)}; aim: none",
        ],
        "right": right.value,
        "taken_as_yes": taken.value,
        "mistakes": [
            {"id": one.case.id, "verdict": one.verdict, "expected": one.case.verdict, "reason": one.reason}
            for one in rulings
            if not one.right
        ],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Judges the cases, prints the mistakes and the table, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--profile", help="take the model of this profile instead of the settings'")
    parser.add_argument("--player", choices=PLAYERS, default="model", help="who judges; two always say the same")
    parser.add_argument("--json", type=Path, help="write the table here")
    options = parser.parse_args(arguments)
    settings = Settings(profile=options.profile) if options.profile else load_settings()
    chat: Chat
    if options.player == "model":
        chat = Workers(settings).get("language_model")
    else:
        chat = constant(options.player.removeprefix("always-"))
    rulings = []
    for case in read_cases(options.cases):
        rulings.append(rule(partial(judge_of, chat, settings.agent), case))
        one = rulings[-1]
        if not one.right:
            print(f"{case.id} | {case.claim} | {one.verdict}, not {case.verdict} | {one.reason}", flush=True)
    keep(report(rulings, options.cases, name_of(chat)), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
