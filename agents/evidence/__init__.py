"""The evidence for answers: passages with stable ids, and findings that code computed from them."""

from agents.evidence.passage import Finding, Passage, expanded, merge_findings, merge_passages, titled_line

__all__ = ["Finding", "Passage", "expanded", "merge_findings", "merge_passages", "titled_line"]
