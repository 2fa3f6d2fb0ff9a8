"""One typed Settings object: read once at the start from `LONGREEL_*` variables, then passed along.

Nested groups use two underscores: `LONGREEL_AGENT__MAX_STEPS=3`. A variable that no setting has,
or a value out of range, stops the program with the name of the nearest setting.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.errors import BadSettings

PREFIX = "LONGREEL_"


def _xdg(variable: str, fallback: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / fallback) / "longreel"


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Models(_Group):
    """Which implementation plays each role; empty means the profile's choice. See `longreel doctor`."""

    transcriber: str = Field("", description="writes down what is said")
    diarizer: str = Field("", description="tells voices apart")
    frame_embedder: str = Field("", description="makes pictures findable by words")
    text_embedder: str = Field("", description="makes texts findable by meaning")
    reranker: str = Field("", description="puts what a search found in order, reading question and passage together")
    frame_selector: str = Field("maxinfo", description="chooses the key frames of a segment")
    query_frame_selector: str = Field("hybrid", description="chooses the frames of a look, for what is looked for")
    text_reader: str = Field("", description="reads text on the screen")
    captioner: str = Field("", description="describes a segment in a sentence")
    object_detector: str = Field("", description="finds things that are named in words")
    shot_detector: str = Field("", description="finds cuts")
    face_finder: str = Field("", description="finds faces and tells them apart")
    language_model: str = Field(
        "", description="understands questions, answers them, and writes chapters and summaries"
    )
    vision_language_model: str = Field("", description="looks at pictures where the language model accepts none")


class Ingest(_Group):
    """How a video is read."""

    sample_every_s: float = Field(1.0, gt=0, le=60, description="time between two pictures that are looked at, seconds")
    text_side: int = Field(1280, ge=256, le=4096, description="longest side of frames whose text is read, pixels")
    thumbnail_side: int = Field(
        320, ge=64, le=1024, description="longest side of the pictures that the page shows, pixels"
    )
    chunk_s: float = Field(120.0, ge=30, le=1800, description="audio transcribed at a time, seconds")
    sample_chunk_s: float = Field(300.0, ge=30, le=1800, description="pictures decoded by one reader, seconds")
    segment_min_s: float = Field(10.0, gt=0, description="shortest segment that is indexed, seconds")
    segment_max_s: float = Field(30.0, gt=0, description="longest segment that is indexed, seconds")
    key_frames_per_segment: int = Field(3, ge=1, le=16, description="pictures that stand for a segment, at most")
    caption_frames: int = Field(
        8,
        ge=1,
        le=64,
        description="frames of a segment that the captioner `openai` is shown in full, if so many differ",
    )
    maxinfo_rank: int = Field(8, ge=1, le=64, description="directions that MaxInfo keeps of the pictures' vectors")
    maxinfo_tolerance: float = Field(
        0.3, gt=0, description="how well the chosen pictures must make up the others; lower chooses more"
    )
    maxinfo_form: Literal["chunks", "scenes", "slow", "fast"] = Field(
        "chunks", description="how MaxInfo goes through a video: docs/selection.md"
    )
    speakers: bool = Field(False, description="tell voices apart and say who speaks; needs the extra `speakers`")
    speakers_chunk_s: float = Field(300.0, ge=60, le=3600, description="sound whose voices are told apart at a time")
    objects: bool = Field(True, description="find things and follow them, so that they can be counted")
    objects_every_s: float = Field(
        8.0, ge=0.1, le=600, description="time between two frames of a long video in which things are looked for"
    )
    faces: bool = Field(False, description="find faces and group them by person; needs files, see docs/faces.md")
    summary_words: int = Field(120, ge=20, le=1000, description="length of the first summary, words")
    private_addresses: bool = Field(
        False, description="videos may be read from addresses on this machine and in private networks"
    )


