"""Subtitles in old encodings become text, or are refused: never garbage.

What is no Unicode is decoded in every encoding that subtitles have been written in. Each text is judged by how much
of a mess `charset-normalizer` finds in it, how likely its language is, and whether its letters belong to that
language. A likely encoding wins over a rare one only where both read equally well.
"""

from __future__ import annotations

import codecs
import itertools
import math
import unicodedata
from dataclasses import dataclass

import regex

from app.core.errors import BadInput
from app.text.languages import identifier

_SAMPLE_BYTES = 6_000
"""How much of what is not ASCII decides."""
_MESS = 0.3
"""A text with more mess than this, in the measure of charset-normalizer, is no text."""
_LEAST_FIT = 0.35
"""The share of a text's special letters that its language must know, less what it does not know."""
_DAMAGE = 0.02
"""UTF-8 in which fewer characters than this share are damaged is still UTF-8."""
_UNKNOWN_LANGUAGE = 1e-2
"""What a language counts at least: a few words of it may look like another."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_LETTERS = {
    "ca": "àçèéíïòóúü·",
    "cs": "áčďéěíňóřšťúůýž",
    "da": "åæøé",
    "de": "äöüß",
    "es": "áéíñóúü¿¡ªº",
    "et": "äõöüšž",
    "fi": "äåöšž",
    "fr": "àâæçèéêëîïôœùûüÿ",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "is": "áæéíðóöúýþ",
    "it": "àèéìîòóù",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "nl": "áèéêëíïóöüú",
    "no": "åæøéòó",
    "pl": "ąćęłńóśźż",
    "pt": "àáâãçéêíóôõúü",
    "ro": "ăâîşţșț",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sl": "čšž",
    "sv": "åäöéü",
    "tr": "âçğî\u0131öşüûi\u0307",
    "vi": "àâăđéèêôơưíóúýáãõ\u0300\u0301\u0303\u0309\u0323₫",
    "bg": "оаиентрсвлкдпмзбяъгчуйжщшцхюфьэы",
    "ru": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "sr": "аоиеунјрсктмдпвлзгбшжчцћљњђфхџ",
    "uk": "оанивіетрсклдумпзгяьбчйхжїцшюєщфґ",
    "el": "αοιετσνηυρπκμλςωδγχθφβξζψάέήίόύώϊϋΐΰ",
    "he": "יוהלאתרבשנמםדקעחפךטגסןכצזףץ",
    "ar": "ايلمونرتبةعدسفهكقأحجشطصىخإذزءثضظغئآؤ",
    "fa": "ایردنهمتوسبشکزفگعخقجآپحطصضچغثژذئظ",
    "th": "านรอกเ่งมยล้วดัทสตะิปบคหแีจพชข็ืใไุูโ์ึผซำธณฟศถฉฐภญษฎๆฮฝฤฯ๋๊ฬฏฑฆฒ",
}
"""The letters that each language has beside a to z. Those of whole alphabets are in the order of their frequency."""
_RANKED = frozenset({"bg", "ru", "sr", "uk", "el", "he", "ar", "fa", "th"})
_SIGN = regex.compile(
    r"[\u2010-\u2026\u2030-\u203f\u3000-\u303f\uff01-\uff5e\u00a0\u00a7\u00a9\u00ab\u00ad\u00ae\u00b0\u00b7"
    r"\u00bb-\u00be\u20ac\u2116\u266a\u266b]"
)
"""Characters found in subtitles of every language."""


@dataclass(frozen=True, slots=True)
class _Encoding:
    name: str
    languages: tuple[str, ...]
    weight: float
    """How many of the subtitle files in these languages are written in it, roughly."""


_WESTERN = ("de", "en", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "is", "ca")
_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "hr", "sl")
_ENCODINGS = (
    _Encoding("cp1252", _WESTERN, 1.0),
    _Encoding("cp1251", ("ru", "uk", "bg", "sr"), 1.0),
    _Encoding("cp932", ("ja",), 1.0),
    _Encoding("gb18030", ("zh",), 1.0),
    _Encoding("cp949", ("ko",), 1.0),
    _Encoding("cp950", ("zh",), 0.9),
    _Encoding("cp1250", _CENTRAL, 0.9),
    _Encoding("cp1254", ("tr",), 0.9),
    _Encoding("cp1253", ("el",), 0.9),
    _Encoding("cp1255", ("he",), 0.9),
    _Encoding("cp1256", ("ar", "fa"), 0.9),
    _Encoding("cp1257", ("lt", "lv", "et"), 0.9),
    _Encoding("cp1258", ("vi",), 0.9),
    _Encoding("cp874", ("th",), 0.5),
    _Encoding("euc_jp", ("ja",), 0.8),
    _Encoding("koi8_r", ("ru",), 0.6),
    _Encoding("koi8_u", ("uk",), 0.5),
    _Encoding("iso8859_2", _CENTRAL, 0.7),
    _Encoding("iso8859_5", ("ru", "bg", "sr"), 0.4),
    _Encoding("iso8859_6", ("ar",), 0.4),
    _Encoding("iso8859_7", ("el",), 0.6),
    _Encoding("iso8859_15", _WESTERN, 0.5),
    _Encoding("cp866", ("ru",), 0.5),
    _Encoding("mac_cyrillic", ("ru", "uk"), 0.3),
    _Encoding("mac_roman", _WESTERN, 0.3),
    _Encoding("cp850", _WESTERN, 0.3),
    _Encoding("cp852", _CENTRAL, 0.3),
    _Encoding("mac_latin2", _CENTRAL, 0.2),
    _Encoding("cp857", ("tr",), 0.2),
)
_LANGUAGES = tuple(sorted({language for encoding in _ENCODINGS for language in encoding.languages}))
_HIGH_LINE = regex.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_TAGS = regex.compile(r"<[^<>]*>|\{[^{}]*\}|[\d:.,\->]+")
_CONTROL = regex.compile(r"[\p{Cc}\p{Cn}\p{Co}\p{Cs}--[\t\n\r\f\v\x1a\x1b\x85]]", regex.VERSION1)
_OTHER_SCRIPT = r"[\p{Greek}\p{Cyrillic}\p{Hebrew}\p{Arabic}\p{Thai}]"
_MISSPELT = regex.compile(
    rf"\p{{Ll}}\p{{Lu}}|\p{{Latin}}{_OTHER_SCRIPT}|{_OTHER_SCRIPT}\p{{Latin}}|ς\p{{L}}|\p{{L}}[\u201a\u201e\u2039]|"
    r"\p{L}[‡¢¤¦¨¬±¶¡¿]|\p{L}[«»]\p{L}|(?<!\d)[¼½¾]\p{L}|"
    r"(?<![\u0e01-\u0e4e])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]|[เแโใไ](?![ก-ฮ])"
)
"""What no writer does: capitals or another alphabet within a word, an opening quotation mark or a rare sign after one,
a quotation mark in the middle, a final sigma before its end, a Thai vowel without its consonant."""
_HAN, _KANA = regex.compile(r"\p{Han}"), regex.compile(r"[\p{Hiragana}\p{Katakana}--[\uff61-\uff9f]]", regex.VERSION1)
_HANGUL = regex.compile(r"[\uac00-\ud7a3]")


def decode(data: bytes, language: str | None = None) -> str:
    """The text of a subtitle file in whatever encoding it is; `language` is ISO 639-1, if it is known.

    Raises BadInput for what is no text, and for text of an encoding that cannot be recognized.
    """
    text = _unicode(data)
    if text is None and data.isascii():
        text = data.decode("iso2022_jp", errors="replace") if b"\x1b$" in data else data.decode("ascii")
    if text is None:
        text = _old(data, language)
    if len(_CONTROL.findall(text[:100_000])) > len(text[:100_000]) / 200:
        raise BadInput("This is binary data, not text.", "Give subtitles as text, such as an SRT or WebVTT file.")
    return text


def _unicode(data: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(data) >= 8 and data[offset:4000:2].count(0) > 0.4 * len(data[offset:4000:2]):
            return data.decode(encoding, errors="replace")
    try:
        return None if data.isascii() and b"\x1b$" in data else data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
    special = sum(not character.isascii() for character in text)
    return text if text.count("\ufffd") < _DAMAGE * special else None


def _old(data: bytes, language: str | None) -> str:
    lines = [match[0] for match in itertools.islice(_HIGH_LINE.finditer(data), 500)]
    sample = b"\n".join(lines)
    if len(sample) > _SAMPLE_BYTES:
        sample = sample[:_SAMPLE_BYTES].rpartition(b"\n")[0] or sample[:_SAMPLE_BYTES]
    judged = [(score, one) for one in _ENCODINGS if (score := _score(sample, one, language)) > -math.inf]
    for _, encoding in sorted(judged, key=lambda one: -one[0]):
        text = data.decode(encoding.name, errors="replace")
        if text.count("\ufffd") <= _DAMAGE * len(lines):
            return unicodedata.normalize("NFC", text)  # Vietnamese tones are letters of their own
    raise BadInput(
        "The encoding of the subtitles cannot be recognized.", "Save them as UTF-8, for example in a text editor."
    )


def _score(sample: bytes, encoding: _Encoding, language: str | None) -> float:
    """How well the sample reads in an encoding, as a logarithm; minus infinity where it does not."""
    from charset_normalizer.md import mess_ratio

    text = _TAGS.sub(" ", sample.decode(encoding.name, errors="replace"))
    special = [character for character in text.lower() if not character.isascii()]
    if not special or special.count("\ufffd") > _DAMAGE * len(special):
        return -math.inf
    if mess_ratio(text, _MESS) >= _MESS:
        return -math.inf
    likely = {str(one): float(share) for one, share in identifier(_LANGUAGES).rank(text)}
    scores = []
    for one in encoding.languages:
        fit = sum(_weight(character, one, encoding.name) for character in special) / len(special)
        if fit >= _LEAST_FIT:
            share = max(likely.get(one, 0.0), 1.0 if one == language else _UNKNOWN_LANGUAGE)
            scores.append(math.log(share) + 4 * math.log(fit))
    return max(scores, default=-math.inf) + math.log(encoding.weight) - 3 * len(_MISSPELT.findall(text))


def _weight(character: str, language: str, encoding: str) -> float:
    """How well a special character goes with a language, up to 1."""
    if _SIGN.match(character):
        return 0.9
    if language in ("ja", "zh", "ko"):
        return _east_asian(character, language, encoding)
    letters = _LETTERS.get(language, "")
    place = letters.find(character)
    if place < 0:
        return -1.0
    return 1.0 - place / len(letters) if language in _RANKED else 1.0


def _east_asian(character: str, language: str, encoding: str) -> float:
    """Every Chinese, Japanese and Korean code holds the common characters in rows of their own."""
    if _KANA.match(character):
        return 1.0 if language == "ja" else -1.0
    if _HANGUL.match(character):
        return _common(character, "euc_kr", 0xB0, 0xC8) if language == "ko" else -1.0
    if not _HAN.match(character):
        return -1.0
    if language == "ko":
        return -0.5
    if language == "ja":
        return _common(character, "euc_jp", 0xB0, 0xCF)
    return _common(character, "big5", 0xA4, 0xC6) if encoding == "cp950" else _common(character, "gb2312", 0xB0, 0xD7)


def _common(character: str, encoding: str, first: int, last: int) -> float:
    code = character.encode(encoding, errors="ignore")
    return 0.95 if code and first <= code[0] <= last else -0.2
