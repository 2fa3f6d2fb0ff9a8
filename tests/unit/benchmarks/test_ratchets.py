from __future__ import annotations

import pytest

from benchmarks import ratchets


def test_a_public_class_name_in_two_modules_is_counted_once_and_a_private_one_never():
    sources = ["class Plan: ...\nclass _Row: ...", "class Plan: ...\nclass Source: ...\nclass _Row: ..."]

    assert ratchets.repeated_classes(sources) == ["Plan"]


def test_a_helper_with_one_caller_is_counted_and_one_with_two_is_not():
    source = "def _once(): ...\ndef _twice(): ...\ndef public(): return _once(), _twice(), _twice()"

    assert ratchets.helpers_used_once(source) == ["_once"]


def test_a_count_over_its_bound_fails_and_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(ratchets, "measure", lambda: {**dict.fromkeys(ratchets.BOUNDS, 0.0), "told and tell": 10_000.0})

    assert ratchets.main([]) == 1
    assert "told and tell" in capsys.readouterr().err
