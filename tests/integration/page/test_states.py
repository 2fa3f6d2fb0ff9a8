"""What the page shows when something is not as usual, and the settings."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.page.conftest import Server, ask, faults, open_film
from tests.integration.test_connect import BLIND, EYES, answer
from tests.unit.gpu_workers.language.chat_server import Reply, chat_service

pytestmark = pytest.mark.browser


def test_settings_are_searched_and_their_lines_copied(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Status").click()
    expect(page.locator(".lr-part").first).to_be_visible()
    page.get_by_label("Find", exact=True).locator("visible=true").fill("turns in which the model")
    expect(page.locator("[data-setting]:visible")).to_have_count(1)
    expect(page.locator(".lr-part:visible")).to_have_count(1)
    page.get_by_role("button", name="Copy the line that changes LONGREEL_AGENT__MAX_STEPS").click()
    expect(page.locator("#lr-toast-text")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "export LONGREEL_AGENT__MAX_STEPS=12"
    assert faults(page) == []


def test_settings_are_changed_while_the_server_runs(page: Page, server: Server) -> None:
    page.get_by_role("link", name="Status").click()
    form = page.get_by_role("form", name="Change settings")
    form.get_by_label("Most steps of a model").fill("65")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_have_text("“Most steps of a model” cannot be 65. Allowed is from 1 to 64.")
    assert faults(page) == []
    form.get_by_label("Most steps of a model").fill("5")
    form.get_by_label("Find and count things").uncheck()
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#lr-toast-text")).to_contain_text("Saved.")
    page.reload()
    expect(form.get_by_label("Most steps of a model")).to_have_value("5")
    expect(form.get_by_label("Find and count things")).not_to_be_checked()
    ask(page, "When does the bridge open?")
    expect(page.locator("#lr-answer .lr-badge").first).to_have_text("Answered")
    assert server.limits()[0] == 5
    assert "max_steps = 5" in server.settings_file.read_text("utf-8")
    page.get_by_role("link", name="Status").click()
    form.get_by_label("Most steps of a model").fill("")
    form.get_by_label("Find and count things").check()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_label("Most steps of a model")).to_have_value("12")
    server.settings_file.unlink()


def test_a_server_of_models_is_tried_and_connected(page: Page, server: Server) -> None:
    page.get_by_role("link", name="Status").click()
    form = page.get_by_role("form", name="Connect a model")
    form.get_by_label("Address").fill("ftp://127.0.0.1")
    form.get_by_role("button", name="Try it").click()
    expect(form.locator(".lr-problem")).to_contain_text("is not an http address")
    with chat_service(answer) as service:
        service.listed = Reply(body={"object": "list", "data": [{"id": BLIND}, {"id": EYES}]})
        form.get_by_label("Address").fill(service.url)
        form.get_by_role("button", name="Try it").click()
        expect(form.locator(".lr-found")).to_contain_text(f"{EYES} at {service.url} sees pictures.")
        assert not server.settings_file.exists()
        assert faults(page) == []
        form.get_by_role("button", name="Use it").click()
        expect(form.locator(".lr-found")).to_contain_text("restart Longreel to use it")
    assert f'llm_model = "{EYES}"' in server.settings_file.read_text("utf-8")
    server.settings_file.unlink()


def test_pools_of_actors_are_told(page: Page, server: Server) -> None:
    server.run_pools()
    page.get_by_role("link", name="Status").click()
    pools = page.get_by_role("region", name="Pools of actors").get_by_role("row")
    expect(pools).to_have_text(["PoolActorsRunningWaitingRestarts", "transcriber2 of 8, 1 starting354"])
    assert faults(page) == []


def test_a_server_that_went_away_is_told_until_it_is_back(page: Page, server: Server) -> None:
    page.route("**/v1/jobs?**", lambda route: route.abort("connectionreset"))
    expect(page.locator("#lr-gone")).to_be_visible()
    expect(page.get_by_role("link", name="Harbour film")).to_be_visible()
    assert faults(page) == []
    page.unroute("**/v1/jobs?**")
    expect(page.locator("#lr-gone")).to_be_hidden()
    expect(page.locator("#lr-toast-text")).to_have_text("The server is back.")


def test_options_are_sent_with_each_question_and_kept(page: Page, server: Server) -> None:
    open_film(page)
    page.locator("#lr-wishes summary").click()
    page.get_by_label("pictures").uncheck()
    page.get_by_label("Only from").fill("1:99:00")
    page.locator("#lr-wishes summary").click()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#lr-ask-problem")).to_contain_text("12:30")
    page.get_by_label("Only from").fill("0:05")
    page.get_by_label("to", exact=True).fill("0:15")
    page.get_by_label("Most steps").fill("65")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#lr-ask-problem")).to_contain_text("1 to 64 steps")
    page.get_by_label("Most steps").fill("3")
    page.get_by_label("Most seconds").fill("50")
    expect(page.locator("#lr-wished")).to_have_text("(5 changed)")
    assert faults(page) == []
    page.reload()
    expect(page.locator("#lr-wished")).to_have_text("(5 changed)")
    ask(page, "When does the bridge open?")
    expect(page.locator("#lr-answer .lr-badge").first).to_have_text("Answered")
    id = page.locator("#lr-answer section").get_attribute("data-answer")
    plan = page.request.get(f"{server.address}/v1/answers/{id}").json()["answer"]["trace"][0]
    assert (plan["by"], plan["sources"]) == ("user", ["speech", "screen_text"])
    assert plan["window"] == {"start_s": 5.0, "end_s": 15.0}
    assert server.limits() == (3, 50.0)
    page.locator("#lr-wishes summary").click()
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#lr-wished")).to_have_text("")
    expect(page.get_by_label("Only from")).to_have_value("")
