"""The labs as a learner meets them: JupyterLab, no network, a keyboard."""

import shutil
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LABS = Path(__file__).parents[2] / "labs"


def _open(open_notebook, server, name: str, *before: str):
    """A lab in the server's folder; ``before`` is put ahead of its first code cell."""
    import nbformat

    target = server.folder / name
    shutil.copy(LABS / name, target)
    if before:
        notebook = nbformat.read(target, as_version=4)
        first = next(c for c in notebook.cells if c.cell_type == "code")
        first.source = "\n".join([*before, first.source])
        nbformat.write(notebook, target)
    return open_notebook(name)


def test_the_metrics_lab_runs_offline_and_its_ageing_slider_answers_to_the_keyboard(open_notebook, server):
    page = _open(
        open_notebook, server, "01-metrics.ipynb",
        "import os; os.environ['CWLAB_COMMIT'] = 'truth'",  # every prediction made, so that nothing is held back
    )  # fmt: skip
    page.run_all()
    page.wait_painted()
    page.clean()
    panel = page.page.locator(".cwlab-panel").filter(has=page.page.get_by_text("Age", exact=True))
    chart = panel.locator(".cwlab-chart")
    before, drawn = chart.get_attribute("aria-label"), chart.inner_html()
    page.slide("Age", 10)
    assert chart.get_attribute("aria-label") != before and chart.inner_html() != drawn
    assert "no datapoints" in chart.inner_text()
    page.clean()
    page.theme("JupyterLab Dark")
    page.clean()


def test_the_doorway_runs_offline_and_its_time_machine_moves(open_notebook, server):
    page = _open(open_notebook, server, "00-start.ipynb")
    page.run_all()
    page.wait_painted()
    page.clean()
    machine = page.page.locator(".cwlab-panel").filter(has=page.page.get_by_role("button", name="+1 h"))
    now = machine.locator(".cwlab-chart").get_attribute("aria-label")
    machine.get_by_role("button", name="+1 h").focus()
    page.page.keyboard.press("Enter")
    page.page.wait_for_function(
        "([e, was]) => e.getAttribute('aria-label') !== was",
        arg=[machine.locator(".cwlab-chart").element_handle(), now],
    )
    page.clean()


def test_the_alarms_lab_runs_offline_and_its_alarm_console_answers_to_the_keyboard(open_notebook, server):
    page = _open(
        open_notebook, server, "02-alarms.ipynb", "import os; os.environ['CWLAB_COMMIT'] = 'truth'"
    )  # fmt: skip
    page.run_all()
    page.wait_painted()
    page.clean()
    panel = page.page.locator(".cwlab-panel").filter(has=page.page.get_by_text("Look at (UTC)", exact=True))
    chart, why = panel.locator(".cwlab-chart"), panel.locator(".cwlab-why")
    before, drawn, told = chart.get_attribute("aria-label"), chart.inner_html(), why.inner_text()
    page.slide("Look at (UTC)", -1)
    assert chart.inner_html() != drawn and why.inner_text() != told
    page.slide("N, periods it looks at", 3)
    assert chart.get_attribute("aria-label") != before
    assert "of 5" in chart.inner_text()
    slots = page.page.locator(".cwlab-panel").filter(has=page.page.get_by_text("Newest", exact=True))
    said = slots.locator(".cwlab-chart").get_attribute("aria-label")
    slots.locator("select").last.focus()
    page.page.keyboard.press("ArrowUp")
    page.page.wait_for_function(
        "([e, was]) => e.getAttribute('aria-label') !== was",
        arg=[slots.locator(".cwlab-chart").element_handle(), said],
    )
    page.clean()
    page.theme("JupyterLab Dark")
    page.clean()


def test_the_logs_lab_runs_offline_and_its_pattern_bench_answers_to_the_keyboard(open_notebook, server):
    page = _open(open_notebook, server, "03-logs.ipynb", "import os; os.environ['CWLAB_COMMIT'] = 'truth'")
    page.run_all()
    page.wait_painted()
    page.clean()
    bench = page.page.locator(".cwlab-panel").filter(
        has=page.page.get_by_text("Look closely at line", exact=True)
    )
    chart, why = bench.locator(".cwlab-chart"), bench.locator(".cwlab-why")
    box = bench.locator("input[type=text]").first
    for pattern, title in (
        ('{ $.userIdentity.type = "Root" }', "1 of 7 lines match"),
        ("[a, b", "cannot be read"),
    ):
        before = chart.get_attribute("aria-label")
        box.fill(pattern)
        box.press("Enter")
        page.page.wait_for_function(
            "([e, was]) => e.getAttribute('aria-label') !== was", arg=[chart.element_handle(), before]
        )
        assert title in chart.get_attribute("aria-label")
    assert "InvalidParameterException" in why.inner_text()
    tail = page.page.locator(".cwlab-panel").filter(has=page.page.get_by_role("button", name="Go on"))
    label = tail.locator(".cwlab-chart").get_attribute("aria-label")
    tail.get_by_role("button", name="Go on").focus()
    page.page.keyboard.press("Enter")
    page.page.wait_for_function(
        "([e, was]) => e.getAttribute('aria-label') !== was",
        arg=[tail.locator(".cwlab-chart").element_handle(), label],
    )
    page.clean()
    page.theme("JupyterLab Dark")
    page.clean()
