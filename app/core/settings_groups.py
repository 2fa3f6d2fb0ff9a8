"""The groups of settings, each a part of `Settings` (`app/core/settings.py`)."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo, field_validator


def _from_json(value: Any) -> Any:
    """A table of the settings file as it is, and a variable's text as JSON."""
    return json.loads(value) if isinstance(value, str) else value


class SettingsGroup(BaseModel):
    """Settings that belong together: `LONGREEL_AGENT__MAX_STEPS` is `max_steps` of the group `agent`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Models(SettingsGroup):
    """The implementation for each role; empty means the profile's choice. See `longreel doctor`."""

    transcriber: str = Field("", description="transcribes speech")
    diarizer: str = Field("", description="separates speakers")
    sound_tagger: str = Field("", description="finds speech, singing and music")
    frame_embedder: str = Field("", description="makes pictures searchable by words")
    text_embedder: str = Field("", description="makes texts searchable by meaning")
    reranker: str = Field("", description="ranks search results, reading question and passage together")
    frame_selector: str = Field("maxinfo", description="chooses the key frames of a segment")
    query_frame_selector: str = Field("hybrid", description="chooses the frames of a look, for the question at hand")
    text_reader: str = Field("", description="reads text on the screen")
    captioner: str = Field("", description="describes a segment in a sentence")
    object_detector: str = Field("", description="finds things by name")
    shot_detector: str = Field("", description="finds cuts")
    face_finder: str = Field("", description="finds and distinguishes faces")
    language_model: str = Field(
        "", description="understands questions, answers them, and writes chapters and summaries"
    )
    vision_language_model: str = Field("", description="looks at pictures if the language model does not accept them")


class Ingest(SettingsGroup):
    """How a video is ingested."""

    sample_every_s: float = Field(1.0, gt=0, le=60, description="time between two sampled pictures, seconds")
    text_side: int = Field(1280, ge=256, le=4096, description="longest side of frames whose text is read, pixels")
    thumbnail_side: int = Field(320, ge=64, le=1024, description="longest side of the pictures on the page, pixels")
    chunk_s: float = Field(120.0, ge=30, le=1800, description="length of sound that is transcribed at a time, seconds")
    sample_chunk_s: float = Field(
        300.0, ge=30, le=1800, description="length of video that is decoded at a time, seconds"
    )
    segment_min_s: float = Field(10.0, gt=0, description="shortest indexed segment, seconds")
    segment_max_s: float = Field(30.0, gt=0, validate_default=True, description="longest indexed segment, seconds")
    key_frames_per_segment: int = Field(3, ge=1, le=16, description="most key frames of a segment")
    caption_frames: int = Field(
        8,
        ge=1,
        le=64,
        description="frames of a segment that the captioner `openai` sees in full, if that many differ",
    )
    maxinfo_rank: int = Field(8, ge=1, le=64, description="number of directions in MaxInfo")
    maxinfo_tolerance: float = Field(
        0.3, gt=0, description="how well the chosen pictures must represent the others; lower chooses more"
    )
    maxinfo_form: Literal["chunks", "scenes", "slow", "fast"] = Field(
        "chunks", description="how MaxInfo goes through a video: docs/selection.md"
    )
    speakers: bool = Field(False, description="separate speakers and show who says what; needs the extra `speakers`")
    speakers_chunk_s: float = Field(
        300.0, ge=60, le=3600, description="length of sound in which speakers are separated at a time, seconds"
    )
    objects: bool = Field(True, description="find and track things, so that they can be counted")
    objects_every_s: float = Field(
        8.0, ge=0.1, le=600, description="time between two frames in which a long video is searched for things, seconds"
    )
    sounds: bool = Field(True, description="find out when music, singing, speech and silence are heard")
    faces: bool = Field(False, description="find faces and group them by person; needs files, see docs/faces.md")
    summary_words: int = Field(120, ge=20, le=1000, description="length of the first summary, words")
    private_addresses: bool = Field(
        False, description="allow downloads from addresses on this machine and in private networks"
    )

    @field_validator("segment_max_s")
    @classmethod
    def _not_below_the_shortest(cls, longest_s: float, info: ValidationInfo) -> float:
        shortest_s = info.data.get("segment_min_s", 0.0)
        if longest_s < shortest_s:
            raise ValueError(f"{longest_s:g} is less than segment_min_s, which is {shortest_s:g}")
        return longest_s


