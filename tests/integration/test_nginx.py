"""A real nginx before a real server: in the usual forms, with TLS, and below a path."""

from __future__ import annotations

import datetime
import ipaddress
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.client import Longreel
from tests.integration.published import KEY
from tests.unit.api import stand_in

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
FORMS = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {{ listen 127.0.0.1:{plain}; location / {{ proxy_pass http://127.0.0.1:{published}; }} }}
  server {{
    listen 127.0.0.1:{named};
    location / {{ proxy_pass http://127.0.0.1:{open}; proxy_set_header Host $http_host; }}
  }}
  server {{
    listen 127.0.0.1:{below};
    location /longreel/ {{
      proxy_pass http://127.0.0.1:{open}/;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Prefix /longreel;
    }}
  }}
  server {{
    listen 127.0.0.1:{safe} ssl; ssl_certificate certificate.pem; ssl_certificate_key key.pem;
    location /films {{
      proxy_pass http://127.0.0.1:{locked};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
}}
"""

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here: install the package nginx to test proxies")


@dataclass
class Doors:
    """The addresses that a browser opens, in the forms above."""

    plain: str
    named: str
    below: str
    safe: str
    trusting: ssl.SSLContext


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("nginx")
    ports = {name: free_port() for name in ("plain", "named", "below", "safe")}
    certify(folder)
    safe = f"https://127.0.0.1:{ports['safe']}/films"
    with ExitStack() as running:
        command = [sys.executable, "-W", "ignore", "-m", "tests.integration.published", str(folder)]
        served = running.enter_context(
            subprocess.Popen(
                [*command, f"http://127.0.0.1:{ports['plain']}", safe],
                cwd=ROOT,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        )
        assert served.stdout is not None
        servers = dict(zip(("open", "published", "locked"), served.stdout.readline().split(), strict=True))
        (folder / "nginx.conf").write_text(FORMS.format(**ports, **servers), "utf-8")
        nginx = running.enter_context(
            subprocess.Popen([str(NGINX), "-p", str(folder), "-c", "nginx.conf"], stderr=subprocess.DEVNULL)
        )
        running.callback(nginx.terminate)
        stand_in.wait_until(lambda: all(map(answers, ports.values())), seconds=30)
        trusting = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
        plain, named, below = (f"http://127.0.0.1:{ports[name]}" for name in ("plain", "named", "below"))
        yield Doors(plain, named, f"{below}/longreel", safe, trusting)


@pytest.mark.parametrize("form", ["plain", "named", "below", "safe"])
def test_page_api_and_uploads_work_through_the_proxy(doors: Doors, form: str) -> None:
    address = getattr(doors, form)
    origin = re.match(r"https?://[^/]+", address)
    assert origin is not None
    verify: Any = doors.trusting if form == "safe" else True
    headers = {"Origin": origin[0]}
    with httpx.Client(verify=verify, headers=headers, timeout=60, trust_env=False) as browser:
        if form == "safe":
            entered = browser.post(f"{address}/v1/session", data={"key": KEY})
            assert (entered.status_code, entered.headers["location"]) == (303, "/films/")
            assert "Secure" in entered.headers["set-cookie"]
        page = browser.get(f"{address}/")
        assert page.status_code == 200
        assert f'"root":"{address}"' in page.text.replace(" ", "")
        for asset in set(re.findall(r'(?:src|href)="(\.?/?assets/[^"]+\.(?:js|css))"', page.text)):
            assert browser.get(f"{address}/{asset.lstrip('./')}").status_code == 200
        config = browser.get(f"{address}/config").json()
        assert config["root"] == address
        film = {"file": ("harbour.webm", b"a film", "video/webm")}
        added = browser.post(f"{address}/v1/videos", files=film)
        assert added.status_code == 202
        job = browser.get(f"{origin[0]}{added.headers['location']}")
        assert job.json()["id"] == added.json()["id"]
        with browser.stream("GET", f"{address}/v1/jobs/{added.json()['id']}/events") as events:
            assert next(events.iter_lines())


@pytest.mark.parametrize("form", ["plain", "named", "below", "safe"])
def test_lists_and_exports_lead_to_addresses_behind_the_proxy(
    doors: Doors, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.client.calls.jobs.PAGE", 1)
    address, key = getattr(doors, form), KEY if form == "safe" else ""
    verify: Any = doors.trusting if form == "safe" else True
    films = [tmp_path / f"{number}.webm" for number in range(2)]
    for film in films:
        film.write_bytes(film.name.encode())
    with Longreel(address, key, transport=httpx.HTTPTransport(verify=verify)) as longreel:
        videos = [longreel.ingest(film) for film in films]
        assert len(longreel.jobs()) >= 2
        assert f'src="{address}/v1/videos/{videos[0].id}/media' in longreel.export(videos[0].id, "html").decode()
    jobs = f"{address}/v1/jobs?limit=1"
    with httpx.Client(verify=verify, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False) as program:
        first = program.get(jobs)
        following = program.get(first.url.join(first.links["next"]["url"]))
    assert following.status_code == 200 and following.json()[0]["id"] != first.json()[0]["id"]


def test_the_path_without_its_last_slash_leads_to_the_page(doors: Doors) -> None:
    with httpx.Client(verify=doors.trusting, timeout=60, trust_env=False) as browser:
        answer = browser.get(doors.safe)
        assert (answer.status_code, answer.headers["location"]) == (308, "/films/")


def test_pages_of_other_sites_may_change_nothing_behind_a_proxy(doors: Doors) -> None:
    for address in (doors.plain, doors.named, doors.below):
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = httpx.post(f"{address}/v1/collections", json={"name": "x"}, headers=headers, trust_env=False)
            assert answer.status_code == 403


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def certify(folder: Path) -> None:
    """A certificate of this machine's own address, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
