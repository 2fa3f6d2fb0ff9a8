from __future__ import annotations

import socket
from typing import Any

import pytest

from app.core.errors import BadInput, WorkerFailed
from app.services import addresses


@pytest.mark.parametrize("number", ["8.8.8.8", "2606:4700::1111"])
def test_addresses_of_the_internet_are_public(number: str) -> None:
    assert addresses.is_public(number)


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378::1",
    ],
)  # fmt: skip
def test_addresses_of_this_machine_its_network_and_tunnels_to_them_are_not(number: str) -> None:
    assert not addresses.is_public(number)


@pytest.mark.parametrize(
    "address",
    [
        "", "hook", "ftp://example.org/", "file:///etc/passwd", "http://", "http://user:secret@example.org/",
        "http://exam\x00ple.org/", "http://example.org:99999/", "https://example.org/" + "x" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="cannot be used"):
        addresses.check_address(address, private=True)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/", "http://LOCALHOST:8080/", "http://a.localhost./", "https://[::1]/", "http://10.0.0.1"],
)
def test_a_private_number_is_refused_at_once_unless_it_is_allowed(address: str) -> None:
    with pytest.raises(BadInput, match="private network"):
        addresses.check_address(address)
    addresses.check_address(address, private=True)


@pytest.mark.parametrize("numbers", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"]])
def test_a_name_behind_which_any_private_address_stands_is_never_called(
    monkeypatch: pytest.MonkeyPatch, numbers: list[str]
) -> None:
    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        assert host == "rebound.example"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in numbers]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(BadInput, match="private network"):
        addresses.post("https://rebound.example/hook", b"", {})


@pytest.mark.parametrize("address", ["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/"])
def test_numbers_written_in_other_ways_are_private_too(address: str) -> None:
    with pytest.raises(BadInput, match=r"private network|cannot be used"):
        addresses.post(address, b"", {})


def test_a_receiver_that_does_not_answer_is_a_failure_to_be_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(WorkerFailed, match="does not answer"):
            addresses.post(f"http://127.0.0.1:{taken.getsockname()[1]}/", b"", {}, private=True)


def test_so_is_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(WorkerFailed, match="looked up"):
        addresses.post("https://no-such-name.example/", b"", {})
