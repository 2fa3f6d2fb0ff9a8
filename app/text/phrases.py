"""The few sentences that code itself says to a user, in the language of the question if we have it."""

from __future__ import annotations

from typing import Literal

Phrase = Literal["not_in_video", "insufficient"]

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
}


def phrase(name: Phrase, language: str) -> str:
    """The sentence in a language given as an ISO 639-1 code; in English if we do not have it."""
    known = _PHRASES[name]
    return known.get(language, known["en"])
