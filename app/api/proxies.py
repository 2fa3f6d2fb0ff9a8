"""Behind a proxy: the address that the browser sees, in place of the one that the proxy uses.

A trusted proxy says who calls, and under which name, scheme and path it publishes the server
(X-Forwarded-For, -Host, -Proto and -Prefix). For one that sends none of them there is LONGREEL_SERVER__PUBLIC_URL.
What anybody else writes into these fields is taken out, because the page's framework would believe it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import BadSettings
from app.core.settings import Server

PUBLIC_ADDRESS = "longreel.public_address"
"""Where a scope carries the `PublicAddress` that the browser sees."""
_TOLD = (
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-prefix",
    "forwarded",
    "x-gradio-server",
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """Where browsers find the server."""

    scheme: str
    netloc: str
    """Name and port."""
    prefix: str = ""
    """The path below which it lies, without a slash at its end."""

    @property
    def url(self) -> str:
        """The address of the page, without a slash at its end."""
        return f"{self.scheme}://{self.netloc}{self.prefix}"


def address_for(request: Request) -> PublicAddress:
    """Where the caller finds this server."""
    known: PublicAddress | None = request.scope.get(PUBLIC_ADDRESS)
    return known or PublicAddress(request.url.scheme, request.url.netloc)


def public_address(server: Server) -> PublicAddress | None:
    """The address of the settings; None where none is set. Raises BadSettings for what is no http or https address."""
    if not server.public_url:
        return None
    parts = urlsplit(server.public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise BadSettings(
            f"LONGREEL_SERVER__PUBLIC_URL is not the address of a server: {server.public_url}",
            "Set it to the address that browsers open, such as https://example.org/longreel.",
        )
    return PublicAddress(parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"))


def trusted_networks(server: Server) -> list[Network]:
    """Whose X-Forwarded-* fields count. Raises BadSettings for what is no address and no network."""
    try:
        names = [name.strip() for name in server.trusted_proxies.split(",")]
        return [ipaddress.ip_network(name, strict=False) for name in names if name]
    except ValueError as error:
        raise BadSettings(
            f"LONGREEL_SERVER__TRUSTED_PROXIES is not a list of addresses: {error}.",
            "Separate addresses or networks with commas, such as 127.0.0.1,10.0.0.0/8.",
        ) from error


class BehindProxy:
    """ASGI middleware that puts the public address into each request, and into the addresses of its answer."""

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app = app
        self._public = public_address(server)
        self._trusted = trusted_networks(server)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, scheme, prefix = headers.get("host", ""), scope["scheme"], ""
        if self._is_trusted(_peer(scope)):
            host = _first(headers, "x-forwarded-host") or host
            forwarded = _first(headers, "x-forwarded-proto").lower()
            scheme = forwarded if forwarded in ("http", "https") else scheme
            path = _first(headers, "x-forwarded-prefix").rstrip("/")
            is_plain = path.isascii() and path.isprintable() and not set(path) & set("?#<>\"'\\ ")
            prefix = path if is_plain and path.startswith("/") and not path.startswith("//") else ""
        address = self._public or PublicAddress(scheme, host, prefix)
        if scope["path"] == address.prefix != "":
            await RedirectResponse(f"{address.prefix}/", 308)(scope, receive, send)
            return

        async def send_with_prefix(message: Message) -> None:
            if message["type"] == "http.response.start" and address.prefix:
                answered = MutableHeaders(scope=message)
                location = answered.get("location", "")
                if location.startswith("/") and not location.startswith("//"):
                    answered["location"] = address.prefix + location
            await send(message)

        await self._app(self._seen(scope, headers, address), receive, send_with_prefix)

    def _seen(self, scope: Scope, headers: Headers, address: PublicAddress) -> Scope:
        """The request as the browser sent it; the page's framework reads its own address from two of the fields."""
        raw_headers = [(name, value) for name, value in scope["headers"] if name.decode("latin-1").lower() not in _TOLD]
        path = scope["path"]
        if address.prefix and path.startswith(f"{address.prefix}/"):
            path = path.removeprefix(address.prefix)
        if self._public or address.prefix or address.netloc != headers.get("host", ""):
            raw_headers.append((b"x-forwarded-host", f"{address.netloc}{address.prefix}".encode("latin-1", "replace")))
        raw_headers.append((b"x-forwarded-proto", address.scheme.encode()))
        seen = {**scope, "headers": raw_headers, "path": path, "scheme": address.scheme, PUBLIC_ADDRESS: address}
        if path != scope["path"] and "raw_path" in scope:
            seen["raw_path"] = scope["raw_path"].removeprefix(address.prefix.encode())
        peer = _peer(scope)
        if self._is_trusted(peer):  # the caller is the last of the addresses that no trusted proxy has
            lines = ",".join(headers.getlist("x-forwarded-for"))  # some proxies add a line of their own
            hops = [_host(name.strip()) for name in lines.split(",") if name.strip()]
            foreign = (name for name in reversed(hops) if not self._is_trusted(name))
            seen["client"] = (next(foreign, hops[0] if hops else peer), 0)
        return seen

    def _is_trusted(self, name: str) -> bool:
        try:
            number = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return False
        mapped = number.ipv4_mapped if isinstance(number, ipaddress.IPv6Address) else None
        return any((mapped or number) in network for network in self._trusted)


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _host(name: str) -> str:
    """An address without the port that some proxies write."""
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") == 1 else name


def _first(headers: Headers, name: str) -> str:
    """The first value of a field; of several lines, that of the nearest proxy."""
    return (headers.getlist(name) or [""])[-1].partition(",")[0].strip()
