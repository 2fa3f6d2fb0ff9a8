"""Addresses that callers give: a request there must not lead into this machine or its network.

A name is looked up once, every address behind it must be public, and the request goes to the address
that was looked at, so that a name that changes between the look and the request gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping

import httpx

from app.core.errors import BadInput, WorkerFailed

TIMEOUT_S = 10.0
LONGEST = 2048

_TUNNELS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")))
"""Global IPv6 addresses that stand for IPv4 ones, private ones too."""


def check_address(address: str, *, private: bool = False) -> None:
    """Raises BadInput for what is no http or https address, and for one that names a private place by number."""
    host = _host(_parsed(address))
    if not private and (host == "localhost" or host.endswith(".localhost") or _is_private_number(host)):
        raise _private(host)


def post(address: str, content: bytes, headers: Mapping[str, str], *, private: bool = False) -> int:
    """Sends bytes and returns the status of the answer, whose body is not read. Redirects are not followed.

    With `private` any address will do. Raises BadInput for a forbidden address, WorkerFailed when nobody answers.
    """
    url = _parsed(address)
    host = _host(url)
    place = _looked_up(host, url.port or (443 if url.scheme == "https" else 80), private)
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client,
            client.stream(
                "POST",
                url.copy_with(host=place),
                content=content,
                headers={**headers, "Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": host},
            ) as answer,
        ):
            return answer.status_code
    except httpx.HTTPError as error:
        raise WorkerFailed(f"{host} does not answer ({type(error).__name__}).", "See whether it is up.") from error


def is_public(number: str) -> bool:
    """Whether an IP address is one of the public internet."""
    ip = ipaddress.ip_address(number.partition("%")[0])
    if any(ip in network for network in _TUNNELS if network.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _looked_up(host: str, port: int, private: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WorkerFailed(f"The name {host} cannot be looked up.", "Check the address.") from error
    numbers = [str(entry[4][0]) for entry in found]
    if not private and not all(map(is_public, numbers)):
        raise _private(host)
    return numbers[0]


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


def _is_private_number(host: str) -> bool:
    try:
        return not is_public(host.strip("[]"))
    except ValueError:
        return False


def _unusable() -> BadInput:
    return BadInput("The address cannot be used.", "Give one such as https://example.org/hook, without a password.")


def _private(host: str) -> BadInput:
    return BadInput(f"{host} is on this machine or in a private network.", "Give a public address.")
