"""Options of the methods are checked before they reach one, and each reaches it."""

from __future__ import annotations

import importlib
import inspect

import pytest

from app.core.choosing import TAKES, MethodOptions, parsed
from app.core.errors import BadInput
from app.core.settings import Ingest, Models, Settings
from gpu_workers.registry import CLASSES, Workers
from tests.unit.gpu_workers.selection.made_up import Fetch, axis, never, shown

ROLES = ("frame_selector", "query_frame_selector")
EDGES = {
    "maxinfo": [{"rank": 1, "chunk": 64, "unit": True}, {"rank": 64, "tolerance": 0.01, "chunk": 4096, "form": "slow"}],
    "similar": [{"window": 2, "like": 0.01}, {"window": 1024, "like": 1}],
    "hybrid": [{"emphasis": 0}, {"emphasis": 5}],
    "aks": [{"clear": 0, "depth": 0}, {"clear": 1, "depth": 16}],
    "cluster-tree": [
        {"clusters": 1, "most_clusters": 1, "enough": 1, "branches": 2},
        {"clusters": 256, "branches": 16},
    ],
    "tstar": [
        {"grid": 2, "share": 0.001, "most": 4, "seed": 2**31},
        {"grid": 16, "share": 1, "most": 10000, "certain": 1},
    ],
    "quota": [{"judged": 1}, {"judged": 4096}],
    "gens": [{"window": 2, "most_windows": 1}, {"window": 1024, "most_windows": 1024}],
}
VIDEO = shown([axis(second // 20) for second in range(300)])


def workers():
    return Workers(Settings(models=Models(frame_embedder="fake", vision_language_model="fake", object_detector="fake")))


def role_of(method):
    return next(role for role in ROLES if method in CLASSES[role])


@pytest.mark.parametrize("method", TAKES)
def test_a_method_chooses_with_the_least_and_the_greatest_values(method, monkeypatch):
    found = workers()
    monkeypatch.setattr(found.get("frame_embedder"), "embed_query", lambda text: axis(3))
    for given in EDGES[method]:
        options = MethodOptions.model_validate(given).of(method)
        assert set(options) <= set(TAKES[method])
        selector = found.named(role_of(method), method, **options)
        if role_of(method) == "frame_selector":
            chosen = selector.select(VIDEO, 12)
        else:
            fetch = never if method in ("hybrid", "aks", "cluster-tree") else Fetch()
            chosen = selector.select("axis", VIDEO, 12, fetch=fetch)
        assert 1 <= len(chosen) <= 12 and chosen == sorted(set(chosen))


def test_every_option_is_a_parameter_of_a_method_and_every_parameter_an_option():
    assert set(MethodOptions.model_fields) == {name for names in TAKES.values() for name in names}
    for method, names in TAKES.items():
        module, _, attribute = CLASSES[role_of(method)][method].partition(":")
        parameters = inspect.signature(getattr(importlib.import_module(module), attribute)).parameters
        plain = {name for name, one in parameters.items() if one.default is not one.empty and name != "model"}
        assert plain == set(names)


def test_what_is_not_given_stays_as_the_settings_say():
    chosen = Workers(Settings(ingest=Ingest(maxinfo_rank=3, maxinfo_form="slow")))
    assert chosen.named("frame_selector", "maxinfo", tolerance=0.2).name == "maxinfo-slow"
    assert chosen.named("frame_selector", "maxinfo", form="fast").name == "maxinfo-fast"
    assert chosen.named("frame_selector", "maxinfo") is chosen.named("frame_selector", "maxinfo")


def test_words_become_options():
    assert parsed(["rank=12", "form=slow"]).of("maxinfo") == {"rank": 12, "form": "slow"}
    assert parsed([]).of("top-k") == {}


@pytest.mark.parametrize(
    ("words", "said"), [("rnak=12", "rank"), ("rank", "rank: "), ("rank=0", "greater"), ("form=quick", "'slow'")]
)
def test_words_that_are_no_option_are_refused(words, said):
    with pytest.raises(BadInput) as refused:
        parsed([words])
    assert said in f"{refused.value.message} {refused.value.hint}"
