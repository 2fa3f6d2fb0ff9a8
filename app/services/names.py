"""The names in what is said and written, by plain rules: runs of capitalised words that are no ordinary words.

Precise rather than complete: a name has at least two words, one of which the video never writes small. Languages
without capitals give none. Pure.
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterable, Iterator
from itertools import takewhile

from app.core.types.entities import name_key

MOST_WORDS = 4
"""Longer runs of capitalised words are lists without commas."""
SHORT_LINE = 8
"""Words of a line on the screen that may be a title, a caption below a person or a line of credits, at most."""
LIST_WORDS, LARGE, OWN, SHORT = 12, 0.7, 0.3, 0.1
"""A list of names has so many words at least; these shares of them at least are large and written as names are, and
this share at most is small and of three letters or fewer: in the sentences of most languages every fifth is."""
LONGEST = 60
"""Characters of a name, at most."""


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_PARTICLES = _set("van von der den de del della di da du la le bin al el of y zu zur ter ten")
"""Small words inside a name; it never begins or ends with one."""
_TITLES = _set("mr mrs ms dr prof professor sir dame lord lady st saint")
"""Words before a name. They stay in it when only one word would be left."""
_BORDERS = _set("""
    a about after again all also although am an and another any anyone are as at be because been before being both but
    by can could did do does each either else even ever every everyone few first for from get good had has have he
    hello her here hers hey hi his how i i'd i'll i'm i've if in into is it it's its just last let let's like many may
    maybe me more most much my near neither never next no nobody nor not nothing now oh ok okay on once only or other
    our out over perhaps please second she should since so some somebody someone something still such thank thanks
    that that's the their them then there these they third this those through thus to today tomorrow too under until
    up upon us very via was we we're well were what when where whether which while who whom whose why will with
    without would yes yesterday yet you you're your

    january february march april june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday
    spring summer autumn winter

    zero one two three four five six seven eight nine ten eleven twelve hundred thousand million billion
    part chapter section season episode figure fig table page step lesson scene act vol volume slide level gear

    english french german italian spanish russian chinese japanese american british european
""")
"""Ordinary words that are often written large: a name neither holds nor crosses them."""
_ORDINARY = _set("""
    actor actors actress additional administrator advisor agenda analyst animation animator architect art artist artwork
    assistant assurance audio author camera captain cast casting ceo cfo chair chairman character chief code color
    colour company composer conclusion consultant content contents contact coordinator copyright cost costs
    credits creator cto data day design designer details developer development digital direction director doctor
    download driver economist edit edited editing editor effects engineer engineering environment equipment example
    examples executive expert faq features file files film finance finances for format founder free full general
    getting grading guest guide hardware head help history home host image images important info information
    institute instructor interior intro introduction introducing journalist key keys language lead leader learn learning
    lecture lesson lessons lighting line link links list live location logo machine main make maker making manager
    managing mastering media member menu method methods mixer model modeling modelling motivation movie music narrated
    narrator new news notes objectives office officer online open options order original outline overview painter
    partner people photo photographer photography plan plans play player please poster presented presenter president
    press problem process produced producer product production professional professor program programmer project
    provided public quality question questions quick read record recording references release reporter research
    researcher results review rigger rigging save scientist screen script search secretary section selected senior
    series server service services set settings shading share show singer site size software song sound source special
    speaker staff start started status story storyboard storyboarding student studio subscribe summary supervisor
    support system systems takeaways tasks teacher team technical technician technology test text thanks time title
    titles today tool tools topic topics transfer tutorial type update user version vice video view voice warning
    united watch water web website welcome work world write writer written year years square
    stereo stereoscopic conversion rendering render scoring texture painting matte cloud business market money
