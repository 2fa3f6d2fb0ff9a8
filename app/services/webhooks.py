"""Webhooks: sends the end of a job to an address, signed, and retries until it is accepted.

Headers and signature are those of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over
`id.timestamp.body`, so that its libraries check them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from urllib.parse import urlsplit

from app.core.errors import BadInput, BadSettings, WorkerFailed
from app.core.settings import Server
from app.jobs.context import JobContext
from app.jobs.retry import RetryPolicy
from app.jobs.states import Job
from app.jobs.store import JobStore
from app.jobs.webhooks import NOTICE
from app.jobs.worker import Worker
from app.services.addresses import check_address, post
from app.services.secrets import Seal

SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}")
POLICY = RetryPolicy(max_attempts=10, first_s=5.0, factor=5.0, max_s=6 * 3600.0)
"""After 5 s, 25 s, 2 min, 10 min, 52 min, 4.3 h and then every 6 h: over a day in all."""
THREADS = 4
"""A receiver that does not answer holds up one of them for some seconds."""
GONE = 410
MOST_JOBS = 10_000


class WebhookService:
    """Checks callers' requests, sends due notices, and lists what was sent."""

    def __init__(
        self,
        jobs: JobStore,
        settings: Server,
        seal: Seal,
        *,
        policy: RetryPolicy = POLICY,
        poll_s: float = 2.0,
    ) -> None:
        """`seal` locks the secrets that are stored with jobs.

        Raises BadSettings for an address or a secret that cannot be used.
        """
        self._jobs = jobs
        self._seal = seal
        self._private = settings.private_webhooks
        self._secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
        if settings.webhook_url:
            try:
                self._check(settings.webhook_url, self._secret)
            except BadInput as error:
                hint = f"Correct LONGREEL_SERVER__WEBHOOK_URL or LONGREEL_SERVER__WEBHOOK_SECRET. {error.hint}"
                raise BadSettings(error.message, hint) from error
        self.worker = Worker(jobs, {NOTICE: self.handle}, policy=policy, threads=THREADS, poll_s=poll_s)
        """A worker of its own: a notice must not wait for the video that is being read."""

    def wanted(self, url: str, secret: str) -> dict[str, str]:
        """What a job's payload says under `webhook`. Raises BadInput for an address or a secret that cannot be used."""
        self._check(url, secret)
        return {"url": url, "secret": self._seal.closed(secret)}

    def handle(self, job: Job, _: JobContext) -> dict[str, int]:
        """Handles a notice: one attempt to send it. Raises WorkerFailed to be called again later."""
        payload = job.payload
        body = payload["body"].encode("utf-8", "replace")
        timestamp = str(int(time.time()))
        own = self._jobs.get(payload["job"]).payload.get("webhook")
        secret = self._seal.opened(own["secret"]) if own else self._secret
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Longreel",
            "webhook-id": job.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(secret, job.id, timestamp, body),
        }
        status = post(payload["url"], body, headers, private=self._private)
        host = urlsplit(payload["url"]).hostname
        if status == GONE:
            raise BadInput(f"{host} no longer wants notices (status {status}).", "Give another address.")
        if not 200 <= status < 300:
            raise WorkerFailed(f"{host} answered with status {status}.", "See the log of the receiver.")
        return {"status": status}

    def deliveries(self, job_id: str = "") -> list[Job]:
        """The notices, newest first: all, or those about one job."""
        return [
            job for job in self._jobs.list(limit=MOST_JOBS) if job.kind == NOTICE and job_id in ("", job.payload["job"])
        ]

    def _check(self, url: str, secret: str) -> None:
        check_address(url, private=self._private)
        _key(secret)


def signature(secret: str, id: str, timestamp: str, body: bytes) -> str:
    """The header `webhook-signature`. Raises BadInput for a secret that cannot be used."""
    signed = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True) if SECRET.fullmatch(secret) else b""
    except binascii.Error:
        key = b""
    if not 24 <= len(key) <= 64:
        raise BadInput(
            "The secret of the webhook cannot be used.", "Give whsec_ followed by 24 to 64 random bytes in base64."
        )
    return key
