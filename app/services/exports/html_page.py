"""An HTML page of one video that needs no server: a player, and text with links to its times."""

from __future__ import annotations

import html
from pathlib import Path

from app.core.errors import MissingPart
from app.core.timecode import clock
from app.services.exports.markdown import page
from app.services.exports.material import Material, headline

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
video, audio { position: sticky; top: 0; width: 100%; max-height: 50vh; background: #000; z-index: 1 }
a { color: LinkText; text-decoration: none } a:hover, a:focus-visible { text-decoration: underline }
.said p { margin: .2rem 0; display: grid; grid-template-columns: 5rem 1fr }
"""
_SCRIPT = """
const player = document.querySelector("video, audio");
player?.addEventListener("error", () => {
  player.hidden = true;
  document.querySelector(".absent").hidden = false;
});
const jump = () => {
  const found = /^#t=([0-9.]+)/.exec(location.hash);
  if (player && found) { player.currentTime = Number(found[1]); player.play().catch(() => {}); }
};
addEventListener("hashchange", jump);
addEventListener("click", event => {
  const link = event.target.closest('a[href^="#t="]');
  if (link && link.getAttribute("href") === location.hash) jump();
});
jump();
"""


def html_page(material: Material) -> str:
    """Player, summary, chapters, answers and transcript. Texts are escaped; only the video is loaded."""
    title, player, transcript = html.escape(headline(material.video.title)), "", ""
    if material.video.path:
        kind = "video" if material.video.media.video else "audio"
        name = html.escape(Path(material.video.path).name)
        player = (
            f'<{kind} controls preload="metadata" src="{html.escape(material.player_address)}"></{kind}>\n'
            f'<p class="absent" hidden>To play it here, put {name} into the folder of this page.</p>'
        )
    if material.utterances:
        lines = [
            f'<p><a href="#t={u.span.start_s:.2f}">{clock(u.span.start_s)}</a><span>{html.escape(u.text)}</span></p>'
            for u in material.utterances
        ]
        transcript = '<h2>Transcript</h2>\n<div class="said">\n' + "\n".join(lines) + "\n</div>\n"
    body = rendered(page(material, lambda seconds: f"#t={seconds:.2f}"))
    language = html.escape(material.video.language or "en")
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{player}\n{body}{transcript}"
        f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def plain_page(title: str, text: str) -> str:
    """A page of Markdown text without a player."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{rendered(text)}</body>\n</html>\n"
    )


def rendered(text: str) -> str:
    """CommonMark as HTML; tags in the text are escaped. Raises MissingPart."""
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise MissingPart("HTML needs the package markdown-it-py.", "pip install markdown-it-py") from error
    page: str = MarkdownIt("commonmark", {"html": False}).render(text)
    return page
