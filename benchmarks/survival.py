"""Whether right answers reach the user and wrong ones are stopped, when the model's part is played by a script.

    python -m benchmarks.survival [--cases FILE] [--videos DIR] [--player NAME] [--json FILE]

Every case is played once for each wording of a right answer, once for each wording of a wrong one, and once by a model
that parrots the question; the agent is the real one. The model looks at the seconds of the case, answers, and judges
honestly, so every right answer that is lost, and every wrong one that is shown as verified, is the agent's doing. Where
DIR has a case's video its frames are decoded; otherwise made-up pictures have their times.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from agents.agent import VideoAgent
from agents.parts import AgentParts
from app.core.errors import LongreelError
from app.core.events import Answered, Called, Event, Verified, Warned
from app.core.ports import Chat, FrameSource, VisionLanguageModel
from app.core.settings import Agent, Settings
from app.core.types import Answer, AnswerStatus, Frame, MediaInfo, TimeSpan, Video, VideoId, VideoStream, from_json
from app.db.database import MemoryDatabase
from app.db.library import SqlLibrary
from app.evaluation.metrics.scores import Share, share
from app.evaluation.report import percent
from benchmarks.cli_runner import machine
from benchmarks.report import keep
from benchmarks.scripted import CASES, MadeUpFrames, ScriptedCase, ScriptedChat, ScriptedEyes, plain, read_cases
from benchmarks.scripted_server import MODEL, ScriptedServer
from gpu_workers.language.fakes import FakeTextEmbedder
from gpu_workers.media.fakes import FakeAudio
from gpu_workers.speech.fakes import FakeTranscriber
from gpu_workers.vision.fakes import FakeTextReader
from retrieval.fakes import MemoryRetriever

if TYPE_CHECKING:
    from gpu_workers.language.openai import OpenAICompatibleModel

PLAYERS = ("sees", "text", "talks", "served", "no-tools")
"""A model with eyes and tools; one without eyes beside a model that looks; one that answers in plain text instead of
calling a tool; the first behind a server, through the real client; and there without native tools, so that it writes
its calls as text."""
ALL = "all"
KEPT, STOPPED = 0.97, 0.90
"""At least so many right wordings are kept, and so many wrong ones not shown as verified."""
APART = 0.05
"""No language keeps fewer right wordings than English by more than this."""
SIDE = 160
"""The longer side of decoded frames: nobody looks at them."""


@dataclass(frozen=True)
class Play:
    """What became of one wording."""

    player: str
    case: str
    kind: str
    language: str
    form: str
    role: str
    """right, wrong or parrot: what the model was made to say."""
    wording: str
    status: str
    text: str
    option_index: int | None
    same: bool
    """Whether the user got what the model said: the right option, or its words."""
    verified: bool
    """Whether a citation was shown as checked."""
    cited: bool
    """Whether a citation overlaps the evidence of the case."""
    reason: str
    """What the agent said on the way about evidence, tools and checks."""

    @property
    def answered(self) -> bool:
        """Whether the user got an answer at all."""
        return self.status == AnswerStatus.ANSWERED

    @property
    def kept(self) -> bool:
        """Whether a right answer reached the user unchanged."""
        return self.answered and self.same

    @property
    def let_through(self) -> bool:
        """Whether a wrong answer was shown as verified, or a wrong option was chosen."""
        if self.form == "choice":
            return self.option_index is not None and not self.same
        return self.answered and self.verified


class SmallFrames:
    """Frames of a real video, small and each decoded once. Plays `FrameSource`."""

    def __init__(self) -> None:
        from gpu_workers.media.video_frames import VideoFrames

        self._frames: FrameSource = VideoFrames()
        self._known: dict[tuple[Path, float], Frame] = {}

    def sample(
        self, path: Path, *, span: TimeSpan, every_s: float, max_side: int, track: int | None = None
    ) -> Iterator[Frame]:
        """See the port."""
        return self._frames.sample(path, span=span, every_s=every_s, max_side=min(max_side, SIDE), track=track)

    def at(self, path: Path, times_s: Sequence[float], *, max_side: int, track: int | None = None) -> Iterator[Frame]:
        """See the port."""
        new = [time_s for time_s in times_s if (path, time_s) not in self._known]
        frames = self._frames.at(path, new, max_side=min(max_side, SIDE), track=track)
        for time_s, frame in zip(new, frames, strict=False):
            self._known[path, time_s] = frame
        return (self._known[path, time_s] for time_s in times_s if (path, time_s) in self._known)


class ScriptedStage:
    """The videos of the cases, and an agent over them for each play; a context manager."""

    def __init__(self, cases: Sequence[ScriptedCase], videos: Path | None = None, player: str = "sees") -> None:
        self.player = player
        self._server = ScriptedServer(tools=player == "served") if player in ("served", "no-tools") else None
        self._client = _client(self._server.url) if self._server else None
        self._library = SqlLibrary(MemoryDatabase())
        self._small = SmallFrames()
        self._videos: dict[str, Video] = {}
        self._frames: dict[str, FrameSource] = {}
        for name in dict.fromkeys(case.video for case in cases):
            file = videos / name if videos else None
            real = file is not None and file.is_file()
            media = _probed(file) if file and real else _made_up(case for case in cases if case.video == name)
            id = VideoId(name.encode().hex()[:64].ljust(64, "0"))
            video = Video(id, Path(name).stem, str(file or f"/{name}"), media, "en", "", True)
            self._videos[name] = self._library.add_video(video)
            self._frames[name] = self._small if real else MadeUpFrames(media.duration_s)

    def __enter__(self) -> Self:
        if self._server:
            self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server and self._client:
            self._client.unload()
            self._server.__exit__()

    def events(self, case: ScriptedCase, wording: str) -> list[Event]:
        """Asks the agent a case whose model gives this wording."""
        agent = VideoAgent(self._parts(case, wording))
        return list(agent.ask(case.question, [self._videos[case.video]], options=case.options))

    def _parts(self, case: ScriptedCase, wording: str) -> AgentParts:
        chat, vision = self._models(case, wording)
        return AgentParts(
            retriever=MemoryRetriever(),
            library=self._library,
            settings=Agent(),
            chat=chat,
            vision=vision,
            text_embedder=FakeTextEmbedder(),
            reranker=None,
            text_reader=FakeTextReader(),
            frames=self._frames[case.video],
            audio=FakeAudio(),
            transcriber=FakeTranscriber(),
            features=lambda _: (),
        )

    def _models(self, case: ScriptedCase, wording: str) -> tuple[Chat, VisionLanguageModel | None]:
        chat = ScriptedChat(case, wording, images=self.player != "text", talks=self.player == "talks")
        if self._server and self._client:
            self._server.chat = chat
            return self._client, None
        return chat, ScriptedEyes(case) if self.player == "text" else None


def _client(url: str) -> OpenAICompatibleModel:
    from gpu_workers.language.openai import OpenAICompatibleModel

    return OpenAICompatibleModel.from_settings(Settings(profile="remote", llm_url=url, llm_model=MODEL), None)


def _probed(file: Path) -> MediaInfo:
    from gpu_workers.media.probe import PyAVProbe

    return PyAVProbe().probe(file)


def _made_up(cases: Iterable[ScriptedCase]) -> MediaInfo:
    end_s = max(span.end_s for case in cases for span in (*case.evidence, *(sight.span for sight in case.seen)))
    return MediaInfo("mp4", end_s + 10.0, 0.0, 1, VideoStream("h264", 640, 360, 0, 25.0))


def wordings(case: ScriptedCase) -> Iterator[tuple[str, str]]:
    """What the model is made to say, each with its role."""
    yield from (("right", wording) for wording in case.right)
    yield from (("wrong", wording) for wording in case.wrong)
    yield "parrot", case.parroted


def play(case: ScriptedCase, role: str, wording: str, stage: ScriptedStage) -> Play:
    """Plays one wording of a case."""
    try:
        events = stage.events(case, wording)
    except LongreelError as error:
        return _play(stage.player, case, role, wording, status="error", reason=str(error))
    last = events[-1]
    assert isinstance(last, Answered)
    answer = from_json(Answer, last.answer)
    chosen, said = answer.option_index == case.correct_index, plain(wording) in plain(answer.text)
    return _play(
        stage.player,
        case,
        role,
        wording,
        status=str(answer.status),
        text=answer.text,
        option_index=answer.option_index,
        same=chosen if case.options else said,
        verified=any(citation.verified for citation in answer.citations),
        cited=any(citation.span.overlaps(span) for citation in answer.citations for span in case.evidence),
        reason=" | ".join([*_reasons(events), *answer.missing]),
    )


def _play(
    player: str,
    case: ScriptedCase,
    role: str,
    wording: str,
    *,
    status: str,
    text: str = "",
    option_index: int | None = None,
    same: bool = False,
    verified: bool = False,
    cited: bool = False,
    reason: str = "",
) -> Play:
    about = (player, case.id, case.kind, case.language, case.form, role, wording)
    return Play(*about, status, text, option_index, same, verified, cited, reason)


def _reasons(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        if isinstance(event, Verified) and event.verdict != "yes":
            yield f"judged {event.verdict}: {event.reason}"
        elif isinstance(event, Called) and event.refused:
            yield f"{event.tool} refused: {event.observation}"
        elif isinstance(event, Warned):
            yield event.message


def figures(plays: Sequence[Play]) -> dict[str, Share]:
    """The shares that count."""
    right = [one for one in plays if one.role == "right"]
    wrong = [one for one in plays if one.role == "wrong"]
    return {
        "right_kept": share(one.kept for one in right),
        "changed": share(one.answered and not one.same for one in right),
        "refused": share(not one.answered for one in right),
        "wrong_verified": share(one.let_through for one in wrong),
        "wrong_answered": share(one.answered for one in wrong),
        "cited": share(one.cited for one in right if one.kept),
        "parrot_kept": share(one.kept for one in plays if one.role == "parrot"),
    }


COLUMNS = ("wordings", "kept", "changed", "refused", "wrong", "verified", "answered", "cites", "parrot kept")


def grouped(plays: Sequence[Play], name: str, key: Callable[[Play], str]) -> dict[str, Any]:
    """The figures by a property of the cases, as a table."""
    groups: dict[str, list[Play]] = defaultdict(list)
    for one in plays:
        groups[key(one)].append(one)
    rows = [[group, *_cells(groups[group])] for group in sorted(groups)]
    return {"title": f"By {name}", "columns": [name, *COLUMNS], "rows": [*rows, ["all", *_cells(plays)]]}


def _cells(plays: Sequence[Play]) -> list[str]:
    found = figures(plays)
    counted = {"wordings": found["right_kept"].whole, "wrong": found["wrong_verified"].whole}
    shares = [percent(found[name].value) for name in ("right_kept", "changed", "refused")]
    wrong = [percent(found[name].value) for name in ("wrong_verified", "wrong_answered", "cited", "parrot_kept")]
    return [str(counted["wordings"]), *shares, str(counted["wrong"]), *wrong]


def report(plays: Sequence[Play], cases: Path, player: str = ALL) -> dict[str, Any]:
    """The result as plain data; `lost` and `let_through` have every play that went wrong, with its reason."""
    found = {name: one.value for name, one in figures(plays).items()}
    gap = (found["right_kept"] or 0.0) - (found["parrot_kept"] or 0.0)
    return {
        "title": "What survives of a scripted model's answers",
        "document": "results.md",
        "machine": machine(),
        "command": f"python -m benchmarks.survival --player {player}" + ("" if cases == CASES else " --cases FILE"),
        "tables": [
            grouped(plays, "player", lambda one: one.player),
            grouped(plays, "form", lambda one: one.form),
            grouped(plays, "language", lambda one: one.language),
            grouped(plays, "kind", lambda one: one.kind),
        ],
        "notes": [
            f"right wordings kept: {percent(found['right_kept'])}; aim: {KEPT:.0%}",
            f"wrong wordings shown as verified: {percent(found['wrong_verified'])}; aim: at most {1 - STOPPED:.0%}",
            f"natural wording against parroting the question: {gap:+.1%}; aim: within 3 points; 'parrot kept': right "
            "answers kept that begin with the words of the question",
            "right wordings kept, against English: "
            + ", ".join(f"{code} {value:+.1%}" for code, value in language_gaps(plays).items())
            + f"; aim: within {100 * APART:.0f} points",
            "players: a model that sees; one without eyes beside a vision model; one that answers in plain text; the "
            "first behind a server; and there without native tools",
        ],
        **found,
        "natural_minus_parrot": gap,
        "lost": [asdict(one) for one in plays if one.role != "wrong" and not one.kept],
        "let_through": [asdict(one) for one in plays if one.role == "wrong" and one.let_through],
    }


def language_gaps(plays: Iterable[Play]) -> dict[str, float]:
    """The share of right wordings kept in each language, less that in English."""
    kept: dict[str, list[bool]] = defaultdict(list)
    for one in plays:
        if one.role == "right":
            kept[one.language].append(one.kept)
    shares = {code: sum(flags) / len(flags) for code, flags in kept.items()}
    return {code: value - shares["en"] for code, value in shares.items() if code != "en" and "en" in shares}


def play_all(
    cases: Sequence[ScriptedCase], stage: ScriptedStage, report: Callable[[Play], None] = lambda _: None
) -> list[Play]:
    """Plays every wording of every case."""
    plays = []
    for case in cases:
        for role, wording in wordings(case):
            plays.append(play(case, role, wording, stage))
            report(plays[-1])
    return plays


def _print_trouble(one: Play) -> None:
    if one.let_through if one.role == "wrong" else not one.kept:
        print(
            f"{one.player} | {one.case} | {one.role} | {one.wording} | {one.status} | {one.text} | {one.reason}",
            flush=True,
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays the cases, prints what went wrong and the tables, writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--videos", type=Path, help="folder of the cases' videos")
    parser.add_argument("--player", choices=[*PLAYERS, ALL], default="sees", help="who plays the model")
    parser.add_argument("--only", default="", help="cases whose id contains this")
    parser.add_argument("--json", type=Path, help="write the tables here")
    options = parser.parse_args(arguments)
    cases = [case for case in read_cases(options.cases) if options.only in case.id]
    plays: list[Play] = []
    for player in PLAYERS if options.player == ALL else [options.player]:
        with ScriptedStage(cases, options.videos, player) as stage:
            plays += play_all(cases, stage, _print_trouble)
    keep(report(plays, options.cases, options.player), options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
