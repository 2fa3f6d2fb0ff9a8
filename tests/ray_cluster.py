"""A real Ray cluster on this machine for tests: two raylets, a small object store, no dashboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
NODE = {"num_cpus": 2, "object_store_memory": 80 << 20}
"""A raylet that offers two cores, however many there are."""
QUICK = {"health_check_period_ms": 500}
"""A machine that is gone is noticed within seconds."""


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[Any]:
    """The cluster, joined."""
    pytest.importorskip("ray", reason="the package ray is not installed")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    import ray
    from ray.cluster_utils import Cluster

    head = {**NODE, "include_dashboard": False, "_system_config": QUICK}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    cluster.add_node(**NODE)
    ray.init(address=cluster.address, log_to_driver=False, namespace="longreel")
    yield cluster
    ray.shutdown()
    cluster.shutdown()
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before