""")
"""Words of headings, roles and menus: a name may hold them beside a word of its own."""

_TOKEN = re.compile(r"[^\s&/|•·]+|[&/|•·]")
_WORD = re.compile(r"[^\W\d_]+(?:['.-][^\W\d_]+)*")
_MARKS = string.punctuation + "\u201c\u201d\u201e\u2018\u00ab\u00bb\u2026\u2013\u2014"
_SON_OF = re.compile(r"Mac|Mc")
_ADDRESS = re.compile(r"@|://|\w\.\w")


def small_words(texts: Iterable[str]) -> set[str]:
    """The words that texts write small, and so are no names; addresses do not count."""
    plain = (part for text in texts for part in text.split() if not _ADDRESS.search(part))
    return {word for part in plain for word in re.findall(r"[^\W\d_]+", part) if word.islower()}


def names_said(sentence: str, small: Collection[str]) -> list[str]:
    """The names in a sentence of speech, in order, each once; `small` are the words that the video writes small."""
    return list(dict.fromkeys(_names(sentence, small)))


def names_written(text: str, small: Collection[str]) -> list[str]:
    """The names in text on the screen, in order, each once.

    Only short lines are read, and of words in capitals only those before a role ("TOM HALE Producer"): longer lines
    are sentences, and lines in capitals headings.
    """
    names: list[str] = []
    lines = text.splitlines()
    for words in map(str.split, lines):
        if len(words) > SHORT_LINE and 2 * sum(map(_is_large, words)) > len(words):
            return []  # a long list of names, such as all donors: nothing in it shows where a name ends
    for line in lines:
        credit = in_capitals(line)
        role = line.removeprefix(credit).strip()
        if credit and _is_own(role.partition(" ")[0]):
            names += [written_small(credit)] if _is_name(credit.title(), small) else []
            line = role
        if len(line.split()) <= SHORT_LINE:
            names += _names(line, small)
    return list(dict.fromkeys(names))


def is_list_of_names(text: str, *, goes_on: bool = False) -> bool:
    """Whether text on the screen is hardly more than names, as credits are, or a list of all who gave money.

    Words in capitals alone are a heading or a slide. Where such a list goes on, it may hold names that are written
    small, as people call themselves on the net.
    """
    words = text.split()
    large, own = sum(map(_is_large, words)), sum(map(_is_own, words))
    short = sum(len(word) <= 3 and word.isalpha() and word.islower() for word in words)
    if len(words) < LIST_WORDS or short > SHORT * len(words):
        return False
    return own >= (OWN / 3 if goes_on else OWN) * len(words) and (goes_on or large >= LARGE * len(words))


def _names(text: str, small: Collection[str]) -> Iterator[str]:
    """The runs that are names; somebody "of" a place is the same without it, but the County of York is not."""
    for run in _runs(text):
        bearer, _, place = run.partition(" of ")
        if place and _is_name(bearer, small):
            yield bearer
        elif _is_name(run, small):
            yield run


def written_small(name: str) -> str:
    """A name in capitals, as it is written elsewhere: TON VAN HEYST becomes Ton van Heyst."""
    return " ".join(word if word in _PARTICLES else word.capitalize() for word in name.lower().split())


def in_capitals(line: str) -> str:
    """The two or three words in capitals with which a line begins: a name, if it is one elsewhere; else empty."""
    words = list(takewhile(lambda word: len(word) > 1 and word.isalpha() and word.isupper(), line.split()))
    return " ".join(words) if 2 <= len(words) <= 3 else ""


def _runs(text: str) -> Iterator[str]:
    """Runs of capitalised words, with particles inside; punctuation, "'s" and ordinary words end one."""
    run: list[str] = []
    for match in _TOKEN.finditer(text.replace("\u2019", "'")):
        bare = match[0].lstrip(_MARKS)
        word = bare.rstrip(_MARKS).removesuffix("'s")
        ends = bare[len(word) :]
        if len(bare) < len(match[0]):
            yield from _closed(run)
            run = []
        if run and not ends and word.lower() in _PARTICLES:
            run.append(word)
        elif _is_large(word):
            run.append(word)
            if ends == "." and (len(word) == 1 or word.lower() in _TITLES):
                run[-1] += "."
            elif ends:
                yield from _closed([] if ends.startswith(":") else run)
                run = []
        else:
            yield from _closed(run)
            run = []
    yield from _closed(run)


def _closed(run: list[str]) -> Iterator[str]:
    while run and run[-1].lower() in _PARTICLES:
        run = run[:-1]
    if run:
        yield " ".join(run)


def _is_large(word: str) -> bool:
    return word[:1].isupper() and word.lower() not in _BORDERS and _WORD.fullmatch(word) is not None


def _is_own(word: str) -> bool:
    """Whether a word is written as names are: Hale, O'Neill, McKay, Jean-Luc, but not NASA or VOuc."""
    return len(word) > 2 and _SON_OF.sub("", word).istitle()


def _is_name(run: str, small: Collection[str]) -> bool:
    words = [word.strip(".") for word in run.split() if word.lower() not in _PARTICLES]
    if not 2 <= len(words) <= MOST_WORDS or sum(len(word) > 1 for word in words) < 2:
        return False
    own = [word.lower() for word in words if _is_own(word)]
    unusual = [word for word in own if word not in _ORDINARY and word not in _TITLES]
    is_name = any(not any(part in small for part in word.split("-")) for word in unusual)
    return len(name_key(run)) <= LONGEST and is_name
