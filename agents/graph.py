"""The graph, on one screen. Each node names its exits in its return type.

begin --> think <--> use            the loop: the model calls tools (side by side), until it answers
  |         |  ^
  |         v  | one turn to repair
  +-> understand -> gather -> see -> respond -> judge --> finish
      the pipeline, for models that cannot drive the loop; a part of the picture is shown by zoom_in instead of gather
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from agents.loop import think, use
from agents.outcome import finish, judge
from agents.parts import AgentRun
from agents.pipeline.gather import gather
from agents.pipeline.respond import respond
from agents.pipeline.see import see
from agents.pipeline.understand import understand
from agents.pipeline.zoom_in import zoom_in
from agents.policy import choose_policy
from agents.recording import recorded
from agents.state import AgentState, Said
from agents.tools.zoom import zoom_call
from app.core.events import Planned

Graph: TypeAlias = CompiledStateGraph[AgentState, AgentRun, AgentState, AgentState]
MOST_NODES = 300
"""LangGraph's own limit of a run, far above what the budget allows."""


def build_graph(saver: BaseCheckpointSaver[Any] | None = None) -> Graph:
    """The compiled graph. The parts it works with come with each run, as its context (`AgentRun`).

    `saver`: where the state is stored after each node.
    """
    graph = StateGraph(AgentState, context_schema=AgentRun)
    for node in (begin, think, use, understand, gather, see, zoom_in, respond, judge, finish):
        graph.add_node(node.__name__, cast(Any, recorded(cast(Any, node))))
    graph.add_edge(START, "begin")
    graph.add_edge("use", "think")
    graph.add_edge("finish", END)
    return graph.compile(checkpointer=saver).with_config(recursion_limit=MOST_NODES)


def begin(state: AgentState, runtime: Runtime[AgentRun]) -> Command[Literal["think", "use", "understand"]]:
    """Decides who chooses the steps, and says what the question is restricted to. A model whose question is about a
    part of the picture is shown that part first."""
    policy = choose_policy(runtime.context.parts)
    plan = state["plan"]
    window = plan.span(state["videos"][0]) if plan.scope and len(state["videos"]) == 1 else None
    sources, words = tuple(map(str, plan.sources)), plan.scope.words if plan.scope else ""
    runtime.stream_writer(Planned(policy.mode, policy.reason, plan.queries, sources, window, words, plan.by))
    if policy.mode == "loop" and (call := zoom_call(state)):
        return Command(goto=Send("use", {**state, "call": call}), update={"log": (Said("", (call,)),)})
    return Command(goto="think" if policy.mode == "loop" else "understand")
