"""The console view of a lab: pictures and panels, made only from what a learner can call.

    from cwlab import console

    console.metric(lab, "Shop", "Orders", statistic="Sum", period=60, hours=1)   # a picture
    console.explorer(lab)                                                       # the tree of metrics
    console.journal(lab)                                                        # what happened, what is due
    console.dashboard(lab, "shop")                                              # a dashboard, drawn from its body
    console.ask(lab, "AWS/EC2", "CPUUtilization")                               # panels: controls over a picture
    console.resolution(lab)
    console.retention(lab)
    console.statistics(lab)
    console.explore(lab, "Shop", "Latency")
    console.bench(lab, {"errors": ("Shop", "Errors"), "requests": ("Shop", "Requests")})   # metric math
    console.alarm(lab, "cpu-high")                                              # the alarm console
    console.missing_data(lab)
    console.alarms(lab)                                                         # pictures of alarms
    console.states(lab, ["cpu-high", "cpu-low"])
    console.composite(lab, "shop-down")
    console.aftermath(lab, "cpu-high", group="web", logs=["/aws/lambda/triage"])
    console.score(lab, "slow", shop.INCIDENTS)
    console.tune(play, view, threshold=(40, 90, 60))                            # your numbers, played
    console.breaking(play, faults, view)                                        # now break it
    console.time_machine(lab)
    console.logs(lab, "/var/log/secure", pattern="Failed password")             # logs: the events of a group
    console.live_tail(lab, "/var/log/secure")
    console.pattern(lab, lines, "[ip, user, ...]")                              # the pattern bench
    console.insights(lab, "/var/log/secure", "stats count(*) by bin(5m)")       # the Insights bench
    console.sources(lab, "/var/log/secure", hosts=["web-1", "web-2"])           # sources, streams, group
    console.groups(lab, ["eu-central-1", "us-east-1"])                          # which groups lie where
    console.group(lab, "/var/log/secure")                                       # what is set on a group
    console.outcomes(lab, ["PutLogEvents"])                                     # how calls ended
    console.export(lab, task)                                                   # an export against the clock

A picture has ``.title``, ``.summary`` and ``.table``. A panel has those in ``.picture``, and ``.set(name=value)`` for
every control, ``.why`` and ``.calls``. ``show(chart, summary, table)`` draws a chart of your own the same way.

Nothing heavy is imported before the first picture.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cwlab.console.ageing import retention
    from cwlab.console.asking import ask
    from cwlab.console.breakage import breaking
    from cwlab.console.bursts import resolution
    from cwlab.console.dashboards import dashboard
    from cwlab.console.exploring import explore
    from cwlab.console.exporting import export
    from cwlab.console.following import aftermath, states
    from cwlab.console.gaps import missing_data
    from cwlab.console.latencies import statistics
    from cwlab.console.logbook import logs
    from cwlab.console.overview import alarms, composite
    from cwlab.console.panels import Panel
    from cwlab.console.patternbench import pattern
    from cwlab.console.picture import Picture, show
    from cwlab.console.questions import insights
    from cwlab.console.rulings import group, groups, outcomes
    from cwlab.console.scoring import score
    from cwlab.console.tailing import LiveTail, live_tail
    from cwlab.console.timemachine import TimeMachine, time_machine
    from cwlab.console.tower import alarm
    from cwlab.console.tuning import tune
    from cwlab.console.views import agenda, explorer, journal, metric
    from cwlab.console.wiring import sources
    from cwlab.console.workbench import bench

# A home never has the name of what lives in it: importing it would hide the function behind the module.
_HOME = {
    "LiveTail": "tailing",
    "Panel": "panels",
    "Picture": "picture",
    "TimeMachine": "timemachine",
    "aftermath": "following",
    "agenda": "views",
    "alarm": "tower",
    "alarms": "overview",
    "ask": "asking",
    "bench": "workbench",
    "breaking": "breakage",
    "composite": "overview",
    "dashboard": "dashboards",
    "explore": "exploring",
    "explorer": "views",
    "export": "exporting",
    "group": "rulings",
    "groups": "rulings",
    "insights": "questions",
    "journal": "views",
    "live_tail": "tailing",
    "logs": "logbook",
    "metric": "views",
    "missing_data": "gaps",
    "outcomes": "rulings",
    "pattern": "patternbench",
    "resolution": "bursts",
    "retention": "ageing",
    "score": "scoring",
    "show": "picture",
    "sources": "wiring",
    "states": "following",
    "statistics": "latencies",
    "time_machine": "timemachine",
    "tune": "tuning",
}

__all__ = [
    "LiveTail",
    "Panel",
    "Picture",
    "TimeMachine",
    "aftermath",
    "agenda",
    "alarm",
    "alarms",
    "ask",
    "bench",
    "breaking",
    "composite",
    "dashboard",
    "explore",
    "explorer",
    "export",
    "group",
    "groups",
    "insights",
    "journal",
    "live_tail",
    "logs",
    "metric",
    "missing_data",
    "outcomes",
    "pattern",
    "resolution",
    "retention",
    "score",
    "show",
    "sources",
    "states",
    "statistics",
    "time_machine",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
