"""The open video: player, chapters, timeline, and the lists of what is said and shown."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.api.schemas import ChapterOut, SegmentOut, UtteranceOut, VideoOut
from app.api.schemas.entities import EntityOut
from app.api.schemas.speakers import SpeakerOut
from app.core.timecode import clock
from app.core.types import SegmentKind
from app.core.types.entities import MentionSource
from ui.render.controls import controls, icon
from ui.render.markup import date_in_words, has_pictures, jump, note, safe, span_of, thumbnail
from ui.render.summaries import exports
from ui.render.templates import fill

MOST_EXAMPLES, MOST_RECENT, MOST_NAME_WORDS = 3, 9, 4
LANES = (
    '<button type="button" class="lr-name lr-lanes" data-lanes aria-expanded="false" '
    'title="Sound, pictures, and when something is said or written">Lanes</button>'
)
PART = (
    '<button type="button" class="lr-small" data-part aria-pressed="false" '
    'title="Draw a rectangle on the picture, then ask about it">Ask about a part</button>'
)
OTHERWISE_SHOWN = ("speech", "silence")
"""Sounds without a lane: the sentences have one, and silence shows in the loudness."""


def recent(videos: Sequence[VideoOut]) -> str:
    """The newest videos to choose from, shown while none is open."""
    ready = [video for video in videos if video.ready]
    return fill("recent.html", videos=ready[:MOST_RECENT], count=len(videos))


def player(video: VideoOut, start_s: float = 0.0, play: bool = False, spoken: bool = False) -> str:
    """The open video, from a time on; with captions if there is speech (`spoken`)."""
    poster = f' poster="{thumbnail(video.id, start_s)}"' if has_pictures(video) else ""
    from_s = f"#t={start_s:.3f}" if start_s > 0 else ""
    warnings = "".join(f'<p class="lr-warning">{safe(warning)}</p>' for warning in video.warnings)
    sound = ' class="lr-sound"' if video.width is None else ""
    fps = f' data-fps="{video.fps:g}"' if video.fps else ""
    facts = (("Recorded", date_in_words(video.recorded_at)), ("Camera", video.camera), ("Place", video.location))
    origin = " &middot; ".join(f"{name}: {safe(value)}" for name, value in facts if value)
    origin = f'<p class="lr-origin"><small>{origin}</small></p>' if origin else ""
    captions = (
        f'<track kind="captions" label="Transcript" srclang="{safe(video.language or "und")}" '
        f'src="v1/videos/{safe(video.id)}/transcript?format=vtt">'
    )
    return (
        f'<div class="lr-top"><h2 class="lr-playing">{safe(video.title)}</h2>'
        f"{PART if has_pictures(video) else ''}"
        '<button type="button" class="lr-small" data-save aria-haspopup="dialog">Save this moment</button></div>'
        f'<div class="lr-film" tabindex="-1"><video playsinline preload="metadata"{" autoplay" if play else ""} '
        f'data-video="{safe(video.id)}" data-title="{safe(video.title)}"{fps} '
        f'aria-label="Player: {safe(video.title)}"{sound}{poster} '
        f'src="v1/videos/{safe(video.id)}/media{from_s}">{captions if spoken else ""}</video>{icon("play")}</div>'
        f"{controls(video, spoken)}"
        '<p class="lr-noplay lr-warning" role="alert" hidden>This browser cannot play the format of this file. '
        f"Questions, transcript and pictures still work.</p>{origin}{warnings}"
    )


def timeline(
    video: VideoOut | None,
    chapters: Sequence[ChapterOut],
    sentences: Sequence[UtteranceOut],
    segments: Sequence[SegmentOut],
) -> str:
    """The player's bar, below it the chapters on the same scale, and lanes that are closed until somebody opens them.

    Only the bar and the chapters can be used by keyboard; the lists beside the player contain what the others show.
    """
    if video is None or video.duration_s <= 0:
        return ""
    whole = video.duration_s
    rows = [f'<div class="lr-row lr-first-row">{LANES}{_seek_bar(whole, chapters)}</div>']
    if chapters:
        rows.append(_row("Chapters", _chapter_bar(video, chapters), "lr-divided"))
    if not video.has_audio:
        rows.append(_row("Sound", '<div class="lr-track lr-nosound">No sound</div>'))
    elif video.ready:  # the page's script draws the loudness
        wave = f'<div class="lr-track lr-wave" data-seek data-wave="{safe(video.id)}" aria-hidden="true"></div>'
        rows.append(_row("Sound", wave))
    if has_pictures(video) and (scenes := _scenes(segments)):
        strip = f'<div class="lr-track lr-strip" data-seek data-scenes="{scenes}" aria-hidden="true"></div>'
        rows.append(_row("Pictures", strip))
    lanes = {
        "Said": [(line.start_s, line.end_s) for line in sentences],
        "On screen": [(one.start_s, one.end_s) for one in segments if one.kind is SegmentKind.SCREEN_TEXT],
        "Described": [(one.start_s, one.end_s) for one in segments if one.kind is SegmentKind.CAPTION],
        "Events": [(one.start_s, one.end_s) for one in segments if one.kind is SegmentKind.EVENT],
    }
    for one in segments:
        if one.kind is SegmentKind.SOUND and one.text not in OTHERWISE_SHOWN:
            lanes.setdefault(one.text.capitalize(), []).append((one.start_s, one.end_s))
    rows += [_row(safe(name), _lane(spans, whole)) for name, spans in lanes.items() if spans]
    things = f'<div class="lr-things" data-things="{safe(video.id)}" hidden></div>' if has_pictures(video) else ""
    return f'<div class="lr-timeline" data-duration="{whole:.3f}">{"".join(rows)}</div>{things}'


def _seek_bar(whole_s: float, chapters: Sequence[ChapterOut]) -> str:
    """The player's bar, divided into the chapters."""
    parts = "".join(
        f'<i class="lr-division" data-t="{one.start_s:.3f}" data-name="{safe(one.title)}" '
        f'style="left:{100 * one.start_s / whole_s:.3f}%;width:{100 * (one.end_s - one.start_s) / whole_s:.3f}%"></i>'
        for one in chapters
    )
    return (
        '<div class="lr-seek" role="slider" tabindex="0" aria-label="Position" aria-valuemin="0" '
        f'aria-valuemax="{int(whole_s)}" aria-valuenow="0"><span class="lr-rail"><i class="lr-loaded"></i>'
        f'<i class="lr-played"></i>{parts}</span><i class="lr-knob"></i></div>'
    )


