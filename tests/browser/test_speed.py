"""How quick it feels, in milliseconds. Measured by `make bench`, which sets CWLAB_BENCH to the file the figures go to.

Not a test of time: a busy machine would fail it. What it asserts is that each move was answered.
"""

import json
import os
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

import nbformat
import pytest

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif("CWLAB_BENCH" not in os.environ, reason="figures for `make bench`, not a test"),
]

LAB_01 = Path(__file__).parents[2] / "labs" / "01-metrics.ipynb"
PANELS = """
from datetime import timedelta
from cwlab import Lab, console
from cwlab.console.panels import Panel, Shown, Whole
lab = Lab()
cloudwatch = lab.client("cloudwatch")
cloudwatch.put_metric_data(Namespace="Shop", MetricData=[
    {"MetricName": "Load", "Timestamp": lab.now - timedelta(minutes=m + 1), "Values": [float(1 + (7 * m + k) % 31) for k in range(9)]}
    for m in range(300)])
def draw(p):
    return Shown(console.metric(lab, "Shop", "Load", statistic=f"p{p}", period=60, hours=5), "")
Panel("speed", [Whole("p", "Percentile", 1, 99, 5)], draw)
"""
ALARM = """
cloudwatch.put_metric_alarm(
    AlarmName="busy", Namespace="Shop", MetricName="Load", Statistic="Average", Period=60, EvaluationPeriods=3,
    Threshold=16, ComparisonOperator="GreaterThanThreshold")
for m in range(60):
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Load", "Value": 10 + 9 * m % 14}])
    lab.advance(minutes=1)
console.alarm(lab, "busy")
"""
#: From a key going down to the frame that shows the new picture (a live picture sets data-frame in that frame).
WATCH = """() => {
    window.took = [];
    document.addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
    for (const live of document.querySelectorAll('.cwlab-live'))
        new MutationObserver(() => window.took.push(performance.now() - window.pressed))
            .observe(live, { attributes: true, attributeFilter: ['data-frame'] });
}"""
MOVES = 25
WARM = defaultdict(lambda: 3, {"Look at (UTC)": -9, "N, slots it decides by": -2})  # moves before it counts
MOST = defaultdict(lambda: 12, {"N, slots it decides by": 4})  # so many moves there and back
SLIDERS = {
    "slider to new chart, 300 points": "Percentile",
    "slider of the ageing panel": "Age",
    "slider of the statistics panel": "Slow requests of 200",
    "slider of the resolution panel": "Burst (seconds)",
    "slider of the alarm console, 60 minutes": "Threshold",
    "the alarm console's minute": "Look at (UTC)",
    "slider of the missing-data panel": "N, slots it decides by",
}


def test_figures(open_notebook, server):
    figures = {}
    notebook = nbformat.read(LAB_01, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    nbformat.write(notebook, server.folder / "first.ipynb")
    page = open_notebook("first.ipynb")
    page.page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    started = time.perf_counter()
    page.command("notebook:run-all-cells")
    page.page.wait_for_selector(".jp-NotebookPanel svg.marks", timeout=60_000)
    figures["first chart of lab 01, from an idle kernel"] = [(time.perf_counter() - started) * 1000]

    page = open_notebook(
        "speed.ipynb",
        [
            PANELS,
            "console.retention(lab)",
            "console.statistics(lab)",
            "console.resolution(lab)",
            ALARM,
            "console.missing_data(lab)",
        ],
    )
    page.run_all()
    page.wait_painted()
    page.page.evaluate(WATCH)
    for what, label in SLIDERS.items():
        page.slide(label, WARM[label])
        page.page.evaluate("() => { window.took = []; }")
        for i in range(MOVES):
            page.slide(label, 1 if i % MOST[label] < MOST[label] // 2 else -1)
            page.page.wait_for_function("n => window.took.length > n", arg=i, timeout=10_000, polling=5)
            page.page.wait_for_timeout(40)
        figures[what] = page.page.evaluate("() => window.took")
        assert len(figures[what]) >= MOVES
    page.clean()
    Path(os.environ["CWLAB_BENCH"]).write_text(json.dumps(figures))
    for what, took in figures.items():
        print(f"{what}: {median(took):.0f} ms (of {len(took)}, {min(took):.0f} to {max(took):.0f})")
