"""Who may talk to the server: host names, origins, the API key.

A page on another site can make a browser send requests to a server on the same machine. So a
loopback server answers only to its own names (DNS rebinding), and requests that change something
must come from its own pages (CSRF). With a key, every request needs it: programs send it as a
bearer token, browsers get a cookie for it from the login form.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.keys import KeyCheck, TooManyGuesses
from app.api.openai_errors import error_response
from app.api.problems import RETRY_S, plain_problem
from app.api.proxies import PUBLIC_ADDRESS, public_address
from app.api.schemas import problem_of
from app.api.sessions import Sessions
from app.core.errors import BadSettings
from app.core.settings import Server, Settings

COOKIE = "longreel_session"
HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
"""What a Host header may be."""
LOGIN = "/v1/session"
WITHOUT_A_KEY = frozenset({LOGIN, "/v1/health"})
"""The login, and whether the server answers: container engines and load balancers ask without a key."""
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SHORTEST_KEY = 16
"""Characters of a key that others can try to guess."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CLOSED = ("/gradio_api/upload",)
"""Doors of the page's framework that nothing here uses."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
    ),
}

LoginPage = Callable[[str], str]
"""The HTML of the login form, with a sentence on what was wrong ("" at first)."""


def check_address(settings: Settings) -> None:
    """Refuses to serve the whole network without a key, and a key that no header can carry. Raises BadSettings."""
    server, key = settings.server, key_of(settings.server)
    if key != key.strip() or not (key.isascii() and key.isprintable()):
        raise BadSettings(
            "Programs cannot send the API key: it has characters outside ASCII, or a space at an end.",
            "Set LONGREEL_SERVER__API_KEY to ASCII letters and digits.",
        )
    if not is_loopback(server.host) and not key:
        raise BadSettings(
            f"The address {server.host} can be reached by others, and no API key is set.",
            "Set LONGREEL_SERVER__API_KEY to a long secret, or serve on 127.0.0.1.",
        )
    address = server.public_url if is_loopback(server.host) else server.host
    if key and address and len(key) < SHORTEST_KEY:
        raise BadSettings(
            f"The API key is shorter than {SHORTEST_KEY} characters, and others can reach {address}.",
            "Set LONGREEL_SERVER__API_KEY to a long random secret.",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    name = host.strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def trusts_this_machine(server: Server) -> bool:
    """Whether only people who may read this machine's files can call: a loopback address without a key."""
    return is_loopback(server.host) and not key_of(server)


def key_of(server: Server) -> str:
    """The API key, or "" when none is set."""
    return server.api_key.get_secret_value() if server.api_key else ""


class Guard:
    """ASGI middleware that lets through what may pass, and adds security headers to every answer."""

    def __init__(self, app: ASGIApp, server: Server, login_page: LoginPage, sessions: Sessions, keys: KeyCheck) -> None:
        self._app = app
        self._needs_key = bool(key_of(server))
        self._keys = keys
        self._names: frozenset[str] | None = None
        if is_loopback(server.host):
            public = public_address(server)
            own_names = {server.host.strip("[]").lower(), _host_name(public.netloc) if public else "localhost"}
            self._names = LOCAL_NAMES | own_names
        self._login_page = login_page
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers refused requests itself."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close"})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None and self._needs_key and scope["path"] not in WITHOUT_A_KEY:
            refusal = await self._check_key(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        path = scope["path"]
        if self._names is not None and not {_host_name(name) for name in _hosts(scope, headers)} <= self._names:
            detail = "The server does not know this host name."
            hint = "If a proxy publishes it under this name, set LONGREEL_SERVER__PUBLIC_URL to that address."
            return error_response(path, plain_problem(403, detail, "foreign_host", hint=hint))
        names = headers.getlist("host")
        if len(names) > 1 or not all(map(HOST.fullmatch, names)):
            return error_response(path, plain_problem(400, "The request has no valid host name.", "bad_host"))
        if _is_foreign(scope, headers):
            detail = "Only pages of this server may do this."
            return error_response(path, plain_problem(403, detail, "foreign_origin"))
        if path.startswith(CLOSED):
            return error_response(path, plain_problem(404))
        return None

    async def _check_key(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), scope["path"]
        if self._sessions.is_valid(session_of(headers)):
            return None
        credential = credential_of(headers)
        try:
            if credential and await self._keys.is_right(credential, peer_of(scope)):
                return None
        except TooManyGuesses as error:
            return error_response(path, problem_of(error), {"Retry-After": str(RETRY_S)})
        if path == "/" and scope["method"] in SAFE_METHODS:
            return HTMLResponse(self._login_page(""), 401)
        return error_response(path, plain_problem(401, "This server needs an API key."), {"WWW-Authenticate": "Bearer"})


def peer_of(scope: Scope) -> str:
    """The address that a request comes from."""
    peer = scope.get("client")
    return str(peer[0]) if peer else ""


def credential_of(headers: Headers) -> str:
    """What the caller shows: the key, or the token of a session; "" for neither."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    return (bearer.strip() if scheme.lower() == "bearer" else "") or session_of(headers)


def session_of(headers: Headers) -> str:
    """The token of the browser's session; "" for none."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _hosts(scope: Scope, headers: Headers) -> list[str]:
    """The names that a request uses: that of the proxy's own request, and that which the browser sees."""
    public = scope.get(PUBLIC_ADDRESS)
    return [headers.get("host", ""), *([public.netloc] if public and public.netloc else [])]


def _is_foreign(scope: Scope, headers: Headers) -> bool:
    """Whether another site's page sends it. A browser that says where a request comes from is believed.

    A person who follows a link to this server is welcome, and so is a program that reads: neither lets another site's
    page see the answer. Such a page may send requests all the same, for pictures and scripts: whether they succeed
    reveals what is here.
    """
    mode = headers.get("sec-fetch-mode")
    is_visit = mode is None or (mode == "navigate" and headers.get("sec-fetch-dest", "document") == "document")
    if is_visit and scope["method"] in SAFE_METHODS:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    try:
        hosts = [host.lower() for host in _hosts(scope, headers)]
        return origin is not None and urlsplit(origin).netloc.lower() not in hosts
    except ValueError:
        return True
