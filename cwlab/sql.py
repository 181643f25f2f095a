"""The one seam to DuckDB: a database in memory that can reach no file, no network, no extension, no Python name.

One thread, since sums computed by several differ in the last bit. A connection holds no state of a world: what it has
is copied from chunks that never change, and can be thrown away at any time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SEALED = {
    "temp_directory": "",  # a query too large for memory fails; it does not fill the folder the lab was started in
    "threads": "1",
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "TimeZone": "UTC",
    # A condition that is moved below the step that computes a column computes it anew for each mention: four times as slow.
    "disabled_optimizers": "filter_pushdown",
}


def connect() -> DuckDBPyConnection:
    """A new sealed database. Its settings cannot be changed any more.

    >>> connect().execute("SELECT 6 * 7").fetchall()
    [(42,)]
    >>> connect().execute("SELECT * FROM read_csv('pyproject.toml')")
    Traceback (most recent call last):
    ...
    _duckdb.PermissionException: Permission Error: ...
    """
    import duckdb  # half a second: only who queries pays

    database = duckdb.connect(":memory:")
    for name, value in SEALED.items():
        database.execute(f"SET {name} = '{value}'")
    database.execute("SET lock_configuration = true")
    return database


@lru_cache(maxsize=1)
def shared() -> DuckDBPyConnection:
    """The database that this process shares, for copies of what never changes."""
    return connect()
