"""What minutes hold: motions, votes, decisions, actions and open questions, by the words that people use for them.

English only. Precise rather than complete: what is only imagined ("if we approved it") or denied is none of these.
"""

from __future__ import annotations

import re

MOTION, VOTE, DECISION, ACTION, QUESTION = "motion", "vote", "decision", "action", "open question"

_CAPITALS = """
    This That It They There Nobody No Who What Which Everyone Everybody Somebody Someone Anyone People Then So And But
    If When Or Here Today Tomorrow Now We You He She I These Those Nothing Something Only Maybe
"""
"""Words at the beginning of a sentence that are written like names."""
_NAME = rf"(?!(?:{'|'.join(_CAPITALS.split())})\b)(?:(?:Mr|Mrs|Ms|Dr|Prof)\.? )?[A-Z][a-z]+(?:[ -][A-Z][a-z]+){{0,2}}"
_ROLE = (
    r"(?:[Tt]he|[Oo]ur) (?:\w+ ){0,2}"
    r"(?:staff|team|office|clerk|manager|director|department|committee|board|chair|engineer)"
)
_NUMBER = r"(?:\d+|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_MATTER = r"(?:motion|amendment|resolution|ordinance|measure|bill|item|proposal)"
_BODY = r"(?:we|they|the \w+|board|committee|council|commission|team)"

_MOTION = re.compile(
    r"\b(?:I|we)(?:'d| would| will|'ll)?(?: hereby| like to)* move (?:that|to|for|we|the|approval|adoption)\b"
    r"|\bI(?: hereby)? move [a-z]+(?:al|tion|ment)\b"
    r"|\b(?:make|makes|made) (?:a|the) motion (?:to|that|for)\b"
    rf"|\b(?P<who>{_NAME}) (?:moves|moved) (?:that\b|to (?!the\b|an?\b|[A-Z]))"
    rf"|\b(?:[Ss]o moved|I so move|[Ll]et me move that)\b|\bmotion (?:by|from) (?P<by>{_NAME})"
)
_VOTE = re.compile(
    rf"\b{_MATTER}\b[^.;]{{0,40}}"
    r"\b(?:carries|carried|passes|passed|fails|failed|(?:is|was) (?:adopted|approved|defeated|rejected))\b"
    rf"|\b(?:vote[ds]?|approved|adopted|rejected|passe[sd]|carrie[sd]|fail(?:s|ed))\b[^.;]{{0,30}}"
    rf"\b{_NUMBER} ?(?:to|-|\u2013) ?{_NUMBER}\b(?=\s*(?:[.,;!]|$|votes?\b|on\b|with\b|in favou?r\b))"
    r"|\bthe (?:ayes|nays|noes) have it\b|\b(?:approved|adopted|passe[sd]|carrie[sd]) unanimously\b|\bunanimous vote\b",
    re.IGNORECASE,
)
_DECISION = re.compile(
    rf"\b(?:{_BODY}(?:'ve)? (?:have |has |had |all )?"
    r"(?:decided|agreed|approved|adopted|accepted|rejected|voted|chose|resolved)"
    r"|(?:it (?:is|was)|has been|have been|was|were) (?:decided|agreed|approved|adopted|rejected|resolved)"
    r"|(?:our|the|a|final) decision|let'?s go with|we(?:'re| are) going with)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\b(?:open|unresolved|outstanding) (?:question|issue|point|matter)s?\b"
    r"|\b(?:question|issue|matter|point)\b[^.;]{0,90}\b(?:remains?|is still|stays?|is left|left) "
    r"(?:open|unresolved|undecided|unanswered)\b"
    r"|\b(?:remains|still|has yet|is yet) to be (?:decided|determined|resolved|seen|agreed)\b"
    r"|\bwe (?:still )?(?:do not|don't|haven't|have not) (?:yet )?(?:know|decided?|agreed?|resolved?|figured out)\b"
    r"|\bstill (?:need|have) to (?:decide|find out|figure out|resolve|agree|clarify)\b",
    re.IGNORECASE,
)
_TASKS = """
    add arrange ask build bring buy call check circulate clean collect compile confirm contact coordinate deliver
    distribute document draft email file finish fix follow forward gather get[ ]back hire inform inspect install
    investigate invite look[ ]into look[ ]at meet negotiate notify order organi[sz]e pay plan post prepare present
    print provide publish put[ ]together reach[ ]out remove repair replace report research resubmit return review revise
    schedule send set[ ]up share sign study submit survey take[ ]care test update verify work[ ]with write
"""
_TASK = "|".join(_TASKS.split()).replace("[ ]", " ")
_WILL = (
    r"(?:will|'ll|shall|must|needs? to|has to|have to|should|is going to|are going to|am going to|promised to|agreed to"
    r"|is to|are to)"
)
_ACTION = re.compile(
    rf"\b(?i:action item|is (?:responsible|on the hook) for|is tasked with)\b"
    rf"|\b(?P<who>{_NAME}|{_ROLE}) {_WILL} (?:also |then |please )?(?:{_TASK})\b"
    rf"|\b(?P<self>[Ii]|[Ww]e)(?: {_WILL}|'ll) (?:also |then )?(?:{_TASK})\b"
    rf"|\b(?:[Yy]ou|[Tt]hey|[Hh]e|[Ss]he)(?: {_WILL}|'ll) (?:also |then |please )?(?:{_TASK})\b"
    rf"|(?:^|[,;] )(?:[Cc]an|[Cc]ould) (?:you|(?P<asked>{_NAME})) (?:please )?(?:{_TASK})\b"
    rf"|\b[Pp]lease (?:{_TASK})\b"
)
_UNREAL = re.compile(r"\b(?:if|whether|unless|never|not|nobody|cannot|suppose|imagine|wish)\b|n't\b", re.IGNORECASE)
_LONG_AGO = re.compile(r"\bin (?:1[5-9]|20)\d\d\b")
"""Another vote than this one."""
_MAYBE = re.compile(r"\b(?:would|could|might|may|should)\b", re.IGNORECASE)


def kind_of(text: str) -> tuple[str, str]:
    """What a sentence is in minutes ("" for talk), and who the sentence itself says is behind it ("I": its speaker)."""
    if (match := _VOTE.search(text)) and not _LONG_AGO.search(text):
        return (VOTE, "") if _is_real(text, match, allow_maybe=False) else ("", "")
    if match := _MOTION.search(text):
        return (MOTION, match["who"] or match["by"] or "I") if _is_real(text, match) else ("", "")
    if _QUESTION.search(text):
        return QUESTION, ""
    match = _DECISION.search(text)
    if (
        match
        and not _LONG_AGO.search(text)
        and not text.rstrip().endswith("?")
        and _is_real(text, match, allow_maybe=False)
    ):
        return DECISION, ""
    for match in _ACTION.finditer(text):
        if _is_real(text, match):
            return ACTION, match["who"] or match["asked"] or ("I" if match["self"] else "")
    return "", ""


def _is_real(text: str, match: re.Match[str], *, allow_maybe: bool = True) -> bool:
    """Whether nothing before a match denies it or makes it a mere thought."""
    before = text[: match.start()]
    return not _UNREAL.search(before) and (allow_maybe or not _MAYBE.search(before))
