"""Every way to answer, by its name: how to build it, and how the report describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.evaluation.modes.agent import AgentAsker, Asker
from app.evaluation.modes.avp import ActiveVideoPerception
from app.evaluation.modes.drvideo import DrVideo
from app.evaluation.modes.dvd import DeepVideoDiscovery
from app.evaluation.modes.lifelong_memory import LifelongMemory
from app.evaluation.modes.llovi import LLoVi
from app.evaluation.modes.material import ModeMaterial
from app.evaluation.modes.mode import Mode
from app.evaluation.modes.nearest import Blind, Nearest
from app.evaluation.modes.no_agent import NoAgent
from app.evaluation.modes.videoagent import VideoAgentMode
from app.evaluation.modes.videotree import VideoTree
from app.evaluation.modes.views import view_of
from app.evaluation.official import Prompt
from app.services.ask import AskService

if TYPE_CHECKING:
    from agents.parts import AgentParts


@dataclass(frozen=True, slots=True)
class ModeParts:
    """What the ways to answer are made of. `parts` and `service` come from wiring."""

    parts: Callable[[], AgentParts]
    service: Callable[[Mode, ModeMaterial], AskService]
    prompt: Prompt
    shown: ModeMaterial


@dataclass(frozen=True, slots=True)
class _Entry:
    make: Callable[[ModeParts], Asker]
    note: str


def _agent(mode: Mode, note: str) -> _Entry:
    return _Entry(lambda given: AgentAsker(given.service(mode, given.shown), view_of(mode, given.shown)), note)


MODES: Mapping[Mode, _Entry] = {
    Mode.FULL: _agent(Mode.FULL, "the agent as the settings have it"),
    Mode.LOOP: _agent(Mode.LOOP, "the agent whose model chooses each step"),
    Mode.PIPELINE: _agent(Mode.PIPELINE, "the agent in a few fixed steps"),
    Mode.TRANSCRIPT: _agent(Mode.TRANSCRIPT, "the agent over what is said alone"),
    Mode.CAPTIONS: _agent(Mode.CAPTIONS, "the agent over captions and tags alone"),
    Mode.LLOVI: _Entry(lambda given: LLoVi(given.parts, given.shown), "after LLoVi, arXiv 2312.17235"),
    Mode.VIDEOAGENT: _Entry(
        lambda given: VideoAgentMode(given.parts, given.shown), "after VideoAgent, arXiv 2403.10517"
    ),
    Mode.VIDEOTREE: _Entry(lambda given: VideoTree(given.parts, given.shown), "after VideoTree, arXiv 2405.19209"),
    Mode.DVD: _Entry(
        lambda given: DeepVideoDiscovery(given.parts, given.shown), "after Deep Video Discovery, arXiv 2505.18079"
    ),
    Mode.AVP: _Entry(
        lambda given: ActiveVideoPerception(given.parts, given.shown), "after Active Video Perception, arXiv 2512.05774"
    ),
    Mode.DRVIDEO: _Entry(lambda given: DrVideo(given.parts, given.shown), "after DrVideo, arXiv 2406.12846"),
    Mode.LIFELONGMEMORY: _Entry(
        lambda given: LifelongMemory(given.parts, given.shown), "after LifelongMemory, arXiv 2312.05269"
    ),
    Mode.NO_AGENT: _Entry(
        lambda given: NoAgent(given.parts, given.prompt, given.shown),
        "the same model in one prompt; it cites everything that it was shown, unchecked",
    ),
    Mode.NONE: _Entry(
        lambda given: Nearest(given.parts, given.shown),
        "no language model: the nearest option, or for an open question the nearest passage",
    ),
    Mode.BLIND: _Entry(
        lambda given: Blind(given.parts), "no language model, no video: the option nearest to the question"
    ),
}


def asker(mode: Mode, parts: ModeParts) -> Asker:
    """The way to answer of this name."""
    return MODES[mode].make(parts)
