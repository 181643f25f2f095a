"""The sealed database reaches nothing outside itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from duckdb import Error, OutOfMemoryException

from cwlab import sql


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('https://example.com/')",
        "COPY (SELECT 1) TO 'out.csv'",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET temp_directory = 'spilled'",
        "SET enable_external_access = true",
        "SELECT * FROM local_frame",
    ],
)
def test_what_leads_outside_is_refused(statement, tmp_path, monkeypatch):
    import pandas as pd

    local_frame = pd.DataFrame({"a": [1]})
    assert len(local_frame) == 1
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Error):
        sql.connect().execute(statement)
    assert not list(tmp_path.iterdir())


def test_what_is_too_large_for_memory_fails_and_writes_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sql.SEALED, "memory_limit", "40MB")
    with pytest.raises(OutOfMemoryException):
        sql.connect().execute("SELECT md5(range::TEXT) AS k, COUNT(*) FROM range(1000000) GROUP BY k")
    assert not list(Path(tmp_path).iterdir())
