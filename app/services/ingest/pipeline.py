"""The stages of ingest in their order. A stage finds the results of those before it."""

from __future__ import annotations

from typing import Any

from app.services.ingest.stage import Stage
from app.services.ingest.stages.audio import AUDIO
from app.services.ingest.stages.caption import CAPTION
from app.services.ingest.stages.describe import DESCRIBE
from app.services.ingest.stages.digest import DIGEST
from app.services.ingest.stages.entities import ENTITIES
from app.services.ingest.stages.faces import FACES
from app.services.ingest.stages.index import INDEX
from app.services.ingest.stages.key_frames import KEY_FRAMES
from app.services.ingest.stages.objects import OBJECT_INDEX, OBJECTS
from app.services.ingest.stages.sample import SAMPLE
from app.services.ingest.stages.screen_text import SCREEN_TEXT
from app.services.ingest.stages.segment import SEGMENT
from app.services.ingest.stages.shots import SHOTS
from app.services.ingest.stages.sounds import SOUND_INDEX, SOUNDS
from app.services.ingest.stages.speakers import SPEAKERS
from app.services.ingest.stages.transcribe import SUBTITLES, TRACK, TRANSCRIBE

Stages = tuple[Stage[Any], ...]
SOUND: Stages = (AUDIO, SUBTITLES, TRACK, TRANSCRIBE, SPEAKERS, SOUNDS)
PICTURES: Stages = (SAMPLE, FACES, OBJECTS, SCREEN_TEXT)
"""At the same time as those of the sound."""
LIBRARY: Stages = (SHOTS, SEGMENT, KEY_FRAMES, CAPTION, DESCRIBE, INDEX, OBJECT_INDEX, SOUND_INDEX, ENTITIES)
"""After both; then the video is ready for questions."""
LAST: Stages = (DIGEST,)
"""With the models that hear and read out of memory."""
