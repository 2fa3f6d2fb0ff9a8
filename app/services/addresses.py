"""Addresses from callers: a request there must not lead to this machine or into its network.

A name is looked up once, every address behind it must be public, and the request goes to the address
that was looked at, so that a name that changes between the look and the request gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urljoin

import httpx

from app.core.errors import BadInput, WorkerFailed

TIMEOUT_S = 10.0
LONGEST = 2048
MOST_REDIRECTS = 5

_TUNNELS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")))
"""Global IPv6 addresses that stand for IPv4 ones, private ones too."""


def check_address(address: str, *, private: bool = False) -> None:
    """Raises BadInput for what is no http or https address, and for one that names a private place by number."""
    host = _host(_parsed(address))
    is_private = host == "localhost" or host.endswith(".localhost")
    with suppress(ValueError):  # a name: where it leads is looked up later
        is_private = is_private or not is_public(host.strip("[]"))
    if is_private and not private:
        raise _private(host)


def post(address: str, content: bytes, headers: Mapping[str, str], *, private: bool = False) -> int:
    """Sends bytes and returns the status of the answer, whose body is not read. Redirects are not followed.

    With `private` any address will do. Raises BadInput for a forbidden address, WorkerFailed when nobody answers.
    """
    with _asked("POST", _parsed(address), content, headers, private, TIMEOUT_S) as answer:
        return answer.status_code


@contextmanager
def get(
    address: str, headers: Mapping[str, str], *, private: bool = False, timeout_s: float = TIMEOUT_S
) -> Iterator[httpx.Response]:
    """The answer to a GET, whose body the block reads; redirects are followed, each looked at like the first address.

    `timeout_s` is how long the other side may be silent. Raises BadInput for a forbidden address and too many
    redirects, WorkerFailed when nobody answers, also for a connection that breaks inside the block.
    """
    with request("GET", address, b"", headers, private=private, timeout_s=timeout_s) as answer:
        yield answer


@contextmanager
def request(
    method: str, address: str, content: bytes, headers: Mapping[str, str], *, private: bool, timeout_s: float
) -> Iterator[httpx.Response]:
    """Like `get`, with any method; the answer's extension `address` is where the redirects ended."""
    url = _parsed(address)
    for _ in range(MOST_REDIRECTS + 1):
        with _asked(method, url, content, headers, private, timeout_s) as answer:
            if not answer.has_redirect_location:
                answer.extensions["address"] = str(url)
                yield answer
                return
            try:
                location = urljoin(str(url), answer.headers["location"])
            except ValueError as error:
                raise _unusable() from error
            url = _parsed(location)
            if method == "POST" and answer.status_code in (301, 302, 303):
                method, content = "GET", b""
    raise BadInput(f"{_host(url)} redirects more than {MOST_REDIRECTS} times.", "Give the address it ends at.")


def is_public(number: str) -> bool:
    """Whether an IP address is one of the public internet."""
    ip = ipaddress.ip_address(number.partition("%")[0])
    if any(ip in network for network in _TUNNELS if network.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


@contextmanager
def _asked(
    method: str, url: httpx.URL, content: bytes, headers: Mapping[str, str], private: bool, timeout_s: float
) -> Iterator[httpx.Response]:
    host = _host(url)
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WorkerFailed(f"The name {host} cannot be looked up.", "Check the address.") from error
    numbers = [str(entry[4][0]) for entry in entries]
    if not private and not all(map(is_public, numbers)):
        raise _private(host)
    try:
        with (
            httpx.Client(timeout=timeout_s, trust_env=False) as client,
            client.stream(
                method,
                url.copy_with(host=numbers[0]),
                content=content,
                headers={**headers, "Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": host},
            ) as answer,
        ):
            yield answer
    except httpx.HTTPError as error:
        raise WorkerFailed(
            f"{host} does not answer ({type(error).__name__}).", "Check whether it is running."
        ) from error


def _parsed(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError) as error:
        raise _unusable() from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise _unusable()
    if len(address) > LONGEST or not 0 < (url.port or 80) < 1 << 16:
        raise _unusable()
    return url


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii").lower().rstrip(".")


def _unusable() -> BadInput:
    return BadInput("The address cannot be used.", "Give one that begins with http:// or https://, without a password.")


def _private(host: str) -> BadInput:
    hint = "Give a public address; docs/settings.md says which settings allow others."
    return BadInput(f"{host} is on this machine or in a private network.", hint)
