"""Charts and panels where they are looked at: in JupyterLab, offline, in light and dark."""

from pathlib import Path

import nbformat
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
NASTY = "<img src=x onerror=window.broken=1>"
SETUP = f"""
import json
from datetime import timedelta
from cwlab import Lab, console
lab = Lab()
cloudwatch = lab.client("cloudwatch")
for k, who in enumerate(("i-0123456789abcdef0", "{NASTY}")):
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[
        {{"MetricName": "Load", "Dimensions": [{{"Name": "InstanceId", "Value": who}}],
          "Timestamp": lab.now - timedelta(minutes=m), "Value": float(20 + (7 * m + 11 * k) % 31)}} for m in range(60)])
cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=json.dumps({{"widgets": [
    {{"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6,
      "properties": {{"metrics": [["Shop", "Load", "InstanceId", "i-0123456789abcdef0"]], "region": "us-east-1", "title": "Load"}}}},
    {{"type": "text", "x": 12, "y": 0, "width": 6, "height": 3, "properties": {{"markdown": "**Shop** {NASTY}"}}}}]}}))
lab.advance(minutes=10)
"""
#: Labs with alarms and with logs, as the console's own tests have them: their names and lines try to break the page, too.
MORE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from cwlab import shop
from tests.console.conftest import alarm_lab, export, log_lab, make_bucket
ringing, written, exported = alarm_lab(), log_lab(), Lab()
exported.load_logs(shop.recording("secure"), group="/var/log/secure", stream="web-1")
make_bucket(exported, "shop-logs")
task = export(exported, "shop-logs")
"""
#: Every public function that draws, and how often it puts a chart on the page.
STILL = {
    "metric": f"console.metric(lab, 'Shop', 'Load', [{{'InstanceId': 'i-0123456789abcdef0'}}, {{'InstanceId': {NASTY!r}}}])",
    "explorer": "console.explorer(lab)",
    "journal": "console.journal(lab)",
    "agenda": "console.agenda(lab)",
    "dashboard": "console.dashboard(lab, 'shop')",
    "show": "console.show(console.explorer(lab).to_dict(), 'again', console.explorer(lab).table)",
    "alarms": "console.alarms(ringing)",
    "states": "console.states(ringing)",
    "composite": "console.composite(ringing, 'any')",
    "aftermath": "console.aftermath(ringing, 'busy')",
    "score": "console.score(ringing, 'busy', shop.INCIDENTS[:1], hours=0.5)",
    "group": "console.group(written, '/var/log/secure')",
    "groups": "console.groups(written, ['us-east-1', 'eu-west-1'])",
    "outcomes": "console.outcomes(written)",
}  # fmt: skip
LIVE = {
    "ask": "console.ask(lab, 'Shop', 'Load')",
    "bench": f"console.bench(lab, {{'load': ('Shop', 'Load', {{'InstanceId': {NASTY!r}}})}}, 'load / 2 {NASTY}')",
    "breaking": "console.breaking(lambda fault: lab.fork(), ['none', 'late'], console.explorer)",
    "explore": "console.explore(lab, 'Shop', 'Load', {'InstanceId': 'i-0123456789abcdef0'})",
    "resolution": "console.resolution(lab)",
    "retention": "console.retention(lab)",
    "statistics": "console.statistics(lab)",
    "time_machine": "console.time_machine(lab)",
    "alarm": "console.alarm(ringing, 'busy')",
    "missing_data": "console.missing_data(ringing)",
    "tune": "console.tune(lambda n: ringing, lambda w: console.aftermath(w, 'busy'), n=(1, 3, 2))",
    "logs": "console.logs(written, '/var/log/secure', pattern='Failed')",
    "live_tail": "console.live_tail(written.fork(), '/var/log/secure')",
    "pattern": f"console.pattern(written, [{NASTY!r}, 'a b 404 12'], '?img ?404')",
    "insights": "console.insights(written, '/var/log/secure', 'stats count(*) by bin(1m), @logStream')",
    "sources": "console.sources(written, '/var/log/secure', ['web-1', 'web-2'])",
    "export": "console.export(exported, task)",
}
#: The contrast of all text in a chart with the paper it is drawn on, as the browser paints it.
CONTRAST = """svg => {
    const parse = c => c.match(/[\\d.]+/g).map(Number);
    const channels = c => { let v = parse(c); if (c.startsWith('color(srgb')) v = [...v.slice(0, 3).map(x => x * 255), v[3] ?? 1];
                            return v.length < 4 ? [...v, 1] : v; };
    const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
    const light = c => c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const paper = channels(getComputedStyle(svg).backgroundColor);
    return [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => {
        const ink = over(channels(getComputedStyle(t).fill), paper);
        const [a, b] = [light(ink), light(paper.slice(0, 3))].sort((x, y) => x - y);
        return [t.textContent, (b + 0.05) / (a + 0.05)];
    });
}"""


def _heights(page) -> list[float]:
    return page.page.eval_on_selector_all(
        ".cwlab-panel", "all => all.map(e => e.getBoundingClientRect().height)"
    )


def _cut_off(page) -> list[str]:
    """The panels whose chart is higher than the room it has."""
    more = page.page.eval_on_selector_all(
        ".cwlab-chart",
        "all => all.map(e => e.querySelector('svg').getBoundingClientRect().height - e.clientHeight)",
    )
    return [name for name, pixels in zip(LIVE, more, strict=True) if pixels > 0]


def test_every_function_that_draws_is_drawn_here():
    from cwlab import console

    assert {*STILL, *LIVE, "LiveTail", "Panel", "Picture", "TimeMachine"} == set(console.__all__)


def test_every_kind_of_chart_draws_offline_can_be_read_in_light_and_dark_and_stays_in_place(open_notebook):
    page = open_notebook("kinds.ipynb", [SETUP + MORE, *STILL.values(), *LIVE.values()])
    page.run_all()
    page.wait_painted()
    charts = page.page.locator(".jp-NotebookPanel svg.marks")
    assert charts.count() == len(STILL) + len(LIVE)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.theme(theme)
        for i in range(charts.count()):
            texts = charts.nth(i).evaluate(CONTRAST)
            assert texts, f"chart {i} has no text"
            faint = [(text, round(value, 2)) for text, value in texts if value < 4.5]
            assert not faint, f"chart {i} in {theme}"
    assert _cut_off(page) == []
    before = _heights(page)
    page.slide("Age", 12)
    page.slide("Slow requests of 200", 3)
    page.slide("Burst (seconds)", 3)
    assert _heights(page) == before, "what stands below a panel jumped"
    page.clean()
    # Two notes of Vega's are expected: an empty data set has no extent (it is meant to be empty), and a size or an
    # opacity chosen by name has no order.
    expected = ("Infinite extent", "unsorted discrete field")
    assert [w for w in page.warnings if w.startswith("WARN") and not any(e in w for e in expected)] == []
    assert page.page.evaluate("() => window.broken") is None, "markup in a name was run"
    assert page.page.locator("img[src=x]").count() == 0


def test_the_keyboard_is_enough_and_the_chart_follows(open_notebook):
    page = open_notebook("keyboard.ipynb", [SETUP, LIVE["retention"], LIVE["time_machine"]])
    page.run_all()
    page.wait_painted()
    panel = page.page.locator(".cwlab-panel").first
    chart = panel.locator(".cwlab-chart")
    svg, words = chart.locator("svg").element_handle(), chart.get_attribute("aria-label")
    assert "After 1 hour" in words
    page.slide("Age", 10)  # 16 days: periods of a minute are gone
    assert "no datapoints" in chart.get_attribute("aria-label")
    assert "no datapoints" in chart.inner_text()
    assert (
        "300 s" in panel.locator(".cwlab-why").inner_text()
        or "5 min" in panel.locator(".cwlab-why").inner_text()
    )
    assert chart.locator("svg").element_handle().evaluate("(a, b) => a === b", svg), (
        "drawn anew instead of rows swapped"
    )
    assert "panel.set(age_hours=384" in panel.locator(".cwlab-calls pre").inner_text()
    panel.locator(".cwlab-numbers summary").focus()
    page.page.keyboard.press("Enter")
    panel.locator(".cwlab-numbers th").first.wait_for()
    # The time machine, by keyboard too.
    machine = page.page.locator(".cwlab-panel").nth(1)
    machine.get_by_role("button", name="+1 h").focus()
    page.page.keyboard.press("Enter")
    machine.get_by_text("Now: 2026-03-02 10:10:00 UTC").wait_for()
    field = machine.get_by_label("Jump to (UTC)")
    field.fill("2026-03-02T12:00:00Z")
    page.page.keyboard.press("Enter")
    machine.get_by_text("Now: 2026-03-02 12:00:00 UTC").wait_for()
    play = machine.get_by_role("button", name="Play")
    play.focus()
    page.page.keyboard.press("Enter")
    machine.get_by_text("Now: 2026-03-02 12:02:00 UTC").wait_for()
    machine.get_by_role("button", name="Pause").focus()
    page.page.keyboard.press("Enter")  # and it stands still again
    field.fill("nonsense")
    page.page.keyboard.press("Enter")
    machine.get_by_text("BadTime").wait_for()
    page.clean()


def test_the_bench_is_used_by_keyboard_and_points_at_mistakes(open_notebook):
    series = f"{{'load': ('Shop', 'Load', {{'InstanceId': {NASTY!r}}})}}"
    page = open_notebook(
        "bench.ipynb", [SETUP, f"console.bench(lab, {series}, examples=['load * 2', 'load / 2'])"]
    )
    page.run_all()
    page.wait_painted()
    panel = page.page.locator(".cwlab-panel").first
    chart, note, why = (panel.locator(f".cwlab-{part}") for part in ("chart", "note", "why"))
    svg, height = chart.locator("svg").element_handle(), _heights(page)
    field = panel.get_by_role("textbox", name="Expression")
    field.focus()
    page.page.keyboard.type("load * 10")
    page.page.keyboard.press("Enter")
    page.page.wait_for_function(
        "() => document.querySelector('.cwlab-chart').ariaLabel.startsWith('load * 10: ')"
    )
    assert "is there all the same" not in why.inner_text() and note.inner_text().strip() == ""
    field.fill(f"load + {NASTY}")
    page.page.keyboard.press("Enter")
    panel.get_by_text("ValidationError: Error in expression 'e1'").first.wait_for()
    line, caret, said = note.text_content().splitlines()
    assert line == f"load + {NASTY}" and caret.index("^") > 6 and said
    panel.get_by_role("combobox", name="Start from").focus()
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("ArrowDown")
    page.page.wait_for_function(
        "() => document.querySelector('.cwlab-chart').ariaLabel.startsWith('load / 2: ')"
    )
    assert field.input_value() == "load / 2"
    assert chart.locator("svg").element_handle().evaluate("(a, b) => a === b", svg), "drawn anew"
    assert _heights(page) == height, "what stands below jumped"
    page.clean()
    assert page.page.evaluate("() => window.broken") is None, "markup in a name was run"


ASKED = """
logs = lab.client("logs")
logs.create_log_group(logGroupName="/app")
logs.create_log_stream(logGroupName="/app", logStreamName="x")
for n in range(10):
    event = json.dumps({"path": "NASTY" if n % 2 else "/orders", "status": 200 + 300 * (n % 3 == 0)})
    logs.put_log_events(logGroupName="/app", logStreamName="x",
                        logEvents=[{"timestamp": int(lab.now.timestamp() * 1000), "message": event}])
    lab.advance(minutes=1)