class Hardware(SettingsGroup):
    """Where and how the Hugging Face models run. The offline profile's models stay on the CPU."""

    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="auto, cpu, cuda or cuda:1; auto takes a GPU if there is one",
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="number type of the weights; auto: bfloat16 if the GPU has it, float32 on the CPU"
    )
    batch: int = Field(0, ge=0, le=4096, description="items that a model processes at once; 0: the model chooses")
    quantisation: Literal["none", "8bit", "4bit"] = Field("none", description="quantises the models that write")
    memory_gb: float = Field(
        0.0,
        ge=0,
        description="memory for all models of a process; beyond it, the least recently used is unloaded; 0: no limit",
    )
    idle_unload_s: float = Field(0.0, ge=0, description="unload a model after this time without use, seconds; 0: never")


class Weights(SettingsGroup):
    """A Hugging Face name or a local folder for each role that loads one; empty means the profile's choice."""

    transcriber: str = Field("", description="a Whisper model for CTranslate2, such as Systran/faster-whisper-small")
    aligners: Annotated[dict[str, str], BeforeValidator(_from_json)] = Field(
        {}, description='wav2vec2 models by language, for exact word times, as JSON: {"en": "name or folder"}'
    )
    diarizer: str = Field("", description="a pyannote pipeline such as pyannote/speaker-diarization-community-1")
    sound_tagger: str = Field(
        "", description="a classifier trained on AudioSet, such as MIT/ast-finetuned-audioset-10-10-0.4593"
    )
    frame_embedder: str = Field("", description="a SigLIP, SigLIP 2, CLIP, Qwen3-VL-Embedding or VLM2Vec-V2 model")
    text_embedder: str = Field("", description="a sentence model such as Qwen/Qwen3-Embedding-0.6B")
    reranker: str = Field("", description="a cross-encoder such as BAAI/bge-reranker-v2-m3")
    captioner: str = Field("", description="a vision-language model; empty: the one of vision_language_model")
    object_detector: str = Field("", description="an OWLv2 or Grounding DINO model, or the folder of NanoDet")
    shot_detector: str = Field("", description="a file with the weights of TransNetV2")
    face_detector: str = Field("", description="an ONNX file with the interface of YuNet")
    face_embedder: str = Field("", description="an ONNX file with the interface of SFace")
    vision_language_model: str = Field(
        "", description="Qwen2.5-VL, Qwen3-VL, InternVL, SmolVLM2, Gemma 3, LLaVA-OneVision and others"
    )
    language_model: str = Field("", description="an instruct model with a chat template, or a .gguf file")


class VisionSettings(SettingsGroup):
    """How frames are shown to a vision-language model that runs here; the defaults show everything."""

    tokens: float = Field(1.0, gt=0, le=1, description="share of the pictures' tokens that the model reads")
    tokens_by: Literal["density", "attention", "longvu", "framefusion"] = Field(
        "density",
        description="how these are chosen: density, the most salient and the most typical (after FastVID); "
        "attention, what the question's words attend to (after FlexSelect); longvu, frames unlike the question are "
        "pooled, then repeats dropped (LongVU's steps 2 and 3); framefusion, merged and pruned between "
        "the layers, so that they cause this share of the work (FrameFusion)",
    )
    region: float = Field(
        1.0, gt=0, le=1, description="share of each frame to show, around what the question is about; 1: whole frames"
    )
    quota: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="tokens that the frames of one look share by their relevance to the question, as in QuoTA; "
        "Qwen2.5-VL and Qwen3-VL; 0: all frames in one size",
    )
    time_tokens: bool = Field(
        False, description="Qwen2.5-VL and Qwen3-VL get frames as one video, with their own tokens for the true times"
    )


class Agent(SettingsGroup):
    """How an answer is found, and its budget."""

    mode: Literal["auto", "loop", "pipeline"] = Field(
        "auto",
        description="loop: the model chooses each step; pipeline: a short fixed order for small models; auto: the loop "
        "if the model can read enough at once, according to its server or its files",
    )
    max_steps: int = Field(12, ge=1, le=64, description="turns in which the model uses tools")
    max_frames: int = Field(128, ge=0, le=4096, description="frames that the model sees")
    max_tokens: int = Field(150_000, ge=500, description="tokens that the model reads and writes")
    max_seconds: float = Field(
        180.0, gt=0, le=86_400, description="time for one answer, seconds; when it is up, you get the best one so far"
    )
    always_choose: bool = Field(
        False, description="multiple choice: name the likeliest option even if unproven, as public benchmarks score it"
    )

    def at_most(self, max_steps: int | None, max_seconds: float | None) -> Agent:
        """A copy with a caller's limits for one answer; a limit that is None or above its setting has no effect."""
        steps = self.max_steps if max_steps is None else min(max_steps, self.max_steps)
        seconds = self.max_seconds if max_seconds is None else min(max_seconds, self.max_seconds)
        return self.model_copy(update={"max_steps": steps, "max_seconds": seconds})


