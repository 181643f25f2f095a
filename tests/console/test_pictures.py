"""Every picture: valid Vega-Lite, offline, themed, with its words and its table; the same bytes every time."""

import json
import re

import jsonschema
import nbformat
import pytest
from altair.vegalite.schema import core

from cwlab import Lab, console
from cwlab.console.picture import MIMETYPE, SCHEMA, altair

NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def valid() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(core.load_schema())


KINDS = [
    "metric", "metric, long", "metric, empty", "explorer", "explorer, empty", "bench", "bench, refused",
    "bench, search", "ask", "resolution", "resolution, standard", "retention", "retention, gone", "statistics", "time machine", "journal", "agenda",
    "alarm", "missing data", "alarms", "alarms, none", "states", "composite", "aftermath", "score", "tune",
    "logs", "logs, refused", "live tail", "pattern, text", "pattern, fields", "pattern, refused",
    "insights, rows", "insights, lines", "insights, bars", "insights, refused", "sources", "group", "groups", "outcomes", "export",
]  # fmt: skip


def test_every_kind_is_here(pictures):
    assert list(pictures) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_valid_vega_lite(kind, pictures, valid):
    spec = pictures[kind].to_dict()
    errors = [e.message[:300] for e in valid.iter_errors(spec)]
    assert not errors


@pytest.mark.parametrize("kind", KINDS)
def test_it_can_be_written_to_a_notebook_and_needs_no_network(kind, pictures):
    bundle = pictures[kind]._repr_mimebundle_()
    assert set(bundle) == {MIMETYPE, "text/plain"}
    spec = bundle[MIMETYPE]
    assert spec["$schema"] == SCHEMA
    assert spec["usermeta"]["embedOptions"] == {"renderer": "svg", "actions": False}
    assert "url" not in re.findall(r'"(\w+)":', json.dumps(spec))
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data", data=bundle)])]
    )
    nbformat.validate(notebook)


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_in_words_what_it_shows(kind, pictures):
    picture = pictures[kind]
    assert picture.title and picture.summary
    assert "\n" not in picture.title + picture.summary
    assert repr(picture) == picture.text == f"{picture.title}\n{picture.summary}"
    assert picture.to_dict()["description"] == picture.text
    assert picture.title in json.dumps(picture.to_dict()["params"], ensure_ascii=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_series_has_a_few_hundred_points_at_most(kind, pictures):
    for name, rows in pictures[kind].rows.items():
        series = {}
        for row in rows:
            series[row.get("series")] = series.get(row.get("series"), 0) + 1
        assert max(series.values(), default=0) <= 620, name


@pytest.mark.parametrize("kind", KINDS)
def test_every_color_follows_the_theme(kind, pictures):
    text = json.dumps(pictures[kind].to_dict())
    plain = set(re.findall(r'"(?:color|fill|stroke|background|labelColor|titleColor)": "([^"]+)"', text))
    assert all(color.startswith(("var(", "color-mix(")) for color in plain - {"independent", "transparent"})


def test_the_same_calls_draw_the_same_bytes(pictures, pictures_again):
    for kind in KINDS:
        assert json.dumps(pictures_again[kind].to_dict()) == json.dumps(pictures[kind].to_dict()), kind


def test_tables_are_the_data(pictures):
    table = pictures["metric"].table
    assert len(table) == 2 * 49 and list(table) == ["time (UTC)", "series", "Average"]
    assert len(pictures["metric, empty"].table) == 0
    assert list(pictures["explorer"].table["metric"]) == ["Load"] * 3


def test_a_line_breaks_where_data_are_missing(pictures):
    rows = pictures["metric"].rows["points"]
    assert sum(1 for r in rows if r["value"] is None) == 2  # one hole in each of the two series


def test_now_is_a_rule_and_the_future_is_empty(pictures):
    picture = pictures["metric"]
    now = picture.rows["now"][0]["t"]
    assert picture.words["from_ms"] < now < picture.words["to_ms"]
    assert all(r["t"] < now for r in picture.rows["points"])


def test_markup_in_names_stays_text(pictures):
    """Vega writes text nodes; the plain twins carry it as it is, and control characters never."""
    assert NASTY in " ".join(pictures["explorer"].table["dimensions"])
    html = pictures["explorer"].table._repr_html_()
    assert "<img" not in html and "&lt;img" in html
    drawn = json.dumps(pictures["explorer"].rows)
    assert "onerror" in drawn and "\x1b" not in drawn


def test_control_characters_are_shown_not_sent(lab: Lab):
    picture = console.show(
        {"mark": "point", "data": {"values": [{}]}}, "a\x1b[31mred\nline", console.journal(lab).table
    )
    assert picture.summary == "a\\x1b[31mred\\nline"


def test_show_takes_an_altair_chart_of_your_own(lab: Lab):
    alt = altair()
    frame = console.metric(lab, "Shop", "Load", {"InstanceId": "i-0123456789abcdef0"}, period=60).table
    chart = alt.Chart({"values": [{"a": 1}]}).mark_point().encode(x="a:Q")
    picture = console.show(chart, "One point.", frame, title="A point")
    assert picture.to_dict()["title"] == "A point" and picture.to_dict()["$schema"] == SCHEMA


def test_public_names_are_exactly_these():
    assert sorted(console.__all__) == sorted(dir(console)) == sorted(console._HOME)
    for name in console.__all__:
        assert getattr(console, name).__name__ == name
        assert console._HOME[name] != name, "the module would hide the function"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = console.nothing
