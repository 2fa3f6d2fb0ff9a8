"""The graph, on one screen. Each node names its exits in its return type.

understand -> plan -> search -> reflect -> answer -> verify -> end
               |        ^ ^       |  ^        ^
               |        | +-------+  |        |
               |        |         v  |        |
               |        |       inspect       |
               v        |                     |
              act ------+---------------------+
              ^ |
              +-+

Rules go the upper way. A language model that chooses its steps goes the lower one, a tool each time that `act` is
entered; where it comes to nothing, rules take over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langgraph.graph import START, StateGraph

from agents.checkpoints import kept
from agents.nodes.act import act
from agents.nodes.answer import answer
from agents.nodes.inspect import inspect
from agents.nodes.plan import plan
from agents.nodes.reflect import reflect
from agents.nodes.search import search
from agents.nodes.understand import understand
from agents.nodes.verify import verify
from agents.state import AgentState, Work

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph


def build_graph(
    saver: BaseCheckpointSaver[Any] | None = None,
) -> CompiledStateGraph[AgentState, Work, AgentState, AgentState]:
    """The compiled graph. The parts it works with come with each run, as its context (`Work`).

    `saver`: where the state is stored after each node.
    """
    graph = StateGraph(AgentState, context_schema=Work)
    for node in (understand, plan, act, search, inspect, reflect, answer, verify):
        graph.add_node(node.__name__, cast(Any, kept(node) if saver else node))
    graph.add_edge(START, "understand")
    return graph.compile(checkpointer=saver)