class Server(SettingsGroup):
    """The web server. A public address needs an API key."""

    host: str = Field("127.0.0.1", description="address to listen on; a public one needs an API key")
    port: int = Field(7860, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    public_url: str = Field(
        "", description="the address that browsers open when a proxy publishes the server: https://example.org/longreel"
    )
    trusted_proxies: str = Field(
        "127.0.0.1,::1", description="addresses and networks of proxies whose X-Forwarded-* fields are trusted"
    )
    api_key: SecretStr | None = Field(
        None,
        description="the key that every caller must send; unset: no key, and only this machine can reach the server",
    )
    max_upload_gb: float = Field(20.0, gt=0, le=100_000, description="largest file that the server accepts")
    workers: int = Field(1, ge=0, le=64, description="worker threads in the server's process")
    warm_up: bool = Field(False, description="load the models that answering needs before the first question")
    requests_per_minute: int = Field(
        0, ge=0, le=1_000_000, description="requests that a caller may send to /v1, per server process; 0: no limit"
    )
    webhook_url: str = Field("", description="address to notify when a job that has no webhook of its own ends")
    webhook_secret: SecretStr | None = Field(
        None, description="the secret that signs these notices: whsec_ and 24 to 64 random bytes in base64"
    )
    private_webhooks: bool = Field(False, description="allow webhooks to this machine and private networks")

    @property
    def url(self) -> str:
        """The address that it listens on, as a browser takes it; IPv6 addresses are in brackets."""
        host = self.host.strip("[]")
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def local_url(self) -> str:
        """The address for programs on the same machine."""
        is_everywhere = self.host.strip("[]") in ("", "0.0.0.0", "::")  # noqa: S104 - compared only
        return f"http://127.0.0.1:{self.port}" if is_everywhere else self.url


class Jobs(SettingsGroup):
    """How background work is leased and retried."""

    lease_s: float = Field(
        60.0, gt=1, description="a job whose worker is silent for this long goes to another worker, seconds"
    )
    heartbeat_s: float = Field(
        10.0,
        gt=0.1,
        validate_default=True,
        description="how often a worker reports that it is alive, seconds; at most half of `lease_s`",
    )
    poll_s: float = Field(0.5, gt=0, description="how often an idle worker looks for work, seconds")
    max_attempts: int = Field(
        3, ge=1, description="how often a job is tried if its worker dies or a temporary error occurs"
    )

    @field_validator("heartbeat_s")
    @classmethod
    def _within_the_lease(cls, heartbeat_s: float, info: ValidationInfo) -> float:
        lease_s = info.data.get("lease_s", 2 * heartbeat_s)
        if heartbeat_s > lease_s / 2:
            raise ValueError(f"{heartbeat_s:g} is more than half of lease_s, which is {lease_s:g}")
        return heartbeat_s


class RayPool(SettingsGroup):
    """Actors in a Ray cluster, each with models of its own."""

    replicas: int = Field(1, ge=0, le=10_000, description="actors to keep running after the first job")
    max_replicas: int = Field(
        0, ge=0, le=10_000, description="most actors while work is waiting; 0: as many as `replicas`"
    )
    cpus: float = Field(1.0, ge=0, le=1024, description="cores that an actor reserves, and the threads of its models")
    gpus: float = Field(0.0, ge=0, le=64, description="GPUs that an actor reserves; 0.25 lets four share one")
    max_restarts: int = Field(3, ge=0, le=100, description="how often in a row an actor that died is restarted")
    at_once: int = Field(1, ge=1, le=64, description="chunks that an actor runs at a time, and as many questions")
    window_ms: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="how long a model waits for more of the `at_once` calls, to run them as one batch, milliseconds",
    )


class Ray(RayPool):
    """How chunks are distributed over a Ray cluster, when `runtime` is ray."""

    address: str = Field("", description="the cluster's head, host:port, or auto; empty starts Ray on this machine")
    pools: Annotated[dict[str, RayPool], BeforeValidator(_from_json)] = Field(
        {},
        description='separate pools, by the names of LONGREEL_MODELS, as JSON: {"captioner": {"replicas": 2}}',
    )
    in_flight: int = Field(1, ge=1, le=64, description="chunks of one video that an actor holds, running or waiting")
    max_tries: int = Field(3, ge=1, le=20, description="how often a chunk is tried when its actors die")
    start_s: float = Field(600.0, gt=0, description="how long to wait for the first actor to start, seconds")
    idle_s: float = Field(300.0, ge=0, description="actors above `replicas` stop after being idle this long; 0: never")

    @field_validator("pools")
    @classmethod
    def _of_models(cls, pools: dict[str, RayPool]) -> dict[str, RayPool]:
        known = [role for role in Models.model_fields if not role.endswith("selector")]
        for name in pools:
            if name not in known:
                raise ValueError(f"no model is named {name}; known are {', '.join(known)}")
        return pools
