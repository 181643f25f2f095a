"""Filter patterns of CloudWatch Logs, taken apart: why a message matches or does not.

>>> from cwlab.patterns import explain
>>> explain("[..., status=4*, size]", '"GET /" 404 1534').fields[1]
Extracted(name='$status', value='404', span=(8, 11))
"""

from cwlab.services.logs.pattern import Explanation, Extracted, Mistake, Part, explain

__all__ = ["Explanation", "Extracted", "Mistake", "Part", "explain"]
