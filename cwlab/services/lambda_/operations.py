"""Everything Lambda can be asked. Importing this module declares it all."""

from cwlab.services.lambda_ import asynchronous, functions, invoke

__all__ = ["asynchronous", "functions", "invoke"]
