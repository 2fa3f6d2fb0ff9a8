"""The container files say what they should. Nothing is built here: these checks replace a linter that needs Docker."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from app.api.guard import WITHOUT_A_KEY
from app.core.settings import Server, known_variables
from app.services.doctor import LINKED

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments, in order."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.split("\n"))]


def arguments(name: str) -> list[str]:
    """The arguments of each instruction of one kind."""
    return [rest for found, rest in instructions() if found == name]


def compose(name: str = "compose.yaml") -> dict[str, Any]:
    """A compose file."""
    content: dict[str, Any] = yaml.safe_load((ROOT / name).read_text("utf-8"))
    return content


def test_the_image_has_a_fixed_base_and_runs_as_a_user_without_rights() -> None:
    (base,) = arguments("FROM")
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)
    names = [name for name, _ in instructions()]
    assert arguments("USER") == ["longreel"] and names.index("USER") < names.index("ENTRYPOINT")
    assert not [rest for rest in arguments("RUN") if "sudo" in rest or " cd " in rest or "curl" in rest]
    assert all(
        "--no-cache-dir" in part for rest in arguments("RUN") for part in rest.split("&&") if "pip install" in part
    )
    assert all(rest.startswith("[") for name in ("ENTRYPOINT", "CMD") for rest in arguments(name))


def test_everything_that_is_copied_exists_and_holds_all_packages() -> None:
    copied = [word for rest in arguments("COPY") for word in shlex.split(rest)[:-1]]
    assert [word for word in copied if not (ROOT / word).exists()] == []
    packages = {"longreel", "app", "agents", "retrieval", "gpu_workers", "ui"}
    ignored = set((ROOT / ".dockerignore").read_text("utf-8").split())
    assert packages <= set(copied) and not set(copied) & ignored


def test_the_container_asks_for_its_health_at_an_address_that_needs_no_key() -> None:
    (check,) = arguments("HEALTHCHECK")
    (address,) = re.findall(r"urlopen\('([^']+)'", check)
    assert urlsplit(address).path in WITHOUT_A_KEY
    assert urlsplit(address).port == Server().port


def test_variables_of_the_containers_are_settings() -> None:
    text = "\n".join((ROOT / name).read_text("utf-8") for name in ("Dockerfile", "compose.yaml", "compose.gpu.yaml"))
    named = set(re.findall(r"LONGREEL_\w+", text)) - {"LONGREEL_VIDEOS"}
    assert named and named <= set(known_variables())


@pytest.mark.parametrize("name", ["compose.yaml", "compose.gpu.yaml"])
def test_services_fit_together(name: str) -> None:
    services, whole = compose(name)["services"], compose()
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        named = [volume.partition(":")[0] for volume in service.get("volumes", ())]
        assert {volume for volume in named if volume.isalpha()} <= set(whole["volumes"])
        assert not service.get("image", "x:1").endswith(":latest")
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_one_server_starts_by_default_and_the_profile_adds_stores_and_workers() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "profiles" not in service] == ["longreel"]
    assert {name for name, service in services.items() if service.get("profiles") == ["scale"]} == {
        "worker",
        "postgres",
        "chroma",
    }
    pinned = re.search(r"^chromadb==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)
    assert pinned and services["chroma"]["image"] == f"chromadb/chroma:{pinned[1]}"
    assert services["longreel"]["environment"]["LONGREEL_SERVER__API_KEY"].startswith("${LONGREEL_SERVER__API_KEY:?")


def test_a_profile_in_the_settings_file_is_not_overruled_by_the_container() -> None:
    environment = compose()["services"]["longreel"]["environment"]
    assert environment["LONGREEL_PROFILE"] is None, "longreel connect writes profile = remote, and the environment wins"


def test_the_image_has_what_its_packages_are_linked_against() -> None:
    assert any("apt-get install" in rest and set(LINKED.values()) <= set(rest.split()) for rest in arguments("RUN"))


def test_with_a_gpu_workers_use_the_models_of_the_server() -> None:
    services = compose("compose.gpu.yaml")["services"]
    assert services["worker"] == services["longreel"] and services["worker"]["environment"]
