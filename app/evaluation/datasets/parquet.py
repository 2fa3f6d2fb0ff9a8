"""Parquet files as the hub gives them: one file, or a folder with the parts of a split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.core.errors import BadInput, MissingPart

_MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Whether a path is a Parquet file, or a folder that has some."""
    try:
        if path.is_dir():
            return any(path.glob("*.parquet"))
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def parquet_rows(path: Path) -> list[dict[str, Any]]:
    """All rows, without columns that hold pictures, sound or video. Raises BadInput, MissingPart without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingPart("Parquet files need pyarrow.", "Run: pip install 'longreel[parquet]'.") from error
    rows: list[dict[str, Any]] = []
    for file in sorted(path.glob("*.parquet")) if path.is_dir() else [path]:
        try:
            parquet = pq.ParquetFile(file)
            columns = [field.name for field in parquet.schema_arrow if "binary" not in str(field.type)]
            rows += parquet.read(columns=columns).to_pylist()
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{file} cannot be read: {str(error)[:120]}.", "Download the file again.") from error
    return rows
