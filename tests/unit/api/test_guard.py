from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.api.guard import COOKIE, check_address
from app.api.sessions import SESSION_S, Sessions
from app.core.errors import BadSettings
from app.core.settings import Server, Settings
from app.main import create_app
from tests.unit.api import stand_in

KEY = "a long secret for tests"


def settings(**server: object) -> Settings:
    return Settings().model_copy(update={"server": Server().model_copy(update=server)})


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.org", ""])
def test_a_public_address_without_a_key_is_refused(host: str) -> None:
    with pytest.raises(BadSettings, match="API key"):
        check_address(settings(host=host))
    with pytest.raises(BadSettings):
        check_address(settings(host=host, api_key=SecretStr("")))
    check_address(settings(host=host, api_key=SecretStr(KEY)))


def test_a_public_address_needs_a_key_that_is_hard_to_guess() -> None:
    with pytest.raises(BadSettings, match="shorter than"):
        check_address(settings(host="0.0.0.0", api_key=SecretStr("short")))
    with pytest.raises(BadSettings, match=r"shorter than.*https://films\.example"):
        check_address(settings(public_url="https://films.example", api_key=SecretStr("short")))
    check_address(settings(host="127.0.0.1", api_key=SecretStr("short")))


@pytest.mark.parametrize("key", ["schlüssel", " spaced", "line\n", "a\x00b"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(BadSettings, match="cannot send"):
        check_address(settings(host="127.0.0.1", api_key=SecretStr(key)))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]", "films.localhost"])
def test_a_loopback_address_needs_no_key(host: str) -> None:
    check_address(settings(host=host))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.1:9", "[::1]:7860", "LOCALHOST:7860"])
def test_the_server_answers_to_its_own_names(client: TestClient, host: str) -> None:
    assert client.get("/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "localhost@evil.example:80"])
def test_other_names_are_refused_against_dns_rebinding(client: TestClient, host: str) -> None:
    answer = client.get("/v1/health", headers={"Host": host})
    if host.startswith("localhost@"):
        assert answer.status_code == 403
    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign_host"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_cannot_change_anything(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/v1/videos", json={"path": "/etc/passwd"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "foreign_origin"


@pytest.mark.parametrize("dest", ["image", "script", "video", "iframe", "empty"])
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_cannot_find_out_what_is_here(client: TestClient, site: str, dest: str) -> None:
    mode = "navigate" if dest == "iframe" else "no-cors"
    sent = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    answers = [client.get(path, headers=sent) for path in ("/v1/videos/known/thumbnail", "/v1/health")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert all(answer.headers["cross-origin-resource-policy"] == "same-origin" for answer in answers)


def test_a_person_may_follow_a_link_to_the_server(client: TestClient) -> None:
    sent = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/v1/health", headers=sent).status_code == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1:port", "localhost/x", "localhost#x", "localhost?x", "localhost:1:2", "a b"]
)
def test_a_host_that_is_none_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/v1/health", headers={"Host": host}).status_code in (400, 403)


def test_two_hosts_are_refused(client: TestClient) -> None:
    two = [("Host", "127.0.0.1"), ("Host", "evil.test")]
    assert client.get("/v1/health", headers=two).status_code == 400


def test_the_servers_own_pages_may_change_something(client: TestClient) -> None:
    headers = {"Origin": "http://127.0.0.1:7860", "Sec-Fetch-Site": "same-origin"}
    assert client.delete("/v1/jobs/none", headers=headers).status_code == 404


def test_no_other_site_may_read_answers(client: TestClient) -> None:
    answer = client.get("/v1/videos", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for path in ("/v1/health", "/v1/nothing", "/"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.fixture
def locked(tmp_path: Path) -> TestClient:
    parts = stand_in.make(tmp_path, api_key=SecretStr(KEY), host="0.0.0.0")
    return TestClient(create_app(parts.longreel.settings, parts.longreel, page=False), follow_redirects=False)


@pytest.mark.parametrize("path", ["/v1/videos", "/v1/ready", "/v1/jobs", "/v1/openapi.json", "/gradio_api/info", "/x"])
def test_every_address_needs_the_key(locked: TestClient, path: str) -> None:
    answer = locked.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert locked.get(path, headers={"Authorization": f"Bearer {KEY}x"}).status_code == 401
    assert locked.get(path, headers={"Authorization": f"Basic {KEY}"}).status_code == 401
    assert locked.get(path, headers={"Authorization": f"Bearer {KEY}"}).status_code != 401


def test_whether_the_server_answers_may_be_asked_without_the_key(locked: TestClient) -> None:
    assert locked.get("/v1/health").json()["status"] == "ok"
    assert locked.get("/v1/health/").status_code == 401


def test_a_browser_signs_in_with_the_key_and_gets_a_cookie(locked: TestClient) -> None:
    form = locked.get("/")
    assert form.status_code == 401
    assert 'type="password"' in form.text
    refused = locked.post("/v1/session", data={"key": "wrong"})
    assert refused.status_code == 401
    assert "not the key" in refused.text
    assert locked.get("/v1/videos").status_code == 401
    welcomed = locked.post("/v1/session", data={"key": KEY})
    assert welcomed.status_code == 303
    cookie = welcomed.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and KEY not in cookie
    assert locked.get("/v1/videos").status_code == 200


def test_a_session_runs_out_and_cannot_be_forged(tmp_path: Path) -> None:
    sessions = Sessions(KEY, tmp_path / "ended")
    token = sessions.begin(now=1000.0)
    assert sessions.is_valid(token, now=1000.0 + SESSION_S - 1)
    assert not sessions.is_valid(token, now=1000.0 + SESSION_S + 1)
    until, _, rest = token.partition("-")
    assert not sessions.is_valid(f"{int(until) + 1}-{rest}", now=1000.0)
    assert not Sessions("another key", tmp_path / "ended").is_valid(token, now=1000.0)
    assert not any(map(sessions.is_valid, ["", "ü.ü", ".", "-.", "x-y.z"]))


def test_signing_out_ends_the_session_of_a_copied_cookie_too(locked: TestClient) -> None:
    locked.post("/v1/session", data={"key": KEY})
    copied = locked.cookies[COOKIE]
    assert locked.get("/v1/videos").status_code == 200
    left = locked.post("/v1/session/end")
    assert left.status_code == 303 and not locked.cookies.get(COOKIE)
    assert locked.get("/v1/videos", headers={"Cookie": f"{COOKIE}={copied}"}).status_code == 401
    locked.post("/v1/session", data={"key": KEY})
    assert locked.get("/v1/videos").status_code == 200


def test_a_session_that_one_process_ended_is_over_in_all_and_after_a_restart(tmp_path: Path) -> None:
    here, there = (Sessions(KEY, tmp_path / "ended") for _ in range(2))
    first, second, third = (here.begin() for _ in range(3))
    assert there.is_valid(first)
    here.end(first)
    there.end(second)
    here.end("forged.token")
    for sessions in (here, there, Sessions(KEY, tmp_path / "ended")):
        assert [sessions.is_valid(token) for token in (first, second, third)] == [False, False, True]


def test_the_list_of_ended_sessions_does_not_grow_for_ever(tmp_path: Path) -> None:
    sessions = Sessions(KEY, tmp_path / "ended")
    for day in range(30):
        now = day * 86_400.0
        sessions.end(sessions.begin(now), now)
    assert len((tmp_path / "ended").read_text().split()) <= 8


def test_an_origin_that_is_no_address_is_a_foreign_one(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "When?"}, headers={"Origin": "http://["})
    assert answer.status_code == 403 and answer.json()["code"] == "foreign_origin"
