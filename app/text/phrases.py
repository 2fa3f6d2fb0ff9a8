"""The few sentences that code itself says to a user, in the language of the question if we have it."""

from __future__ import annotations

from typing import Literal

Phrase = Literal["not_in_video", "not_in_words", "insufficient", "yes", "no"]

_PHRASES: dict[Phrase, dict[str, str]] = {
    "not_in_video": {
        "en": "The video does not say or show this.",
        "de": "Das wird im Video nicht gesagt oder gezeigt.",
        "es": "El vídeo no dice ni muestra esto.",
        "fr": "La vidéo ne le dit pas et ne le montre pas.",
        "it": "Il video non lo dice e non lo mostra.",
        "pt": "O vídeo não diz nem mostra isso.",
        "nl": "Dit wordt in de video niet gezegd of getoond.",
        "ru": "В видео об этом не говорится и этого не показано.",
        "zh": "视频中没有提到或显示这一点。",
        "ja": "この動画では、それは話されておらず、映ってもいません。",
        "ko": "이 동영상에서는 그 내용을 말하거나 보여 주지 않습니다.",
        "ar": "لا يذكر الفيديو ذلك ولا يُظهره.",
    },
    "not_in_words": {
        "en": "Nothing that is said or written in the video answers this.",
        "de": "Nichts, was im Video gesagt wird oder geschrieben steht, beantwortet das.",
        "es": "Nada de lo que se dice o está escrito en el vídeo responde a esto.",
        "fr": "Rien de ce qui est dit ou écrit dans la vidéo n'y répond.",
        "it": "Nulla di ciò che viene detto o è scritto nel video risponde a questa domanda.",
        "pt": "Nada do que é dito ou está escrito no vídeo responde a isto.",
        "nl": "Niets wat in de video wordt gezegd of geschreven staat, beantwoordt dit.",
        "ru": "Ничто из сказанного и написанного в видео не отвечает на этот вопрос.",
        "zh": "视频中所说和所写的内容都没有回答这个问题。",
        "ja": "この動画で話されたことや書かれていることの中に、答えはありません。",
        "ko": "이 동영상에서 말하거나 쓰여 있는 내용에는 그 답이 없습니다.",
        "ar": "لا شيء مما قيل أو كُتب في الفيديو يجيب عن ذلك.",
    },
    "insufficient": {
        "en": "This could not be decided.",
        "de": "Das ließ sich nicht entscheiden.",
        "es": "No se pudo determinar.",
        "fr": "Cela n'a pas pu être établi.",
        "it": "Non è stato possibile stabilirlo.",
        "pt": "Não foi possível determinar isso.",
        "nl": "Dit kon niet worden vastgesteld.",
        "ru": "Это не удалось установить.",
        "zh": "无法确定这一点。",
        "ja": "これは判断できませんでした。",
        "ko": "이것은 판단할 수 없었습니다.",
        "ar": "تعذّر تحديد ذلك.",
    },
    "yes": {
        "en": "Yes",
        "de": "Ja",
        "es": "Sí",
        "fr": "Oui",
        "it": "Sì",
        "pt": "Sim",
        "nl": "Ja",
        "ru": "Да",
        "zh": "有",
        "ja": "はい",
        "ko": "네",
        "ar": "نعم",
    },
    "no": {
        "en": "No",
        "de": "Nein",
        "es": "No",
        "fr": "Non",
        "it": "No",
        "pt": "Não",
        "nl": "Nee",
        "ru": "Нет",
        "zh": "没有",
        "ja": "いいえ",
        "ko": "아니요",
        "ar": "لا",
    },
}


def phrase(name: Phrase, language: str) -> str:
    """The sentence in a language given as an ISO 639-1 code; in English if we do not have it."""
    known = _PHRASES[name]
    return known.get(language, known["en"])