""".replace("NASTY", NASTY)


def test_the_insights_bench_is_used_by_keyboard_offers_words_and_points_at_mistakes(open_notebook):
    examples = "examples={'failures': 'filter status >= 500'}"
    page = open_notebook("insights.ipynb", [SETUP + ASKED, f"console.insights(lab, '/app', {examples})"])
    page.run_all()
    page.wait_painted()
    panel = page.page.locator(".cwlab-panel").first
    chart, note, why = (panel.locator(f".cwlab-{part}") for part in ("chart", "note", "why"))
    svg, height = chart.locator("svg").element_handle(), _heights(page)
    box, offered = (
        panel.get_by_role("textbox", name="Query"),
        panel.locator(".cwlab-box-list:not([hidden]) li"),
    )
    keys = page.page.keyboard

    def wait(words):
        page.page.wait_for_function(
            "words => document.querySelector('.cwlab-chart').ariaLabel.startsWith(words)", arg=words
        )

    # A command, by the arrow keys; a field that was found in the events; a function; Enter is a new line meanwhile.
    box.focus()
    keys.type("fil")
    assert offered.first.inner_text().split() == ["filter", "command"]
    assert box.get_attribute("aria-activedescendant") is None
    keys.press("ArrowDown")
    chosen = box.get_attribute("aria-activedescendant")
    assert panel.locator(f"#{chosen}").get_attribute("aria-selected") == "true"
    keys.press("Enter")
    keys.type("stat")
    assert "status" in offered.first.inner_text()
    keys.press("Tab")
    keys.type(" >= 200")
    assert offered.count() == 0
    keys.press("Enter")
    keys.type("| sta")
    keys.press("Tab")
    keys.type("coun")
    keys.press("Tab")
    keys.type("*) as n by pa")
    keys.press("Tab")
    assert box.input_value() == "filter status >= 200\n| stats count(*) as n by path"
    keys.press("Control+Enter")
    wait("n is 5 in all 2 rows")
    chart.locator("text", has_text=NASTY).first.wait_for()  # the words come first, the picture a moment later
    assert "10 of 10 events matched" in why.inner_text()
    assert chart.locator("svg").element_handle().evaluate("(a, b) => a === b", svg), "drawn anew"
    # A mistake: said, pointed at, underlined where it stands.
    keys.press("Control+End")
    keys.type(" sort")
    keys.press("Control+Enter")
    wait("Refused")
    line, caret, said = note.text_content().splitlines()
    assert line == "| stats count(*) as n by path sort" and caret.index("^") == line.index("sort")
    assert said.startswith("two commands without | between them")
    mark, at = panel.locator(".cwlab-box-mark"), box.bounding_box()
    mark.wait_for()
    assert at["y"] < mark.bounding_box()["y"] < at["y"] + at["height"] / 2
    assert box.get_attribute("aria-invalid") == "true"
    # Ctrl+Space asks what can stand here; Escape closes it, and Tab leaves the box.
    box.fill("stats count(*) by ")
    keys.press("Control+Space")
    assert "path" in " ".join(offered.all_inner_texts())
    keys.press("Escape")
    assert offered.count() == 0
    keys.press("Tab")
    assert page.page.evaluate("document.activeElement.tagName") == "SELECT"
    # Within quotes nothing is offered; an example is put into the box; the SQL opens.
    box.fill("filter path like '")
    keys.type("sta")
    assert offered.count() == 0
    panel.get_by_role("combobox", name="Start from").focus()
    keys.press("ArrowDown")
    wait("4 rows")
    page.page.wait_for_function("e => e.value === 'filter status >= 500'", arg=box.element_handle())
    assert note.inner_text().strip() == ""
    mark.wait_for(state="hidden")
    assert _heights(page) == height, "what stands below jumped"
    panel.locator(".cwlab-more summary").focus()
    keys.press("Enter")
    assert "SELECT" in panel.locator(".cwlab-more pre").inner_text()
    page.clean()
    assert page.page.evaluate("() => window.broken") is None, "markup in an event was run"


def test_a_saved_notebook_nobody_trusts_shows_its_panels_as_charts(open_notebook, server):
    """As a learner first meets a lab: outputs are there, nothing has run, and JupyterLab trusts none of it."""
    from cwlab import Lab, console

    panel = console.statistics(Lab())
    cell = nbformat.v4.new_code_cell("panel")
    cell.outputs = [nbformat.v4.new_output("display_data", data=panel._repr_mimebundle_())]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), server.folder / "stranger.ipynb")
    page = open_notebook("stranger.ipynb")
    page.page.get_by_text(panel.picture.title).wait_for()
    assert page.page.locator(".jp-NotebookPanel svg.marks").count() == 1
    page.clean()
