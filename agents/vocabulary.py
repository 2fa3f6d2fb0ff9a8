"""The word lists by which the agent tells words that carry meaning from words that do not."""

from __future__ import annotations


def _values(listed: str, start: int = 0, step: int = 1) -> dict[str, int]:
    return {word: start + step * place for place, word in enumerate(listed.split())}


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


STOP_WORDS = _set("""
    's a about above after again against all also am an and any are as at be because been before being below between
    both but by can could d did do does doing done down during each either else ever every few for from further
    get gets given go goes going had has have having he her here hers herself him himself his how i if in into
    is it its itself just let like ll m many may me might more most much must my no nor not of off on once one
    only or other our out over own per please put quite rather re really s same shall she should since so some
    such t than that the their them then there these they thing things this those through to too under until up
    upon us use used ve very was we were what when where whether which while who whom whose why will with
    within without would yes you your
""")

SCAFFOLDING = _set("""
    according after alone amount answer anybody appear appears around ask asked asks author before beginning call
    called card clip come comes credited credits describe described describes dialogue different directly
    discuss discussed discusses display displayed displays end exactly explain explained explains film first
    follow following follows footage four frame give gives happen happened happens host image kind last
    lecturer line lines list listed long man many mention mentioned mentions minute minutes moment movie name
    names narrator next number often part people person picture point possible present presented presenter
    presents print printed question read reader reads reason recording right said say saying says scene screen
    second seconds sentence sentences show showing shown shows sign slide slides somebody someone speak speaker
    speaking speaks speech spoke start state stated statement statements states story talk talked talking talks
    tell tells text three time times title titled told two type typed types typing video voice woman word words
    write writes written
    beside bottom corner left photo poster right shirt stand stands t-shirt top
""")
"""Words by which questions point at a video and its sources, rather than at what is in it."""

NEGATIONS = _set("""
    aren't can't cannot couldn't didn't doesn't don't hadn't hasn't haven't isn't neither never no nobody none
    nor not nothing shouldn't wasn't weren't without won't wouldn't
""")

ARTICLES = _set("the a an his her their its our my your this that these those")
"""Words that open a noun phrase."""

PLAIN_VERBS = _set("""
    announced appear appears approved begin begins built called close closes come comes cost costs end ends gets goes
    happen happens look looks made make makes mean means mentioned named need needs open opened opens pay pays reach
    reaches run runs said say says show shown shows start started starts take takes use uses weigh weighs written
""")
"""Verbs that often stand right after the noun phrase of a question."""

CALENDAR = _set("""
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday christmas easter
""")
"""Words with a capital that name no person and no thing."""

_SAME = (
    "cost price expensive",
    "start begin beginn began",
    "buy bought purchase",
    "teach taught",
    "colour color",
    "approve accept adopt",
    "job work",
    "photo picture image",
    "car automobile vehicle",
    "kid child children",
    "big large",
)
SYNONYMS = {word: group.split()[0] for group in _SAME for word in group.split()}
"""Words that mean the same well enough, each with the one that stands for all."""

UNITS = _values(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = _values("twenty thirty forty fifty sixty seventy eighty ninety", start=20, step=10)
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
ORDINALS = _values("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth", start=1)
"""Number words with their values."""
