"""What an alarm that looks ahead looks at, be it one series or many: where its data lie, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cwlab.services.cloudwatch.chunk import Ints
from cwlab.services.cloudwatch.series import Series


@dataclass(frozen=True, slots=True)
class Sight:
    """The series an alarm reads.

    Args:
        codes: the outcome at ticks, in seconds; None where only an evaluation can tell.
        empty: the outcome at such ticks of which the range is empty; None likewise.
    """

    series: Sequence[Series]
    codes: Callable[[Ints], Ints | None]
    empty: Callable[[int], int | None]

    def next_stamp(self, start_s: int) -> int | None:
        """The first stamp from ``start_s`` on of all rows, of those that are not yet visible too."""
        found = [stamp for series in self.series if (stamp := series.next_stamp(start_s)) is not None]
        return min(found, default=None)

    def late(self, now_s: int) -> int | None:
        """From when on a row appears, in seconds, that could have been read sooner had it not been delayed."""
        late = [
            int(later.due[hidden].min())
            for series in self.series
            for later in series.later
            if (hidden := (later.due > now_s) & (later.due > later.chunk.stamp)).any()
        ]
        return min(late, default=None)

    def comes_in(self, since_s: int) -> bool:
        """Whether data have come in as time goes, and nothing is known of those to come."""
        return not any(series.later for series in self.series) and any(
            series.newest >= since_s for series in self.series
        )
