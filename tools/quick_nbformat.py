"""nbformat without the two seconds its import takes.

jsonschema, which nbformat imports, brings a checker for international addresses that builds a parser at once.
No notebook has an address to check, so that module is marked as absent while nbformat loads.
"""

import sys

ABSENT = "rfc3987_syntax"
_mark = ABSENT not in sys.modules
if _mark:
    sys.modules[ABSENT] = None  # type: ignore[assignment]  # the documented way to make an import fail
try:
    import nbformat
    import nbformat.v4
finally:
    if _mark:
        del sys.modules[ABSENT]

__all__ = ["nbformat"]
