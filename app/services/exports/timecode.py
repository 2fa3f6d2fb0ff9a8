"""Times for editing programs: frame numbers and SMPTE timecode, always non-drop.

Drop-frame timecode skips frame numbers at 29.97 and 59.94 frames a second to stay in step with
the wall clock. Non-drop counts every frame, exists at every rate, and is exact to the frame, which
markers need; at those two rates it falls 3.6 seconds an hour behind. The files say which one they use.
"""

from __future__ import annotations

from fractions import Fraction

from app.core.types import Video

STANDARD = tuple(
    Fraction(*rate)
    for rate in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (50, 1), (60000, 1001), (60, 1))
)
FALLBACK = Fraction(25)
"""The rate for sound without pictures, and for files without a known rate."""


def rate_of(video: Video) -> Fraction:
    """The timecode's frame rate: the standard rate nearest to the average, else the average itself."""
    pictures = video.media.video
    fps = pictures.average_fps if pictures else None
    if not fps or fps <= 0:
        return FALLBACK
    near = min(STANDARD, key=lambda rate: abs(float(rate) - fps))
    return near if abs(float(near) - fps) < 0.004 * fps else Fraction(max(1, round(fps)))


def frame_at(seconds: float, rate: Fraction) -> int:
    """The number of the frame nearest to a time."""
    return round(Fraction(seconds) * rate)


def timecode(frame: int, rate: Fraction) -> str:
    """hh:mm:ss:ff, non-drop: frames count to the rate rounded up."""
    nominal = -(-rate.numerator // rate.denominator)
    seconds, frames = divmod(frame, nominal)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}"
