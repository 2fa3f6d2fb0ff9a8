"""Whisper as whisperX loads it, for the profiles that have torch; all else is as in `whisper`."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from typing import Any

from gpu_workers.speech.vad import voice_regions
from gpu_workers.speech.whisper import WhisperTranscriber
from gpu_workers.threads import threads


class WhisperXTranscriber(WhisperTranscriber):
    """Sentences with word times; the model is whisperX's."""

    def _load(self) -> Any:
        logger = logging.getLogger("whisperx")
        if not logger.handlers:  # it would write to standard output
            logger.addHandler(logging.NullHandler())
            logger.setLevel(logging.WARNING)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyannote warns that torchcodec is missing, but it is not used
            import whisperx.asr
        folder, device, number, numbers = self._prepare()
        with contextlib.redirect_stdout(io.StringIO()):  # it prints that the voice model is given
            pipeline = whisperx.load_model(
                str(folder),
                device,
                device_index=number,
                compute_type=numbers,
                vad_model=voice_regions,
                local_files_only=True,
                threads=threads(self._settings.threads),
            )
        return pipeline.model
