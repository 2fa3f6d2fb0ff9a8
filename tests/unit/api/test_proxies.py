"""What a proxy tells counts only from proxies that are trusted, and the public address is that of every answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.proxies import BehindProxy, public_address, trusted_networks
from app.core.errors import BadSettings
from app.core.settings import Server
from app.main import create_app
from tests.unit.api import stand_in


def seen(
    headers: dict[str, str] | list[tuple[str, str]], peer: str = "127.0.0.1", path: str = "/v1/jobs/1", **server: Any
) -> dict[str, Any]:
    """What the application behind the middleware is given, and the answer's Location."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        fields = {name.decode(): value.decode() for name, value in scope["headers"]}
        told = {"client": scope["client"][0], "scheme": scope["scheme"], "path": scope["path"], **fields}
        start = {"type": "http.response.start", "status": 200, "headers": [(b"location", b"/v1/jobs/2")]}
        await send(start)
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    wrapped = BehindProxy(app, Server().model_copy(update=server))
    client = TestClient(wrapped, base_url="http://127.0.0.1:7860", client=(peer, 5000), follow_redirects=False)
    answer = client.get(path, headers=headers)
    return {**(answer.json() if answer.content else {}), "status": answer.status_code, "at": answer.headers["location"]}


TOLD = {
    "X-Forwarded-For": "203.0.113.9, 127.0.0.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "films.localhost",
    "X-Forwarded-Prefix": "/longreel/",
}


def test_a_trusted_proxy_tells_caller_scheme_name_and_path() -> None:
    found = seen(TOLD)
    assert (found["client"], found["scheme"], found["path"]) == ("203.0.113.9", "https", "/v1/jobs/1")
    assert (found["x-forwarded-host"], found["at"]) == ("films.localhost/longreel", "/longreel/v1/jobs/2")


def test_what_others_tell_is_taken_out() -> None:
    found = seen({**TOLD, "X-Gradio-Server": "http://evil.example"}, peer="198.51.100.7")
    assert (found["client"], found["scheme"], found["at"]) == ("198.51.100.7", "http", "/v1/jobs/2")
    assert not {"x-forwarded-for", "x-forwarded-host", "x-forwarded-prefix", "x-gradio-server"} & set(found)


def test_proxies_are_trusted_by_address_and_by_network() -> None:
    told = {**TOLD, "X-Forwarded-For": "203.0.113.9"}
    for peer in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::5"):
        assert seen(told, peer=peer, trusted_proxies="10.0.0.0/8, fd00::/8")["client"] == "203.0.113.9"
    assert seen(TOLD, trusted_proxies="")["client"] == "127.0.0.1"


def test_a_caller_cannot_choose_its_own_address() -> None:
    forged = {"X-Forwarded-For": "192.0.2.1, 203.0.113.9"}
    assert seen(forged)["client"] == "203.0.113.9"
    lines = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "http")]
    found = seen([*lines, ("X-Forwarded-Proto", "https")])
    assert (found["client"], found["scheme"]) == ("203.0.113.9", "https")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8::9]:51234", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
        ("2001:db8::9, 127.0.0.1:80, [::1]:443", "2001:db8::9"),
    ],
)
def test_the_port_of_a_caller_is_no_part_of_its_address(written: str, address: str) -> None:
    assert seen({"X-Forwarded-For": written})["client"] == address


@pytest.mark.parametrize("prefix", ["//evil.example", "no-slash", "/a b", '/"><script>', "/a?b"])
def test_a_prefix_that_is_no_path_is_none(prefix: str) -> None:
    assert seen({"X-Forwarded-Prefix": prefix})["at"] == "/v1/jobs/2"


@pytest.mark.parametrize("path", ["/v1/jobs/1", "/longreel/v1/jobs/1"])
def test_the_public_address_counts_whether_the_proxy_takes_its_path_off_or_not(path: str) -> None:
    found = seen({}, path=path, public_url="https://example.org/longreel/")
    assert (found["path"], found["scheme"], found["at"]) == ("/v1/jobs/1", "https", "/longreel/v1/jobs/2")
    assert found["x-forwarded-host"] == "example.org/longreel"


def test_the_path_without_its_last_slash_leads_to_the_page() -> None:
    found = seen({}, path="/longreel", public_url="https://example.org/longreel")
    assert (found["status"], found["at"]) == (308, "/longreel/")


@pytest.mark.parametrize(
    "address", ["example.org", "ftp://example.org", "https://", "https://a:b@c.org", "https://a/?q"]
)
def test_a_public_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadSettings, match="PUBLIC_URL"):
        public_address(Server().model_copy(update={"public_url": address}))


def test_trusted_proxies_that_are_no_addresses_are_refused() -> None:
    with pytest.raises(BadSettings, match="TRUSTED_PROXIES"):
        trusted_networks(Server().model_copy(update={"trusted_proxies": "nginx"}))


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "http://127.0.0.1:7860"), ("::1", "http://[::1]:7860"), ("[::1]", "http://[::1]:7860")],
)
def test_an_address_of_ipv6_stands_in_brackets(host: str, shown: str) -> None:
    assert Server().model_copy(update={"host": host}).url == shown


def client_of(tmp_path: Path, **server: Any) -> TestClient:
    parts = stand_in.make(tmp_path, **server)
    app = create_app(parts.longreel.settings, parts.longreel, page=False)
    return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False, client=("127.0.0.1", 5000))


def test_a_server_goes_by_its_public_name_and_takes_changes_from_its_public_pages(tmp_path: Path) -> None:
    client = client_of(tmp_path, public_url="https://example.org/longreel")
    for host in ("example.org", "127.0.0.1:7860"):
        own = {"Host": host, "Origin": "https://example.org"}
        assert client.post("/v1/collections", json={"name": host}, headers=own).status_code == 201
        foreign = {"Host": host, "Origin": "https://evil.example"}
        assert client.post("/v1/collections", json={"name": "x"}, headers=foreign).status_code == 403
    refused = client.get("/v1/videos", headers={"Host": "evil.example"})
    assert refused.json()["code"] == "foreign_host" and "PUBLIC_URL" in refused.json()["hint"]


def test_a_name_that_only_a_field_tells_is_no_name_of_the_server(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    assert client.get("/v1/videos", headers={"X-Forwarded-Host": "evil.example"}).status_code == 403


def test_a_browser_that_says_same_origin_is_believed_behind_a_proxy_that_tells_nothing(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    own = {"Origin": "http://127.0.0.1:18110", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/v1/collections", json={"name": "a"}, headers=own).status_code == 201
    foreign = {**own, "Sec-Fetch-Site": "cross-site"}
    assert client.post("/v1/collections", json={"name": "b"}, headers=foreign).status_code == 403


def test_addresses_in_answers_have_the_name_and_the_path_that_a_proxy_tells(tmp_path: Path) -> None:
    parts = stand_in.make(tmp_path)
    app = create_app(parts.longreel.settings, parts.longreel, page=False)
    told = {**TOLD, "X-Forwarded-Host": "localhost:8443"}
    client = TestClient(app, base_url="http://127.0.0.1:7860", client=("127.0.0.1", 5000), headers=told)
    videos = [parts.add(title.encode(), title) for title in ("One", "Two")]
    listed = client.get("/v1/videos?limit=1")
    assert listed.links["next"]["url"].startswith("/longreel/v1/videos?limit=1&cursor=")
    page = client.get(f"/v1/videos/{videos[0].id}/export?format=html").text
    assert "https://localhost:8443/longreel/" in page and "127.0.0.1" not in page
