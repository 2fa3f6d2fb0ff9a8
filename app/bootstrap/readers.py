"""Wires the chunk reader, for this process or for an actor of a cluster."""

from __future__ import annotations

from pathlib import Path

from app.core.ports import MediaStore
from app.core.settings import RayPool, Settings
from app.services.ingest.chunks import ChunkReader
from gpu_workers.cluster.batching import joining
from gpu_workers.cluster.remote import ModelHost
from gpu_workers.registry import Workers

ROLES = {
    "listen": "transcriber",
    "diarize": "diarizer",
    "sounds": "sound_tagger",
    "watch": "frame_embedder",
    "shots": "shot_detector",
    "faces": "face_finder",
    "detect": "object_detector",
    "read": "text_reader",
    "caption": "captioner",
    "describe": "captioner",
}
"""The role that does most of the work for each kind of chunk: on a cluster, its pool reads those chunks."""


def chunk_reader(settings: Settings) -> ChunkReader:
    """A chunk reader for a separate process: models, decoders and the media store, but no database."""
    return chunk_reader_of(settings, Workers(settings), media_store(settings))


def in_an_actor(setup: tuple[Settings, RayPool]) -> ModelHost:
    """The object inside an actor of a pool: it reads chunks of videos and answers calls to models."""
    settings, pool = setup
    if pool.gpus:  # Ray shows an actor the GPUs that it reserves, numbered from 0
        device = settings.hardware.device.partition(":")[0]
        settings = settings.model_copy(update={"hardware": settings.hardware.model_copy(update={"device": device})})
    workers = Workers(settings)
    workers.stand_in = joining(pool.window_ms / 1000, pool.at_once)
    return ModelHost(chunk_reader_of(settings, workers, media_store(settings)), workers)


def chunk_reader_of(settings: Settings, workers: Workers, media: MediaStore) -> ChunkReader:
    """A chunk reader with shared models and a shared media store."""
    from gpu_workers.media.audio import PyAVAudio
    from gpu_workers.media.video_frames import VideoFrames

    return ChunkReader(
        frames=VideoFrames(),
        audio=PyAVAudio(),
        transcriber=workers.get("transcriber"),
        frame_embedder=workers.get("frame_embedder"),
        text_reader=workers.get("text_reader"),
        captioner=workers.get("captioner"),
        media=media,
        settings=settings.ingest,
        diarizer=workers.get("diarizer"),
        sound_tagger=workers.get("sound_tagger"),
        shot_detector=workers.get("shot_detector"),
        face_finder=workers.get("face_finder"),
        detector=workers.get("object_detector"),
    )


def media_store(settings: Settings) -> MediaStore:
    """The media folder from the settings, or the one in the data folder."""
    from gpu_workers.media.store import FolderMediaStore

    return FolderMediaStore(Path(settings.media_url) if settings.media_url else settings.data / "media")
