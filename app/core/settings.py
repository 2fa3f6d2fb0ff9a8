"""One typed Settings object, with its groups: read once at the start, then passed along.

Values come from `LONGREEL_*` variables, else from `longreel.toml` in the folder `home`, else from the defaults. Nested
groups use two underscores: `LONGREEL_AGENT__MAX_STEPS=3`, and tables in the file. An unknown name, or a value out of
range, stops the program with the name of the nearest setting.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.core import folders
from app.core.errors import BadSettings
from app.core.settings_file import read_settings_file
from app.core.settings_groups import (
    Agent,
    Hardware,
    Ingest,
    Jobs,
    Models,
    Ray,
    RayPool,
    Server,
    SettingsGroup,
    VisionSettings,
    Weights,
)

PREFIX = "LONGREEL_"


__all__ = [
    "PREFIX",
    "Agent",
    "Hardware",
    "Ingest",
    "Jobs",
    "Models",
    "Ray",
    "RayPool",
    "Server",
    "Settings",
    "VisionSettings",
    "Weights",
    "known_variables",
    "load_settings",
]


class Settings(BaseSettings):
    """Everything that can be set, with defaults that run offline on a bare machine."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,  # the groups decode JSON themselves, so that a mistake in it names the variable
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
    )

    profile: Literal["offline", "cpu", "gpu", "remote"] = Field(
        "offline",
        description="the models: bundled ones, those of the Hugging Face hub for a CPU or a GPU, or your servers",
    )
    home: Path = Field(
        default_factory=folders.home, description="the folder for everything: models, library, `longreel.toml`"
    )
    data: Path = Field(
        default_factory=lambda given: folders.library(given["home"]),
        description="the folder of the library; unset: `library` in LONGREEL_HOME",
    )
    database_url: SecretStr | None = Field(
        None, description="address of a PostgreSQL database; unset: a SQLite file in LONGREEL_DATA"
    )
    chroma_url: str | None = Field(
        None,
        description="address of a Chroma server that no other library uses; unset: an embedded store in LONGREEL_DATA",
    )
    media_url: str | None = Field(
        None, description="the folder for thumbnails, frames and batch files; unset: `media` in LONGREEL_DATA"
    )
    llm_url: str | None = Field(
        None, description="an OpenAI-compatible server for the language model, such as http://127.0.0.1:8000/v1"
    )
    llm_model: str = Field("", description="the model's name on that server; unset: its only model")
    llm_key: SecretStr | None = Field(None, description="the key of that server")
    vlm_url: str | None = Field(
        None, description="an OpenAI-compatible server for pictures; unset: the one at `llm_url`"
    )
    vlm_model: str = Field("", description="the model's name on that server; unset: its only model")
    vlm_key: SecretStr | None = Field(None, description="the key of that server")
    embedding_url: str | None = Field(
        None, description="an OpenAI-compatible server for text vectors, with the text embedder `openai`"
    )
    embedding_model: str = Field("", description="the model's name on that server; unset: its only model")
    embedding_key: SecretStr | None = Field(None, description="the key of that server")
    embedding_query_prefix: str = Field(
        "", description='the words that the model needs before a question, such as "query: "'
    )
    embedding_document_prefix: str = Field(
        "", description='the words that it needs before a passage, such as "passage: "'
    )
    frame_embedding_url: str | None = Field(
        None,
        description="a server such as vLLM for vectors of pictures and words, with the frame embedder `openai`; "
        "unset: the one at `embedding_url`",
    )
    frame_embedding_model: str = Field("", description="the model's name on that server; unset: its only model")
    frame_embedding_key: SecretStr | None = Field(None, description="the key of that server")
    frame_embedding_prompt: str = Field(
        "", description='the words that the model needs with a picture, such as "Represent the given image."'
    )
    frame_embedding_query_prefix: str = Field("", description="the words that it needs before a search for pictures")
    server_requests: int = Field(
        8, ge=1, le=256, description="parallel requests to a model server during the ingest of one video"
    )
    llm_images: bool | None = Field(None, description="whether the model at `llm_url` accepts pictures; unset: probed")
    llm_tools: bool | None = Field(None, description="whether that model calls tools natively; unset: probed")
    llm_context: int = Field(
        0, ge=0, description="context length of that model in tokens; 0: as the server says, else 32768"
    )
    vlm_presentation: Literal["interleaved", "grid", "thumbnail", "slowfast"] = Field(
        "interleaved", description="how several frames are shown to a vision-language model"
    )
    bin_days: float = Field(
        7.0, ge=0, le=36_500, description="days in which a deleted video can be restored; 0 deletes at once"
    )
    threads: int = Field(0, ge=0, description="CPU threads of a model; 0: one for each core")
    models: Models = Models()
    hardware: Hardware = Hardware()
    weights: Weights = Weights()
    vision: VisionSettings = VisionSettings()
    ingest: Ingest = Ingest()
    agent: Agent = Agent()
    server: Server = Server()
    jobs: Jobs = Jobs()
    runtime: Literal["local", "ray"] = Field(
        "local", description="where chunks of videos are processed: in this process, or on a Ray cluster"
    )
    ray: Ray = Ray()

    @model_validator(mode="before")
    @classmethod
    def _with_folders(cls, values: dict[str, Any]) -> dict[str, Any]:
        # An empty path would be the current folder, and no shell expands a ~ in the file.
        values = dict(values)
        for name in ("home", "data", "media_url"):
            folder = values.get(name)
            if folder == "":
                del values[name]
            elif isinstance(folder, str):
                values[name] = os.path.expanduser(folder)
        return values

    @property
    def models_folder(self) -> Path:
        """The prepared model files."""
        return folders.models(self.home)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, and the environment over the file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _FileSource(settings_cls)


class _FileSource(PydanticBaseSettingsSource):
    """The values of `longreel.toml`."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Unused: the whole file is read at once."""
        raise NotImplementedError(field_name, field)

    def __call__(self) -> dict[str, Any]:
        return read_settings_file(folders.settings_file())


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment (`os.environ` unless given for the check) and the file. Raises BadSettings."""
    variables = os.environ if environment is None else environment
    known = set(known_variables())
    for name in variables:
        if name.startswith(PREFIX) and name not in known:
            raise BadSettings(f"There is no setting {name}.", _did_you_mean(name, known))
    file = folders.settings_file()
    values = read_settings_file(file)
    for name in _names(values):
        if _variable(name) not in known or name == "home":
            hint = _did_you_mean(_variable(name), known - {f"{PREFIX}HOME"})
            raise BadSettings(f"{file} has {name}, which is not a setting for this file.", hint)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        in_file = name in _names(values) and _variable(name) not in variables
        source = f"{name} in {file}" if in_file else _variable(name)
        raise BadSettings(f"{source}: {first['msg']}.", "Correct it or remove it.") from error


def _names(values: Mapping[str, Any]) -> list[str]:
    """The settings in a file, with a dot between group and name."""
    names = []
    for name, value in values.items():
        is_group = isinstance(value, dict) and name in Settings.model_fields
        names += [f"{name}.{inner}" for inner in value] if is_group else [name]
    return names


def _variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.replace(".", "__").upper()


def _did_you_mean(variable: str, known: set[str]) -> str:
    near = difflib.get_close_matches(variable, known, n=1)
    return f"Did you mean {near[0]}?" if near else ""


def known_variables() -> list[str]:
    """The name of every environment variable that is a setting."""
    names = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, SettingsGroup):
            names += [f"{PREFIX}{name}__{inner}".upper() for inner in kind.model_fields]
        else:
            names.append(PREFIX + name.upper())
    return names
