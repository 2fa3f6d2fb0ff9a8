from __future__ import annotations

from pathlib import Path

import pytest

from gpu_workers import cluster

FILE = Path(cluster.__file__).with_name("cluster.yaml")


def test_ray_accepts_the_cluster_file() -> None:
    pytest.importorskip("ray", reason="the package ray is not installed")
    yaml = pytest.importorskip("yaml")
    from ray.autoscaler._private.util import prepare_config, validate_config

    given = yaml.safe_load(FILE.read_text("utf-8"))
    config = prepare_config(given)
    validate_config(config)
    assert config["max_workers"] == len(given["provider"]["worker_ips"])
    for commands in (config["head_start_ray_commands"], config["worker_start_ray_commands"]):
        assert "RAY_AUTH_MODE=token" in commands[-1]
