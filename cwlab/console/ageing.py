"""The ageing panel: one slider for age moves the clock, and the same query is answered or empty."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cwlab.console import reading
from cwlab.console.calls import Recorder
from cwlab.console.charts.tiers import answered, tier_of, tiers
from cwlab.console.panels import Panel, Pick, Shown
from cwlab.console.reading import Dimensions
from cwlab.console.words import span
from cwlab.errors import BadInput
from cwlab.timeline import iso, to_ms

HOUR, DAY = 1, 24
#: The stops of the slider, in hours: close together where a tier ends.
AGES = (
    1,
    2,
    3,
    4,
    12,
    1 * DAY,
    3 * DAY,
    7 * DAY,
    14 * DAY,
    15 * DAY,
    16 * DAY,
    30 * DAY,
    62 * DAY,
    63 * DAY,
    64 * DAY,
    120 * DAY,
    240 * DAY,
    365 * DAY,
    454 * DAY,
    455 * DAY,
    456 * DAY,
)
PERIODS = (1, 10, 60, 300, 3600)
DATUMS = 360  # one every ten seconds for an hour


class Ages:
    """The lab at each age, made when first asked for: a fork of the nearest younger one, moved on."""

    def __init__(self, lab: Any, start: datetime) -> None:
        self._start = start
        self._labs = {-1.0: lab}

    def at(self, hours: float) -> Any:
        """A lab whose now is so many hours after the start of the data. Look at it, do not change it."""
        if hours not in self._labs:
            younger = max(h for h in self._labs if h <= hours)
            lab = self._labs[younger].fork()
            target = self._start + timedelta(hours=hours)
            if target > lab.now:
                lab.advance(until=target)
            self._labs[hours] = lab
        return self._labs[hours]


def _demonstration(lab: Any, namespace: str, name: str, start: datetime) -> None:
    """An hour of data at a resolution of one second: a datum every ten seconds."""
    data = [
        {
            "MetricName": name,
            "Timestamp": start + timedelta(seconds=10 * i),
            "Value": float(_orders(i)),
            "StorageResolution": 1,
        }
        for i in range(DATUMS)
    ]
    lab.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def _orders(i: int) -> int:
    """Orders in the i-th ten seconds: a hump with a regular ripple."""
    return 20 + (i * (DATUMS - i)) // 900 + (i * 7) % 11


def retention(
    lab: Any,
    namespace: str = "Shop/Ageing",
    name: str = "Orders",
    dimensions: Dimensions | None = None,
    *,
    statistic: str = "Average",
    age_hours: int = 1,
    period: int = 60,
) -> Panel:
    """How data age: four tiers across age, and one query that is answered or empty.

    The panel works on forks; your lab stays where it is. If the metric has no data in the hour before the data's
    end, the panel puts an hour of its own (on the fork): one datum every ten seconds, at a resolution of one second.

    Args:
        lab: the lab.
        namespace, name, dimensions: the metric; without data of its own it is filled as told above.
        statistic: what is asked.
        age_hours, period: where the controls start.

    Twin: ``panel.set(age_hours=30 * 24, period=300)``
    """
    base = lab.fork()
    now_ms = to_ms(base.now)
    hour_ms = 3_600_000
    end_ms = -(-now_ms // hour_ms) * hour_ms
    start, end = reading.instant(end_ms - hour_ms), reading.instant(end_ms)
    if end_ms > now_ms:
        base.advance(until=end)
    query = [reading.query("q", namespace, name, dimensions, statistic, 60)]
    own = reading.answers(base.client("cloudwatch"), query, start, end)["q"].empty
    if own:
        if dimensions:
            raise BadInput(
                dimensions,
                f"{namespace} {name} has no data from {iso(end_ms - hour_ms)} to {iso(end_ms)}.",
                "Put some first, or leave namespace, name and dimensions out.",
            )
        _demonstration(base, namespace, name, start)
    ages = Ages(base, start)

    def draw(age_hours: int, period: int) -> Shown:
        then = ages.at(age_hours).fork()
        with Recorder(then) as made:
            asked = [reading.query("q", namespace, name, dimensions, statistic, period)]
            points = reading.answers(then.client("cloudwatch"), asked, start, end)["q"]
        age_s = age_hours * 3600
        picture = tiers(
            points, period_s=period, age_s=age_s, start_ms=to_ms(start), end_ms=to_ms(end), name=name
        )
        return Shown(
            picture,
            _why(period, age_s, len(points)),
            made.entries,
            setup=_setup(namespace, name, now_ms, end_ms, to_ms(then.now), own),
        )

    options = {_age(h): h for h in AGES}
    return Panel(
        "retention",
        [
            Pick("age_hours", "Age", options, age_hours, slider=True),
            Pick("period", "Period asked for", {span(p): p for p in PERIODS}, period),
        ],
        draw,
        height=364,
    )


def _setup(namespace: str, name: str, now_ms: int, end_ms: int, then_ms: int, own: bool) -> list[str]:
    """The way to the query as Python: a copy of the lab, the data, the age."""
    lines = ["copy = lab.fork()", "cloudwatch = copy.client('cloudwatch')"]
    if end_ms > now_ms:
        lines.append(f"copy.advance(until={iso(end_ms)!r})")
    if own:
        lines = [
            "from datetime import datetime, timedelta",
            *lines,
            f"start = datetime.fromisoformat({iso(end_ms - 3_600_000)!r})",
            f"cloudwatch.put_metric_data(Namespace={namespace!r}, MetricData=[",
            f"    {{'MetricName': {name!r}, 'Timestamp': start + timedelta(seconds=10 * i), 'StorageResolution': 1,",
            f"     'Value': 20 + (i * ({DATUMS} - i)) // 900 + (i * 7) % 11}} for i in range({DATUMS})])",
        ]
    if then_ms > end_ms:
        lines.append(f"copy.advance(until={iso(then_ms)!r})")
    return lines


def _age(hours: int) -> str:
    return span(hours * 3600)


def _why(period: int, age_s: int, points: int) -> str:
    tier = tier_of(period)
    kept = f"The {tier.name} tier is kept for {span(tier.kept_s)}"
    if not answered(period, age_s):
        coarser = 60 if age_s <= 15 * 86400 else 300 if age_s <= 63 * 86400 else 3600
        ask = (
            f"; ask for {span(coarser)}, and the same data answer."
            if age_s <= 455 * 86400
            else "; no tier is kept longer than 455 days."
        )
        return f"{kept}, and this query starts {span(age_s)} back: no datapoints, and no error either{ask}"
    if points:
        return f"{kept}, so a query that starts {span(age_s)} back is answered, one datapoint for each {span(period)} with data."
    return f"{kept}, so this query could be answered, but nothing was sent in its window."