class Hardware(_Group):
    """Where and how the Hugging Face models run. The offline profile's models stay on the CPU."""

    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="auto, cpu, cuda or cuda:1; auto takes a GPU if there is one",
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="numbers of the weights; auto: bfloat16 on a GPU that has it, float32 on the CPU"
    )
    batch: int = Field(0, ge=0, le=4096, description="items a model takes at once; 0 means each model's own choice")
    quantisation: Literal["none", "8bit", "4bit"] = Field("none", description="of the models that write; bitsandbytes")
    memory_gb: float = Field(
        0.0,
        ge=0,
        description="what all models of a process may take together; the longest unused is freed; 0: no limit",
    )
    idle_unload_s: float = Field(0.0, ge=0, description="a model unused for this long is freed; 0 keeps it")


class Weights(_Group):
    """A Hugging Face name or a local folder for each role that loads one; empty means the profile's choice."""

    transcriber: str = Field("", description="a Whisper model for CTranslate2, such as Systran/faster-whisper-small")
    aligners: dict[str, str] = Field(
        {}, description='wav2vec2 models by language, for exact word times, as JSON: {"en": "name or folder"}'
    )
    diarizer: str = Field("", description="a pyannote pipeline such as pyannote/speaker-diarization-community-1")
    frame_embedder: str = Field("", description="a SigLIP, SigLIP 2 or CLIP model")
    text_embedder: str = Field("", description="a sentence model such as Qwen/Qwen3-Embedding-0.6B")
    reranker: str = Field("", description="a cross-encoder such as BAAI/bge-reranker-v2-m3")
    captioner: str = Field("", description="a vision-language model; empty takes that of vision_language_model")
    object_detector: str = Field("", description="an OWLv2 or Grounding DINO model")
    shot_detector: str = Field("", description="a file with the weights of TransNetV2")
    face_detector: str = Field("", description="an ONNX file of the shape of YuNet")
    face_embedder: str = Field("", description="an ONNX file of the shape of SFace")
    vision_language_model: str = Field("", description="Qwen2.5-VL, Qwen3-VL, SmolVLM2 or LLaVA-OneVision")
    language_model: str = Field("", description="an instruct model with a chat template, or a .gguf file")


class VisionSettings(_Group):
    """How a vision-language model that runs here is shown frames; the defaults show all there is."""

    tokens: float = Field(
        1.0, gt=0, le=1, description="share of the pictures' tokens that the model reads, chosen as FastVID does"
    )
    region: float = Field(
        1.0, gt=0, le=1, description="share of each frame that is shown, around what is asked about; 1: whole frames"
    )
    quota: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="tokens that the frames of one look share by how much each bears on the question, as in QuoTA; "
        "Qwen2.5-VL and Qwen3-VL; 0: all frames in one size",
    )
    time_tokens: bool = Field(
        False, description="Qwen2.5-VL and Qwen3-VL get frames as one video, with their own tokens for the true times"
    )


class Agent(_Group):
    """How one answer is found, and its budget."""

    mode: Literal["auto", "loop", "pipeline"] = Field(
        "auto",
        description="loop: the model chooses each step; pipeline: a short fixed order for small models; auto: the loop "
        "where the model can read enough at once, as its server or its files say",
    )
    max_steps: int = Field(12, ge=1, le=64, description="turns in which the model uses tools")
    max_frames: int = Field(128, ge=0, le=4096, description="pictures that are looked at")
    max_tokens: int = Field(150_000, ge=500, description="tokens that the model reads and writes")
    max_seconds: float = Field(180.0, gt=0, description="time for one answer, seconds; then the best honest answer")
    always_choose: bool = Field(
        False, description="multiple choice: name the likeliest option even unsupported, as public benchmarks score it"
    )

    def at_most(self, max_steps: int | None, max_seconds: float | None) -> Agent:
        """The same with what a caller wants of one answer; a limit that is None or above its setting stays."""
        steps = self.max_steps if max_steps is None else min(max_steps, self.max_steps)
        seconds = self.max_seconds if max_seconds is None else min(max_seconds, self.max_seconds)
        return self.model_copy(update={"max_steps": steps, "max_seconds": seconds})


