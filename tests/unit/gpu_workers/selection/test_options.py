"""Options of the methods are checked before they reach one, and each reaches it."""

from __future__ import annotations

import inspect

import pytest

from app.core.errors import BadInput
from app.core.settings import Ingest, Models, Settings
from gpu_workers.registry import CLASSES, Workers, class_of
from gpu_workers.selection.options import checked_options, options_model
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


def checked(method, given):
    return checked_options(class_of(role_of(method), method), method, given)


@pytest.mark.parametrize("method", EDGES)
def test_a_method_chooses_with_the_least_and_the_greatest_values(method, monkeypatch):
    found = workers()
    monkeypatch.setattr(found.get("frame_embedder"), "embed_query", lambda text: axis(3))
    for given in EDGES[method]:
        options = checked(method, given)
        assert options == given
        selector = found.named(role_of(method), method, **options)
        if role_of(method) == "frame_selector":
            chosen = selector.select(VIDEO, 12)
        else:
            fetch = never if method in ("hybrid", "aks", "cluster-tree") else Fetch()
            chosen = selector.select("axis", VIDEO, 12, fetch=fetch)
        assert 1 <= len(chosen) <= 12 and chosen == sorted(set(chosen))


@pytest.mark.parametrize("method", [name for role in ROLES for name in CLASSES[role] if name != "fake"])
def test_every_parameter_of_a_method_with_a_default_is_an_option_with_words_for_it(method):
    found = class_of(role_of(method), method)
    fields = options_model(found).model_fields
    defaults = inspect.signature(found).parameters.values()
    assert set(fields) == {one.name for one in defaults if one.default is not one.empty and one.name != "model"}
    assert set(fields) == {name for given in EDGES.get(method, ()) for name in given}
    assert all(field.description for field in fields.values())


def test_what_is_not_given_stays_as_the_settings_say():
    chosen = Workers(Settings(ingest=Ingest(maxinfo_rank=3, maxinfo_form="slow")))
    assert chosen.named("frame_selector", "maxinfo", tolerance=0.2).name == "maxinfo-slow"
    assert chosen.named("frame_selector", "maxinfo", form="fast").name == "maxinfo-fast"
    assert chosen.named("frame_selector", "maxinfo") is chosen.named("frame_selector", "maxinfo")


def test_words_become_options():
    assert checked("maxinfo", {"rank": "12", "unit": "true"}) == {"rank": 12, "unit": True}
    assert checked("top-k", {}) == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rnak": "12"}, "no option rnak. Did you mean rank? It takes: rank, tolerance, form, chunk, unit."),
        ({"rank": ""}, "rank: Input should be a valid integer"),
        ({"rank": "0"}, "greater than or equal to 1. rank is: directions to keep."),
        ({"form": "quick"}, "'slow'"),
        ({"emphasis": "1"}, "The method maxinfo has no option emphasis. It takes: "),
    ],
)
def test_words_that_are_no_option_are_refused(given, said):
    with pytest.raises(BadInput) as refused:
        checked("maxinfo", given)
    assert said in f"{refused.value.message} {refused.value.hint}"
