"""Transcriptions over a real server: few at a time, and none for a client that has left."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.api.application import HEARING_THREADS
from tests.unit.api.stand_in import StandIn, wait_until
from tests.unit.api.tiny_video import write_webm


def test_few_files_are_transcribed_at_a_time_and_one_whose_client_left_is_given_up(
    parts: StandIn, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_webm(tmp_path / "talk.webm", seconds=2).read_bytes()
    free, transcribe = threading.Event(), parts.longreel.hearing.transcribe
    begun: list[Any] = []

    def wait(path: Path, languages: list[str], cancelled: Any) -> Any:
        begun.append(cancelled)
        while not free.wait(0.05) and not cancelled():
            pass
        return transcribe(path, languages, cancelled)

    monkeypatch.setattr(parts.longreel.hearing, "transcribe", wait)

    def post(seconds: float) -> int:
        url = f"{address}/v1/audio/transcriptions"
        return httpx.post(url, files={"file": ("talk.webm", film)}, timeout=seconds, trust_env=False).status_code

    with ThreadPoolExecutor(HEARING_THREADS + 3) as pool:
        leaving = pool.submit(post, 1.0)
        wait_until(lambda: len(begun) == 1)
        staying = [pool.submit(post, 30.0) for _ in range(HEARING_THREADS + 1)]
        assert isinstance(leaving.exception(10), httpx.ReadTimeout)
        wait_until(begun[0])
        wait_until(lambda: len(begun) == 1 + HEARING_THREADS)
        assert httpx.get(f"{address}/v1/threads", trust_env=False).status_code == 200
        assert len(begun) == 1 + HEARING_THREADS
        free.set()
        assert [one.result(20) for one in staying] == [200] * (HEARING_THREADS + 1)
    assert not any((parts.longreel.settings.data / "uploads").rglob("*.*"))