class Server(_Group):
    """The web server. A public address needs an API key."""

    host: str = Field("127.0.0.1", description="address to listen at; a public one needs an API key")
    port: int = Field(7860, ge=0, le=65535, description="port to listen at; 0 takes a free one")
    public_url: str = Field(
        "", description="the address that browsers open when a proxy publishes the server: https://example.org/longreel"
    )
    trusted_proxies: str = Field(
        "127.0.0.1,::1", description="addresses and networks of proxies whose X-Forwarded-* fields are believed"
    )
    api_key: SecretStr | None = Field(
        None, description="asked of every caller; unset: nobody is asked, and only this machine may call"
    )
    max_upload_gb: float = Field(20.0, gt=0, description="largest file that is taken")
    workers: int = Field(1, ge=0, le=64, description="worker threads in the server's process")
    warm_up: bool = Field(False, description="load the models that answering needs before the first question")
    requests_per_minute: int = Field(
        0, ge=0, le=1_000_000, description="of one caller to /v1, counted by each server process; 0 means no limit"
    )
    webhook_url: str = Field("", description="told of the end of each job that names no webhook of its own")
    webhook_secret: SecretStr | None = Field(None, description="signs what goes there: whsec_ and 24-64 bytes, base64")
    private_webhooks: bool = Field(False, description="webhooks may go to this machine and private networks")

    @property
    def url(self) -> str:
        """The address that it listens at, as a browser takes it; numbers of IPv6 stand in brackets."""
        host = self.host.strip("[]")
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


class Jobs(_Group):
    """How background work is leased and retried."""

    lease_s: float = Field(
        60.0, gt=1, description="work of a worker that was silent for so long goes to another one, seconds"
    )
    heartbeat_s: float = Field(10.0, gt=0.1, description="how often a worker says that it still works, seconds")
    poll_s: float = Field(0.5, gt=0, description="how often an idle worker looks for work, seconds")
    max_attempts: int = Field(
        3, ge=1, description="how often work is tried when its worker dies or a passing error comes"
    )


class RayPool(_Group):
    """Actors in a Ray cluster, each with models of its own."""

    replicas: int = Field(1, ge=0, le=10_000, description="actors that are kept once there was work")
    max_replicas: int = Field(0, ge=0, le=10_000, description="actors at most, when work waits; 0 means `replicas`")
    cpus: float = Field(1.0, ge=0, le=1024, description="cores an actor reserves; also its models' threads")
    gpus: float = Field(0.0, ge=0, le=64, description="GPUs an actor reserves; 0.25 lets four share one")
    max_restarts: int = Field(3, ge=0, le=100, description="how often in a row an actor that died is started again")
    at_once: int = Field(1, ge=1, le=64, description="chunks, and questions beside them, that an actor has under way")
    window_ms: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="how long a model waits for others of the `at_once` calls, to do them as one batch",
    )


class Ray(RayPool):
    """How chunks are spread over a Ray cluster, with `runtime` set to ray."""

    address: str = Field("", description="the cluster's head, host:port, or auto; empty starts Ray on this machine")
    pools: dict[str, RayPool] = Field(
        {},
        description='pools of their own, by the names of LONGREEL_MODELS, as JSON: {"captioner": {"replicas": 2}}',
    )
    in_flight: int = Field(1, ge=1, le=64, description="chunks of one video that an actor holds, running or waiting")
    max_tries: int = Field(3, ge=1, le=20, description="how often a chunk is tried when its actors die")
    start_s: float = Field(600.0, gt=0, description="how long one waits for the first actor to start, seconds")
    idle_s: float = Field(300.0, ge=0, description="actors above `replicas` end when idle for this long; 0 keeps them")

    @field_validator("pools")
    @classmethod
    def _of_models(cls, pools: dict[str, RayPool]) -> dict[str, RayPool]:
        known = [role for role in Models.model_fields if not role.endswith("selector")]
        for name in pools:
            if name not in known:
                raise ValueError(f"no model is named {name}; known are {', '.join(known)}")
        return pools