def _scenes(segments: Sequence[SegmentOut]) -> str:
    """The start and the first key frame of each scene, for the script that knows the width."""
    first: dict[float, float] = {}
    for one in segments:
        if one.kind is SegmentKind.VISUAL and one.frame_s is not None:
            first.setdefault(one.start_s, one.frame_s)
    return " ".join(f"{start_s:.3f}:{frame_s:.3f}" for start_s, frame_s in sorted(first.items()))


def _row(name: str, track: str, kind: str = "lr-lane") -> str:
    return f'<div class="lr-row {kind}"><span class="lr-name" aria-hidden="true">{name}</span>{track}</div>'


def _chapter_bar(video: VideoOut, chapters: Sequence[ChapterOut]) -> str:
    items = []
    for chapter in chapters:
        left, width = share(chapter.start_s, chapter.end_s, video.duration_s)
        title = safe(chapter.title)
        button = jump(
            video.id, chapter.start_s, title, "lr-chapter", label=f"Chapter {clock(chapter.start_s)}: {title}"
        )
        items.append(
            f'<li style="left:{left:.2f}%;width:{width:.2f}%" title="{clock(chapter.start_s)} {title}">{button}</li>'
        )
    return f'<ol class="lr-track lr-chapters" aria-label="Chapters">{"".join(items)}</ol>'


def _lane(spans: Sequence[tuple[float, float]], whole_s: float) -> str:
    shape = "".join(
        f"M{left:.2f} 0h{width:.2f}v1h-{width:.2f}z" for left, width in (share(*one, whole_s) for one in spans)
    )
    return (
        '<div class="lr-track" data-seek aria-hidden="true">'
        f'<svg viewBox="0 0 100 1" preserveAspectRatio="none"><path d="{shape}"/></svg></div>'
    )


def share(start_s: float, end_s: float, whole_s: float) -> tuple[float, float]:
    """Left edge and width of a span in percent of the whole; wide enough to see, and never beyond the end."""
    left = min(99.5, max(0.0, 100 * start_s / whole_s))
    return left, min(100 - left, max(0.5, 100 * (end_s - start_s) / whole_s))


TABS = {
    "asking": "Ask",
    "transcript": "Transcript",
    "summary": "Summary",
    "chapters": "Chapters",
    "screen": "On screen",
    "export": "Export",
}
"""What is beside the player, by the names in the address."""


def about(
    video: VideoOut | None,
    sentences: Sequence[UtteranceOut],
    segments: Sequence[SegmentOut],
    chapters: Sequence[ChapterOut],
    speakers: Sequence[SpeakerOut] = (),
    mentioned: str = "",
) -> str:
    """The tabs beside the player and their panels; those to ask and of the summary are parts of their own.

    `mentioned`, the names and things of the video, is HTML.
    """
    if video is None:
        return ""
    panels = {
        "transcript": mentioned + voices(video, speakers) + transcript(video, sentences),
        "chapters": chapter_list(video, chapters),
        "screen": on_screen(video, segments),
        "export": exports(video),
    }
    return fill("tabs.html", tabs=TABS, panels={id: Markup(inner) for id, inner in panels.items()})  # noqa: S704


def _search(panel: str, label: str) -> str:
    return (
        f'<p class="lr-find"><label class="lr-hidden" for="lr-find-{panel}">{label}</label>'
        f'<input id="lr-find-{panel}" type="search" data-filter="#lr-{panel} .lr-lines > li" placeholder="{label}">'
        '<span class="lr-count" role="status"></span></p>'
    )


