"""What `longreel eval` has measured on this server's machine."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from fastapi import APIRouter

from app.api.deps import LongreelDep
from app.api.schemas.evaluations import EvaluationOut

logger = logging.getLogger(__name__)

router = APIRouter(tags=["server"])


@router.get("/evaluations", summary="List reports of `longreel eval`, newest first")
def list_evaluations(longreel: LongreelDep) -> list[EvaluationOut]:
    """The reports in the folder `evaluations` of the library, where `longreel eval` writes them by default."""
    reports = []
    for file in (longreel.settings.data / "evaluations").glob("*/report.json"):
        try:
            made_at = datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat(timespec="seconds")
            report = {**json.loads(file.read_text("utf-8")), "name": file.parent.name, "made_at": made_at}
            reports.append(EvaluationOut.model_validate(report))
        except (OSError, ValueError, TypeError) as error:
            logger.warning("Left out the report %s: %s", file, error, extra={"action": "report_unreadable"})
    return sorted(reports, key=lambda report: report.made_at, reverse=True)