class Settings(BaseSettings):
    """Everything that can be set, with defaults that run offline on a bare machine."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid")

    profile: Literal["offline", "cpu", "gpu", "remote"] = Field(
        "offline", description="which models: the bundled ones, Hugging Face's for CPU or GPU, or servers"
    )
    home: Path = Field(default_factory=lambda: _xdg("XDG_CACHE_HOME", ".cache"), description="prepared model files")
    data: Path = Field(default_factory=lambda: _xdg("XDG_DATA_HOME", ".local/share"), description="the library")
    database_url: SecretStr | None = Field(None, description="PostgreSQL; a SQLite file in `data` when unset")
    chroma_url: str | None = Field(None, description="a Chroma server; an embedded store in `data` when unset")
    media_url: str | None = Field(None, description="a folder for uploads and thumbnails; `data`/media when unset")
    llm_url: str | None = Field(
        None, description="an OpenAI-compatible server that writes, such as http://127.0.0.1:8000/v1"
    )
    llm_model: str = Field("", description="the model's name there; empty: the only one that the server lists")
    llm_key: SecretStr | None = Field(None, description="its key")
    vlm_url: str | None = Field(
        None, description="an OpenAI-compatible server that looks at pictures; unset: the one at `llm_url`"
    )
    vlm_model: str = Field("", description="the model's name there")
    vlm_key: SecretStr | None = Field(None, description="its key")
    embedding_url: str | None = Field(
        None, description="an OpenAI-compatible server for text vectors, with the text embedder `openai`"
    )
    embedding_model: str = Field("", description="the model's name there; empty: the only one that the server lists")
    embedding_key: SecretStr | None = Field(None, description="its key")
    embedding_query_prefix: str = Field("", description='what the model wants before a question, such as "query: "')
    embedding_document_prefix: str = Field("", description='what it wants before a passage, such as "passage: "')
    frame_embedding_url: str | None = Field(
        None,
        description="a server such as vLLM for vectors of pictures and words, with the frame embedder `openai`; "
        "unset: the one at `embedding_url`",
    )
    frame_embedding_model: str = Field("", description="the model's name there")
    frame_embedding_key: SecretStr | None = Field(None, description="its key")
    frame_embedding_prompt: str = Field(
        "", description='what the model wants beside a picture, such as "Represent the given image."'
    )
    frame_embedding_query_prefix: str = Field("", description="what it wants before words that look for pictures")
    server_requests: int = Field(
        8, ge=1, le=256, description="requests that one video has under way at a model server while it is read"
    )
    llm_images: bool | None = Field(None, description="whether the model at `llm_url` accepts pictures; unset: probed")
    llm_tools: bool | None = Field(None, description="whether it calls tools natively; unset: probed")
    llm_context: int = Field(0, ge=0, description="tokens it reads at once; 0: as the server says, else 32768")
    vlm_presentation: Literal["interleaved", "grid", "thumbnail", "slowfast"] = Field(
        "interleaved", description="how a vision-language model is shown several frames"
    )
    bin_days: float = Field(7.0, ge=0, description="how long a deleted video can be restored; 0 deletes at once")
    threads: int = Field(0, ge=0, description="CPU threads of a model; 0 means one for each core")
    models: Models = Models()
    hardware: Hardware = Hardware()
    weights: Weights = Weights()
    vision: VisionSettings = VisionSettings()
    ingest: Ingest = Ingest()
    agent: Agent = Agent()
    server: Server = Server()
    jobs: Jobs = Jobs()
    runtime: Literal["local", "ray"] = Field("local", description="where chunks of videos are read")
    ray: Ray = Ray()


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment (`os.environ` unless given for the check). Raises BadSettings."""
    variables = os.environ if environment is None else environment
    known = set(known_variables())
    for name in variables:
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise BadSettings(f"There is no setting {name}.", f"Did you mean {near[0]}?" if near else "")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "__".join(str(part) for part in first["loc"]).upper()
        raise BadSettings(f"{name}: {first['msg']}.", "Correct it or unset it.") from error


def known_variables() -> list[str]:
    """The name of every environment variable that sets something."""
    names = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        names.append(PREFIX + name.upper())
        if isinstance(kind, type) and issubclass(kind, _Group):
            names += [f"{PREFIX}{name}__{inner}".upper() for inner in kind.model_fields]
    return names