def voices(video: VideoOut, speakers: Sequence[SpeakerOut]) -> str:
    """Who speaks, with a form to name each; empty if speakers were not separated."""
    if not speakers:
        return ""
    names = safe(", ".join(one.name or one.label for one in speakers))
    rows = []
    for place, one in enumerate(speakers, 1):
        label, field = safe(one.label), f"lr-voice-{place}"
        known = ", recognized by voice" if one.recognised else ""
        alike = "".join(f'<option value="{safe(other.name)}"></option>' for other in one.suggestions)
        rows.append(
            f'<li><form class="lr-voice" data-of="{safe(video.id)}" data-speaker="{label}">'
            f'<label for="{field}">{label} <small>{clock(one.seconds)}{known}</small></label>'
            f'<input id="{field}" name="name" maxlength="80" list="{field}-like" placeholder="Name" '
            f'value="{safe(one.name or "")}"><datalist id="{field}-like">{alike}</datalist>'
            f'<button class="lr-small" aria-label="Save the name of {label}">Save</button></form></li>'
        )
    return (
        f'<details class="lr-voices"><summary>Who speaks: {names}</summary><ul>{"".join(rows)}</ul>'
        "<p><small>A name applies to every video in which the same voice speaks.</small></p></details>"
    )


def transcript(video: VideoOut, sentences: Sequence[UtteranceOut]) -> str:
    """Every sentence as a button that plays it."""
    if not sentences:
        return note("Nobody speaks in this video." if video.ready else "This video is still being processed.")
    lines = []
    for line in sentences:
        at = clock(line.start_s)
        speaker = f"<b>{safe(line.speaker)}:</b> " if line.speaker else ""
        text = f"<time>{at}</time><span>{speaker}<span>{safe(line.text)}</span></span>"
        pen = f'class="lr-pen" data-correct title="Correct" aria-label="Correct the sentence at {at}">&#9998;'
        button = jump(video.id, line.start_s, text, "lr-line")
        lines.append(f'<li>{button}<button type="button" {pen}</button></li>')
    return f'{_search("transcript", "Search what is said")}<ol class="lr-lines lr-follows">{"".join(lines)}</ol>'


def on_screen(video: VideoOut, segments: Sequence[SegmentOut]) -> str:
    """Texts and descriptions, as buttons that play them."""
    names = {SegmentKind.SCREEN_TEXT: "text", SegmentKind.CAPTION: "picture", SegmentKind.EVENT: "event"}
    shown = [one for one in segments if one.kind in names]
    if not shown:
        return note("Nothing is written on screen." if video.ready else "This video is still being processed.")
    lines = "".join(
        "<li>"
        + jump(
            video.id,
            one.start_s,
            f"<time>{clock(one.start_s)}</time><span><small>{names[one.kind]}</small> {safe(one.text)}</span>",
            "lr-line",
        )
        + "</li>"
        for one in shown
    )
    return f'{_search("screen", "Search what is on screen")}<ol class="lr-lines">{lines}</ol>'


def chapter_list(video: VideoOut, chapters: Sequence[ChapterOut]) -> str:
    """The chapters as buttons that play them; the page's script turns the list into a form."""
    if not chapters:
        return note("The chapters appear once the video has been processed.")
    items = []
    for chapter in chapters:
        at, span = clock(chapter.start_s), span_of(chapter.start_s, chapter.end_s)
        inner = f"<time>{at}</time><span><b>{safe(chapter.title)}</b> <small>{span}</small></span>"
        summary = f"<p>{safe(chapter.summary)}</p>" if chapter.summary else ""
        items.append(f"<li>{jump(video.id, chapter.start_s, inner, 'lr-line')}{summary}</li>")
    return (
        '<p class="lr-send"><button type="button" class="lr-small" data-edit>Edit chapters</button></p>'
        f'<ol class="lr-lines" data-of="{safe(video.id)}">{"".join(items)}</ol>'
    )


def examples(video: VideoOut | None, names: Sequence[EntityOut], written: bool = False, earlier: str = "") -> str:
    """Questions that a person may ask about the video, or about the library, and `earlier` ones (HTML) below.

    They are made of names that are said; `written` is whether there is text on the screen.
    """
    said = [one.name for one in names if MentionSource.SAID in one.sources and len(one.name.split()) <= MOST_NAME_WORDS]
    if video is None:
        questions = [f"Which videos mention {name}?" for name in said] or ["Which videos mention money?"]
    else:
        asked = ("What is said about {}?", "When is {} mentioned?")
        questions = [question.format(name) for question, name in zip(asked, said, strict=False)]
        questions += ["What is written on the screen?"] if written else []
        questions += ["What is this video about?"]
    buttons = "".join(
        f'<li><button type="button" class="lr-example" data-ask="{safe(one)}">{safe(one)}</button></li>'
        for one in questions[:MOST_EXAMPLES]
    )
    hint = "<p><small>Every answer shows the moments it comes from; a click plays them.</small></p>"
    return f'{hint}<ul class="lr-examples" aria-label="Example questions">{buttons}</ul>{earlier}'
