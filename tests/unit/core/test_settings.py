"""Settings refuse nonsense loudly."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import BadSettings
from app.core.folders import earlier_folders
from app.core.settings import known_variables, load_settings


def test_a_misspelt_variable_is_refused_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_AGENT__MAX_STEP", "3")
    with pytest.raises(BadSettings, match="LONGREEL_AGENT__MAX_STEPS"):
        load_settings()


def test_a_value_out_of_range_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_SERVER__PORT", "99999")
    with pytest.raises(BadSettings, match="LONGREEL_SERVER__PORT"):
        load_settings()


@pytest.mark.parametrize("values", [{"MIN": "50"}, {"MAX": "5"}, {"MIN": "20", "MAX": "19.5"}])
def test_a_longest_segment_below_the_shortest_is_refused_at_the_start(
    values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for which, value in values.items():
        monkeypatch.setenv(f"LONGREEL_INGEST__SEGMENT_{which}_S", value)
    with pytest.raises(BadSettings, match=r"LONGREEL_INGEST__SEGMENT_MAX_S: .* is less than segment_min_s"):
        load_settings()


@pytest.mark.parametrize("values", [{"LEASE": "9"}, {"HEARTBEAT": "40"}, {"LEASE": "5", "HEARTBEAT": "3"}])
def test_a_heartbeat_too_slow_for_the_lease_is_refused_at_the_start(
    values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for which, value in values.items():
        monkeypatch.setenv(f"LONGREEL_JOBS__{which}_S", value)
    with pytest.raises(BadSettings, match=r"LONGREEL_JOBS__HEARTBEAT_S: .* is more than half of lease_s"):
        load_settings()


def test_a_short_lease_needs_a_fast_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_JOBS__LEASE_S", "4")
    monkeypatch.setenv("LONGREEL_JOBS__HEARTBEAT_S", "2")
    assert load_settings().jobs.heartbeat_s == 2


def test_segments_may_all_have_one_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_INGEST__SEGMENT_MIN_S", "12")
    monkeypatch.setenv("LONGREEL_INGEST__SEGMENT_MAX_S", "12")
    assert load_settings().ingest.segment_max_s == 12


def test_nested_values_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_AGENT__MAX_STEPS", "3")
    assert load_settings().agent.max_steps == 3


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_SERVER__API_KEY", "hunter2-hunter2")
    assert "hunter2" not in repr(load_settings())


def test_every_group_and_field_has_a_variable() -> None:
    names = known_variables()
    assert {"LONGREEL_PROFILE", "LONGREEL_HOME", "LONGREEL_INGEST__CHUNK_S"} <= set(names)
    assert len(names) == len(set(names))


def test_a_pool_of_actors_is_named_after_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_RAY__POOLS", '{"shot_detector": {"replicas": 2, "gpus": 0.25, "max_restarts": 1}}')
    pool = load_settings().ray.pools["shot_detector"]
    assert (pool.replicas, pool.gpus, pool.max_restarts, pool.at_once) == (2, 0.25, 1, 1)
    monkeypatch.setenv("LONGREEL_RAY__POOLS", '{"shots": {}}')
    with pytest.raises(BadSettings, match=r"LONGREEL_RAY__POOLS.*no model is named shots; known are transcriber"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LONGREEL_WEIGHTS__ALIGNERS", "en=name"),
        ("LONGREEL_RAY__POOLS", '{"captioner": {"replicas": 2}'),
        ("LONGREEL_RAY__POOLS", ""),
    ],
)
def test_a_variable_that_is_not_valid_json_is_named(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings, match=f"{variable}: .*line 1"):
        load_settings()


def test_json_in_a_variable_and_a_table_in_the_file_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path))
    (tmp_path / "longreel.toml").write_text('[weights.aligners]\nen = "name"\n', "utf-8")
    in_file = load_settings()
    (tmp_path / "longreel.toml").unlink()
    monkeypatch.setenv("LONGREEL_WEIGHTS__ALIGNERS", '{"en": "name"}')
    assert load_settings().weights.aligners == in_file.weights.aligners == {"en": "name"}


def test_the_name_of_a_group_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGREEL_AGENT", "loop")
    with pytest.raises(BadSettings, match="There is no setting LONGREEL_AGENT"):
        load_settings()


def test_a_file_in_the_home_folder_is_read_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path))
    (tmp_path / "longreel.toml").write_text("bin_days = 3\n[agent]\nmax_steps = 4\nmax_frames = 7\n", "utf-8")
    monkeypatch.setenv("LONGREEL_AGENT__MAX_STEPS", "5")
    settings = load_settings()
    assert (settings.bin_days, settings.agent.max_steps, settings.agent.max_frames) == (3.0, 5, 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[agent]\nmax_step = 4", r"agent\.max_step, .*LONGREEL_AGENT__MAX_STEPS"),
        ("[agent]\nmax_steps = 0", r"agent\.max_steps in .*longreel\.toml"),
        ('home = "/elsewhere"', "not a setting for this file"),
        ("agent = [", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path))
    (tmp_path / "longreel.toml").write_text(text, "utf-8")
    with pytest.raises(BadSettings, match=message):
        load_settings()


def test_one_folder_holds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LONGREEL_DATA", raising=False)
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path / "home"))
    settings = load_settings()
    assert (settings.data, settings.models_folder) == (tmp_path / "home/library", tmp_path / "home/models")


@pytest.mark.parametrize("empty", ["LONGREEL_HOME", "LONGREEL_DATA", "LONGREEL_MEDIA_URL"])
def test_an_empty_folder_is_unset_and_not_the_current_one(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LONGREEL_HOME", "LONGREEL_DATA", "LONGREEL_MEDIA_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv(empty, "")
    settings = load_settings()
    home = tmp_path / "longreel"
    assert (settings.home, settings.data, settings.media_url) == (home, home / "library", None)


def test_an_empty_folder_in_the_environment_does_not_hide_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LONGREEL_HOME", raising=False)
    monkeypatch.setenv("LONGREEL_DATA", "")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "longreel").mkdir()
    (tmp_path / "longreel/longreel.sqlite").touch()
    settings = load_settings()
    assert settings.data == tmp_path / "longreel"
    assert earlier_folders(settings.home) == [
        f"The library is still in {tmp_path / 'longreel'}: set LONGREEL_DATA to it, "
        f"or move it to {tmp_path / 'longreel/library'}."
    ]


def test_a_tilde_is_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LONGREEL_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LONGREEL_HOME", "~/reels")
    (tmp_path / "reels").mkdir()
    (tmp_path / "reels/longreel.toml").write_text('data = "~/lib"\nmedia_url = "~/media"\n', "utf-8")
    settings = load_settings()
    assert (settings.home, settings.data) == (tmp_path / "reels", tmp_path / "lib")
    assert settings.media_url == str(tmp_path / "media")


def test_folders_of_earlier_versions_are_still_used_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LONGREEL_DATA", "LONGREEL_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    library, models = tmp_path / "share/longreel", tmp_path / "cache/longreel/models"
    library.mkdir(parents=True)
    models.mkdir(parents=True)
    (library / "longreel.sqlite").touch()
    settings = load_settings()
    assert (settings.data, settings.models_folder) == (library, models)
    assert len(earlier_folders(settings.home)) == 2
    models.rename(library / "models")
    (library / "library").mkdir()
    (library / "longreel.sqlite").rename(library / "library/longreel.sqlite")
    settings = load_settings()
    assert (settings.data, settings.models_folder) == (library / "library", library / "models")
    assert earlier_folders(settings.home) == []


def test_a_new_home_keeps_its_own_library_once_its_models_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LONGREEL_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("LONGREEL_HOME", str(tmp_path / "home"))
    (tmp_path / "share/longreel").mkdir(parents=True)
    (tmp_path / "share/longreel/longreel.sqlite").touch()
    load_settings().data.mkdir(parents=True)
    (tmp_path / "home/models").mkdir()
    assert load_settings().data == tmp_path / "home/library"
