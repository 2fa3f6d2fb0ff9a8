"""The names of the ways to answer, as the command line and the report have them."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """A way to answer."""

    FULL = "full"
    """The agent as the settings have it."""
    LOOP = "loop"
    """The agent whose model chooses each step."""
    PIPELINE = "pipeline"
    """The agent in a few fixed steps."""
    TRANSCRIPT = "transcript"
    """The agent over what is said alone."""
    CAPTIONS = "captions"
    """The agent over what captions and tags of the pictures say alone."""
    LLOVI = "llovi"
    """Captions, a summary for the question, an answer from the summary."""
    VIDEOAGENT = "videoagent"
    """Five frames at first, more where the model is not sure."""
    VIDEOTREE = "videotree"
    """Clusters of frames, opened where they bear on the question."""
    DVD = "dvd"
    """Deep Video Discovery: browse, search, inspect, finish."""
    AVP = "avp"
    """Active Video Perception: plan, observe, reflect."""
    DRVIDEO = "drvideo"
    """A document of captions, of which the entries that matter are written anew."""
    LIFELONGMEMORY = "lifelongmemory"
    """A digest of captions, and an answer from it with a confidence."""
    NO_AGENT = "no-agent"
    """The same chat model, shown evenly spaced frames and the whole transcript in one prompt."""
    NONE = "none"
    """No language model: what is nearest in meaning to what is said, captioned or written."""
    BLIND = "blind"
    """No language model and no video: the option that is nearest to the question."""


COMPARED = (Mode.FULL, Mode.NO_AGENT, Mode.TRANSCRIPT, Mode.CAPTIONS, Mode.NONE)
"""What is run side by side when all are asked for."""
