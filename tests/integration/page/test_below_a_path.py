"""The page behind a real nginx, below a path, in a real browser: nothing is asked for outside the path."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.integration.page.conftest import PATIENCE_MS, Server
from tests.unit.api.stand_in import wait_until

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
FORM = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {{
    listen 127.0.0.1:{port};
    location /films/ {{
      proxy_pass {server}/;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Prefix /films;
    }}
  }}
}}
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(NGINX is None, reason="no nginx here: install the package nginx to test proxies"),
]


@pytest.fixture
def address(server: Server, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port = asking.getsockname()[1]
    (tmp_path / "nginx.conf").write_text(FORM.format(port=port, server=server.address), "utf-8")
    nginx = subprocess.Popen([str(NGINX), "-p", str(tmp_path), "-c", "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), seconds=30)
        yield f"http://127.0.0.1:{port}/films/"
    finally:
        nginx.terminate()
        nginx.wait()


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def test_the_library_opens_and_plays_below_a_path(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    page.goto(address)
    page.get_by_role("link", name="Harbour film").first.click()
    expect(page.locator("#lr-player video")).to_have_attribute("src", re.compile("^v1/videos/"))
    page.wait_for_function("document.querySelector('#lr-player video').readyState >= 1")
    assert page.url.startswith(f"{address}?video=")
    page.get_by_role("link", name="Library").click()
    expect(page.locator("#lr-grid")).to_be_visible()
    assert [url for url in refused if "manifest" not in url and "favicon" not in url] == []
    context.close()
