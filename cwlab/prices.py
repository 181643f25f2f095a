"""What something would cost on AWS, roughly. An estimate from published figures, not a bill.

The figures are those of pages about us-east-1 in 2026 and about Tokyo (AWS's own price page could not be read); every other
Region is taken for us-east-1. Not counted: the free tier, which is 5 GB a month over what is ingested, stored and scanned
together (CloudWatch Logs User Guide, "Pricing").

>>> scan_usd(200 * GB)
1.0
>>> scan_usd(GB, "ap-northeast-1")
0.0076
"""

from __future__ import annotations

GB = 1 << 30  # bytes
SCAN_USD_PER_GB = {
    "us-east-1": 0.005,
    "ap-northeast-1": 0.0076,
}  # Logs Insights; change it where you know better
FREE_TIER = "5 GB a month of ingested, stored and scanned data together are free."


def scan_usd(nbytes: float, region: str = "us-east-1") -> float:
    """What Logs Insights takes for scanning so many bytes, in USD.

    Args:
        nbytes: ``bytesScanned`` of a query's statistics. Of a ``diff`` they are those of both windows, as it is billed; of an
            ``estimate`` none.
        region: where.
    """
    return nbytes / GB * SCAN_USD_PER_GB.get(region, SCAN_USD_PER_GB["us-east-1"])
