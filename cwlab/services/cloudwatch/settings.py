"""Where the real service leaves room, one named setting for each choice. ``configure`` sets them in one world."""

from __future__ import annotations

from cwlab.codec import record


@record
class Settings:
    """Choices of the metric store. Delays are 0 by default: data are visible at once, as is usual on the service.

    What AWS documents: a new metric's data may take 2 minutes to show in statistics and 15 in ListMetrics; datapoints
    stamped 3 to 24 hours back up to 2 hours, older ones 48 hours or more.
    """

    statistics_delay_s: int = 0  # from receipt until queries see a datapoint
    listing_delay_s: int = 0  # from a metric's first datapoint until ListMetrics names it
    late_delay_s: int = 0  # for datapoints stamped 3 to 24 hours back
    very_late_delay_s: int = 0  # for datapoints stamped more than 24 hours back
    recently_active_s: int = 3 * 3600  # what RecentlyActive="PT3H" takes as recent; AWS adds up to 50 minutes
    exact_percentiles: bool = False  # reckon percentiles with the values themselves, as the service does not
    every_tick: bool = (
        False  # evaluate every alarm at every tick, though nothing can have changed: slow, and the same
    )

    @property
    def delayed(self) -> bool:
        return bool(self.statistics_delay_s or self.late_delay_s or self.very_late_delay_s)

    def delay_s(self, age_s: int) -> int:
        """How long a datapoint stays hidden that is this old when it arrives."""
        if age_s >= 24 * 3600:
            return max(self.very_late_delay_s, self.statistics_delay_s)
        if age_s >= 3 * 3600:
            return max(self.late_delay_s, self.statistics_delay_s)
        return self.statistics_delay_s


DEFAULTS = Settings()
