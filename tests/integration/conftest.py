from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.live import serving
from tests.unit.api import stand_in
from tests.unit.api.stand_in import StandIn


@pytest.fixture
def parts(tmp_path: Path) -> StandIn:
    """A Longreel without models."""
    return stand_in.make(tmp_path)


@pytest.fixture
def address(parts: StandIn) -> Iterator[str]:
    """Where it is served."""
    with serving(parts) as address:
        yield address
