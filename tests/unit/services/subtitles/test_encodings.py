"""Subtitles in the encodings of the world before Unicode."""

from __future__ import annotations

import unicodedata

import pytest

from app.core.errors import BadInput
from app.services import subtitles

SENTENCES = [
    ("橋の費用は九十二万円です。鍵はどこですか。", ["cp932", "euc_jp", "iso2022_jp"]),
    ("钥匙在黄色水桶下面。博物馆冬天周一关门。", ["gb18030"]),
    ("鑰匙在黃色水桶下面，博物館星期一休息。", ["big5"]),
    ("열쇠는 노란 양동이 아래에 있습니다.", ["cp949"]),
    ("Привет, как дела? Мост откроется в марте.", ["cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"]),
    ("Міст відкриється чотирнадцятого березня.", ["cp1251"]),
    ("Η γέφυρα ανοίγει στις δεκατέσσερις Μαρτίου.", ["cp1253", "iso8859_7"]),
    ("Anahtar nerede? Sarı kovanın altında, teşekkürler.", ["cp1254"]),
    ("איפה המפתח? מתחת לדלי הצהוב.", ["cp1255"]),
    ("أين المفتاح؟ تحت الدلو الأصفر.", ["cp1256", "iso8859_6"]),
    ("สะพานจะเปิดในวันที่สิบสี่มีนาคม", ["cp874"]),
    ("Gdzie jest klucz? Pod żółtym wiadrem.", ["cp1250", "iso8859_2", "cp852"]),
    ("Kde je klíč? Pod žlutým kbelíkem, příteli.", ["cp1250", "iso8859_2"]),
    ("A kulcs a sárga vödör alatt van, Ő fűtött.", ["cp1250", "iso8859_2"]),
    ("Atslēga ir zem dzeltenā spaiņa, mūsu tilts.", ["cp1257"]),
    ("Frau Schröder bewahrt den Schlüssel unter dem gelben Eimer auf.", ["cp1252", "iso8859_15", "mac_roman", "cp850"]),
    ("¿Cuánto cuesta el puente? Novecientos veinte mil dólares.", ["cp1252", "cp850"]),
    ("El puente se abrirá el catorce de marzo. ¿Dónde está la llave?", ["cp1252", "mac_roman"]),
    ("La clé est sous le seau jaune, voilà où ça se trouve.", ["cp1252", "cp850"]),
    ("Où est la clé de l'élève ? Ça ira, cher œuvre.", ["iso8859_15"]),
    ("Nyckeln är under den gula hinken på gården.", ["cp1252"]),
    ("It’s the bridge — “open” at last…", ["cp1252"]),
]
CASES = [(text, encoding) for text, encodings in SENTENCES for encoding in encodings]


def srt(text: str) -> str:
    return f"1\r\n00:00:06,500 --> 00:00:10,000\r\n{text}\r\n"


@pytest.mark.parametrize(("text", "encoding"), CASES)
def test_a_sentence_in_an_old_encoding_is_read_as_it_was_written(text: str, encoding: str) -> None:
    [cue] = subtitles.parse(srt(text).encode(encoding))
    assert cue.text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", ["橋の費用は九十二万円です。", "Ключ под ведром.", "Frau Schröder"])
def test_unicode_is_read_with_and_without_its_mark(text: str, encoding: str) -> None:
    [cue] = subtitles.parse(srt(text).encode(encoding))
    assert cue.text == text


def test_vietnamese_writes_its_tones_after_their_letters() -> None:
    text = "Cây cầu sẽ mở cửa vào ngày mười bốn."
    marks = "\u0300\u0301\u0303\u0309\u0323"
    letters = [unicodedata.normalize("NFD", letter) for letter in text]
    toneless = [unicodedata.normalize("NFC", letter.translate(dict.fromkeys(map(ord, marks)))) for letter in letters]
    tones = ["".join(filter(marks.__contains__, letter)) for letter in letters]
    written = "".join(letter + tone for letter, tone in zip(toneless, tones, strict=True))
    [cue] = subtitles.parse(srt(written).encode("cp1258"))
    assert cue.text == text


def test_the_last_line_counts_as_much_as_the_first() -> None:
    lines = ["Der Bus kommt um acht.", "Où est la clé de l'élève ?", "Cher œuvre."]
    data = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{line}\n\n" for n, line in enumerate(lines, 1))
    assert subtitles.parse(data.encode("iso8859_15"))[-1].text == "Cher œuvre."


def test_a_language_that_is_known_decides_where_two_encodings_read_alike() -> None:
    data = srt("Да.").encode("cp1251")
    assert subtitles.parse(data, language="ru")[0].text == "Да."


def test_one_damaged_byte_does_not_make_another_encoding_of_unicode() -> None:
    text = "Die Brücke öffnet am vierzehnten März, und der Schlüssel liegt unter dem gelben Eimer. " * 30
    data = srt(text).encode().replace("ä".encode(), b"\xc3", 1)
    assert "Brücke öffnet" in subtitles.parse(data)[0].text


def test_bytes_that_are_text_in_no_encoding_are_refused_and_not_stored() -> None:
    data = srt("X").encode().replace(b"X", bytes(range(0x80, 0x100)) * 3)
    with pytest.raises(BadInput, match="encoding") as refusal:
        subtitles.parse(data)
    assert "UTF-8" in (refusal.value.hint or "")
