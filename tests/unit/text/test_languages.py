from __future__ import annotations

import time

import pytest

from app.text.languages import guess_language

QUESTIONS = {
    "en": ["When does the bridge open?", "What colour is the car?", "Who wins?", "How many people are there?"],
    "de": ["Wann öffnet die Brücke?", "Welche Farbe hat das Auto?", "Wer gewinnt?", "Wie viele Personen sind da?"],
    "es": ["¿Cuándo abre el puente?", "¿De qué color es el coche?", "¿Quién gana?", "¿Cuántas personas hay?"],
    "fr": ["Quand ouvre le pont ?", "De quelle couleur est la voiture ?", "Qui gagne ?", "Combien de gens y a-t-il ?"],
    "it": ["Quando apre il ponte?", "Di che colore è la macchina?", "Chi vince?", "Quante persone ci sono?"],
    "pt": ["Quando abre a ponte?", "De que cor é o carro?", "Quem ganha?", "Quantas pessoas há?"],
    "nl": ["Wanneer gaat de brug open?", "Welke kleur heeft de auto?", "Hoeveel mensen zijn er?"],
    "ru": ["Когда открывается мост?", "Какого цвета машина?", "Кто победит?"],
    "zh": ["桥什么时候开？", "车是什么颜色？", "谁赢了iPhone？"],
    "ja": ["橋はいつ開きますか", "車は何色？", "誰が勝つ？"],
    "ar": ["متى يفتح الجسر؟", "ما لون السيارة؟", "كم عدد الأشخاص؟"],
    "ko": ["다리는 언제 열리나요?"],
    "th": ["สะพานเปิดเมื่อไหร่"],
}


@pytest.mark.parametrize(
    ("language", "question"), [(code, question) for code, questions in QUESTIONS.items() for question in questions]
)
def test_the_language_of_a_short_question_is_recognised(language: str, question: str) -> None:
    assert guess_language(question) == language


@pytest.mark.parametrize("text", ["", "?!", "7", "12:30", "x"])
def test_a_text_without_words_has_no_language(text: str) -> None:
    assert guess_language(text) == ""


def test_a_megabyte_is_judged_by_its_beginning() -> None:
    started = time.process_time()
    assert guess_language("Der Zug nach Hamburg fährt heute um sieben Uhr ab. " * 40_000) == "de"
    assert time.process_time() - started < 2
