"""Kept answers over one database, from several processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.postgres import KINDS

BEGIN = """
import sys
from app.db.database import Database
from app.db.replies import SqlReplies
print(SqlReplies(Database(sys.argv[1])).begin("k", "request", sys.argv[2]) is None)
"""


@pytest.mark.parametrize("kind", KINDS)
def test_of_several_processes_one_begins(request: pytest.FixtureRequest, kind: str) -> None:
    url = request.getfixturevalue("postgres_url" if kind == "postgres" else "sqlite_file_url")
    started = [
        subprocess.Popen([sys.executable, "-c", BEGIN, url, str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    told = [process.communicate(timeout=60)[0].strip() for process in started]
    assert sorted(told) == ["False", "False", "True"]
