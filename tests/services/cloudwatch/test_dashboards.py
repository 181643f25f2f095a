"""Dashboards as a learner calls them. Expected answers are those recorded from the live service unless noted."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import NotModelled
from cwlab.services.cloudwatch import dashboard_body

TEXT = {"type": "text", "properties": {"markdown": "hello"}}
METRIC = {"region": "us-east-1", "metrics": [["AWS/EC2", "CPUUtilization"]]}


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def cloudwatch(lab: Lab) -> Any:
    return lab.client("cloudwatch")


def put(client: Any, body: Any, name: str = "shop", **more: Any) -> list[tuple[str, str]]:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = client.put_dashboard(DashboardName=name, DashboardBody=text, **more)
    return [(m["DataPath"], m["Message"]) for m in answer["DashboardValidationMessages"]]


def refused(operation: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        operation(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def errors(body: Any) -> list[tuple[str, str]]:
    return [(f.path, f.message) for f in dashboard_body.check(body) if not f.warning]


def warnings(body: Any) -> list[tuple[str, str]]:
    return [(f.path, f.message) for f in dashboard_body.check(body) if f.warning]


def one(kind: str, properties: Any, **more: Any) -> dict[str, Any]:
    return {"widgets": [{"type": kind, "properties": properties, **more}]}


def test_a_dashboard_is_kept_without_white_space_and_read_in_every_region(cloudwatch: Any, lab: Lab):
    assert put(cloudwatch, ' {\n "widgets" : [ ],\t"start": "-PT6H" }\n') == []
    there = lab.client("cloudwatch", region="eu-west-1").get_dashboard(DashboardName="shop")
    assert there["DashboardBody"] == '{"widgets":[],"start":"-PT6H"}'
    assert there["DashboardArn"] == f"arn:aws:cloudwatch::{lab.account}:dashboard/shop"
    with pytest.raises(ClientError):
        lab.client("cloudwatch", account="222222222222").get_dashboard(DashboardName="shop")


def test_dashboards_are_listed_by_name_with_their_size(cloudwatch: Any, lab: Lab):
    for name in ("shop-b", "shop-A", "other"):
        put(cloudwatch, {"widgets": []}, name)
    lab.advance(minutes=1)
    put(cloudwatch, one("text", {"markdown": "é"}), "shop-b")
    listed = cloudwatch.list_dashboards(DashboardNamePrefix="shop")["DashboardEntries"]
    assert [d["DashboardName"] for d in listed] == ["shop-A", "shop-b"]
    assert listed[0]["Size"] == 51  # of {"widgets":[]}, recorded
    assert listed[1]["LastModified"] == lab.now > listed[0]["LastModified"]
    assert cloudwatch.list_dashboards(DashboardNamePrefix="SHOP")["DashboardEntries"] == []


def test_a_thousand_on_a_page(cloudwatch: Any):
    for i in range(1001):
        cloudwatch.put_dashboard(DashboardName=f"d{i:04}", DashboardBody='{"widgets":[]}')
    pages = list(cloudwatch.get_paginator("list_dashboards").paginate())
    assert [len(p["DashboardEntries"]) for p in pages] == [1000, 1]
    assert refused(cloudwatch.list_dashboards, NextToken="nothing") == (
        "ValidationError",
        "Invalid NextToken",
    )


def test_deleting_takes_all_names_or_none(cloudwatch: Any):
    for name in "ab":
        put(cloudwatch, {"widgets": []}, name)
    delete = cloudwatch.delete_dashboards
    code, message = refused(delete, DashboardNames=["a", "not/a/name"])
    assert code == "InvalidParameterValue" and message == (
        "The value for field DashboardNames[1] contains invalid characters. It can only contain alphanumerics, dash (-) "
        "and underscore (_).\n"
    )
    assert len(cloudwatch.list_dashboards()["DashboardEntries"]) == 2
    delete(DashboardNames=["a", "a", "never-was"])
    assert [d["DashboardName"] for d in cloudwatch.list_dashboards()["DashboardEntries"]] == ["b"]
    assert refused(delete, DashboardNames=[])[1] == (
        "Field DashboardNames is required and has to contain at least 1 element.\n"
    )
    assert refused(delete, DashboardNames=[f"d{i}" for i in range(101)])[0] == "InvalidParameterValue"
    delete(DashboardNames=["b"] * 101)  # recorded: names given twice count once
    assert refused(cloudwatch.get_dashboard, DashboardName="b") == (
        "ResourceNotFound",
        "Dashboard b does not exist",
    )


def test_names(cloudwatch: Any):
    body = '{"widgets":[]}'
    for name in ("a b", "a/b", "ü", "x" * 256, ""):
        code, _ = refused(cloudwatch.put_dashboard, DashboardName=name, DashboardBody=body)
        assert code == "InvalidParameterValue"
    assert refused(cloudwatch.list_dashboards, DashboardNamePrefix="x" * 256) == (
        "InvalidParameterValue",
        "The value for field DashboardNamePrefix is too long. It must have length less than or equal to 255.\n",
    )


def test_tags_are_those_of_the_birth(cloudwatch: Any):
    many = [{"Key": f"k{i}", "Value": "v"} for i in range(51)]
    put_ = cloudwatch.put_dashboard
    assert refused(put_, DashboardName="a", DashboardBody='{"widgets":[]}', Tags=many) == (
        "InvalidParameterValue",
        "The collection Tags must not have a size greater than 50.\n",
    )
    put(cloudwatch, {"widgets": []}, "a", Tags=many[:50])
    put(cloudwatch, {"widgets": []}, "a", Tags=many)  # recorded: an update ignores them, however many


def test_a_body_that_is_refused_leaves_the_old_one(cloudwatch: Any):
    put(cloudwatch, one("text", {"markdown": "kept"}))
    for bad in ("{", "", "[]", "null", '"x"', '{"widgets":[NaN]}', "[" * 100_000, {}, {"widgets": None}):
        with pytest.raises(ClientError):
            put(cloudwatch, bad)
    assert "kept" in cloudwatch.get_dashboard(DashboardName="shop")["DashboardBody"]
    put_ = cloudwatch.put_dashboard
    not_json = ("InvalidParameterInput", "The field DashboardBody must be a valid JSON object")
    for text in ("{", "[]", "null", '"x"'):
        assert refused(put_, DashboardName="shop", DashboardBody=text) == not_json
    assert refused(put_, DashboardName="shop", DashboardBody="") == (
        "InvalidParameterValue",
        "The parameter DashboardBody is required.\n",
    )
    with pytest.raises(cloudwatch.exceptions.DashboardInvalidInputError):
        put(cloudwatch, {})


def test_the_message_lists_the_errors_as_json(cloudwatch: Any):
    code, message = refused(
        cloudwatch.put_dashboard,
        DashboardName="a",
        DashboardBody=json.dumps(one("text", {}, x=-1, y=-1, z=1)),
    )
    assert code == "InvalidParameterInput"
    assert message == (
        "The dashboard body is invalid, there are 3 validation errors:\n"
        '[\n  {\n    "dataPath": "/widgets/0/x",\n    "message": "Should be >= 0"\n  },'
        '\n  {\n    "dataPath": "/widgets/0/y",\n    "message": "Should be >= 0"\n  },'
        '\n  {\n    "dataPath": "/widgets/0/properties",\n    "message": "Should have required property \'markdown\'"\n  }\n]'
    )


NO_SOURCE = "The metric widget should have specified a region and a data source or an alarm annotation"
NO_ROW = 'Field "metrics" has to be an array of array of strings, with an optional metricRenderer object as last element'
ONE_OF = "Should match exactly one schema in oneOf"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("", "Should have required property 'widgets'")]),
        ({"widgets": {}}, [("/widgets", "Should be array")]),
        ({"widgets": [1]}, [("/widgets/0", "Should be object")]),
        ({"widgets": [TEXT] * 501}, [("/widgets", "Should NOT have more than 500 items")]),
        ({"widgets": [{"properties": {}}]}, [("/widgets/0", "Should have required property 'type'")]),
        ({"widgets": [{"type": "text"}]}, [("/widgets/0", "Should have required property 'properties'")]),
        (one("text", []), [("/widgets/0/properties", "Should be object")]),
        (one("text", {}), [("/widgets/0/properties", "Should have required property 'markdown'")]),
        (one("text", {"markdown": 3}), [("/widgets/0/properties/markdown", "Should be string")]),
        (one("text", {"markdown": "x"}, x=1), [("/widgets/0", "Should have property y when property x is present")]),
        (one("text", {"markdown": "x"}, x=24, y=0), [("/widgets/0/x", "Should be <= 23")]),
        (one("text", {"markdown": "x"}, x=0.5, y=0), [("/widgets/0/x", "Should be integer")]),
        (one("text", {"markdown": "x"}, width=0, height=0),
         [("/widgets/0/height", "Should be >= 1"), ("/widgets/0/width", "Should be >= 1")]),
        (one("text", {"markdown": "x"}, width=25, height=1001),
         [("/widgets/0/height", "Should be <= 1000"), ("/widgets/0/width", "Should be <= 24")]),
        (one("metric", {"metrics": []}), [("/widgets/0/properties", m) for m in (
            "Should have required property 'region'", NO_SOURCE, "Should have required property 'annotations'")]),
        (one("metric", {}), [("/widgets/0/properties", m) for m in (
            "Should have required property 'metrics'", NO_SOURCE, "Should have required property 'annotations'")]),
        (one("metric", {**METRIC, "period": 20}), [("/widgets/0/properties/period", m) for m in (
            "Should be >= 60", "Should be multiple of 60", ONE_OF)]),
        (one("metric", {**METRIC, "period": 90}), [("/widgets/0/properties/period", m) for m in (
            "Should be multiple of 60", ONE_OF)]),
        (one("metric", {**METRIC, "title": 3}), [("/widgets/0/properties/title", "Should be string")]),
        (one("metric", {**METRIC, "stacked": "x"}), [("/widgets/0/properties/stacked", "Should be boolean")]),
        (one("metric", {**METRIC, "view": 3}), [("/widgets/0/properties/view", "Should be string")]),
        (one("metric", {**METRIC, "metrics": ["AWS/EC2"]}), [
            ("/widgets/0/properties/metrics/0", "Should be array"), ("/widgets/0/properties/metrics/0", NO_ROW)]),
        (one("metric", {**METRIC, "metrics": [["A", "m", {"stat": "Sum"}, {"x": 1}]]}), [
            ("/widgets/0/properties/metrics/0/2", "Invalid metric field type, only 'String' type is allowed"),
            ("/widgets/0/properties/metrics/0", "Should NOT have more than 3 items")]),
        (one("metric", {**METRIC, "metrics": [["A", "m", {"ClusterName": "c"}]]}),
         [("/widgets/0/properties/metrics/0", "Should NOT have more than 2 items")]),
        (one("alarm", {}), [("/widgets/0/properties", "Should have required property 'alarms'")]),
        (one("alarm", {"alarms": []}), [("/widgets/0/properties/alarms", "Should NOT have less than 1 items")]),
        (one("alarm", {"alarms": [], "states": ["BOGUS"]}),
         [("/widgets/0/properties/states/0", 'Should match pattern "OK|ALARM|INSUFFICIENT_DATA"')]),
        (one("chart", {}), [("/widgets/0/properties", "Should have required property 'data'")]),
        (one("custom", {}), [("/widgets/0/properties", "Should have required property 'endpoint'")]),
        (one("timeline", {}), [("/widgets/0/properties", "Should have required property 'alarm'")]),
        ({"widgets": [], "variables": {}}, [("/variables", "Should be array")]),
        ({"widgets": [], "variables": [{}]}, [
            ("/variables/0", f"Should have required property '{n}'") for n in ("type", "inputType", "id", "property")]),
        ({"widgets": [], "variables": [{"type": "future", "inputType": "input", "id": "r", "property": "region"}]},
         [("/variables/0/type",
           "The specified variable type is unknown. Use one of the allowed values: property,pattern")]),
    ],
)  # fmt: skip
def test_what_is_refused(body: Any, expected: list[tuple[str, str]]):
    assert errors(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (one("later", {}), [("/widgets/0/type", ("The specified widget type is unknown. Use one of the allowed values: "
                             "chart,custom,metric,service,text,log,alarm,explorer,timeline,serviceMap,serviceTable,trace"))]),
        ({"widgets": [], "periodOverride": "x"}, [("/periodOverride", 'Should match pattern "^(inherit|auto)$"')]),
        ({"widgets": [], "periodOverride": 1}, [("/periodOverride", "Should be string")]),
        (one("metric", {**METRIC, "view": "x"}), [("/widgets/0/properties/view",
            ('The value of "view" property is not valid. Should be equal to one of the allowed values: '
            "singleValue,timeSeries,bar,pie,gauge,table"))]),
        (one("text", {"markdown": "x", "background": "x"}), [("/widgets/0/properties/background",
            ('The value of "background" property is not valid. Should be equal to one of the allowed values: '
            "solid,transparent"))]),
        ({"widgets": [{**TEXT, "b": 1, "properties": {"markdown": "x", "c": 1}}], "a": 1}, [
            ("", 'The "a" property is not expected, will be ignored'),
            ("/widgets/0", 'The "b" property is not expected to be part of a widget definition, will be ignored'),
            ("/widgets/0/properties",
             'The "c" property is not expected to be part of a widget definition, will be ignored')]),
    ],
)  # fmt: skip
def test_what_is_only_warned_about(cloudwatch: Any, body: Any, expected: list[tuple[str, str]]):
    assert errors(body) == [] and warnings(body) == expected
    assert put(cloudwatch, body) == expected
    assert json.loads(cloudwatch.get_dashboard(DashboardName="shop")["DashboardBody"]) == body


@pytest.mark.parametrize(
    "body",
    [
        one("log", {}), one("explorer", {}), one("service", {}), one("metric", {**METRIC, "metrics": []}),
        {"widgets": [], "start": "2026-03-02T09:00:00Z", "end": "2026-03-02T10:00:00Z"}, {"widgets": [], "end": "-PT1H"},
        *(one("metric", {**METRIC, "period": p}) for p in (1, 5, 10, 30, 60, 86_400)),
        one("metric", {**METRIC, "stat": "TM(10%:90%)"}), one("metric", {**METRIC, "stat": "PR(:100)"}),
        one("metric", {**METRIC, "metrics": [["...", "i-2", {"color": "#1f77b4", "yAxis": "right"}], [{"expression": "m1"}]]}),
        one("metric", {"annotations": {"alarms": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"]}}),
        {"widgets": [{**TEXT, "x": 0, "y": 0, "width": 24, "height": 4}] * 2},  # they overlap: no word about it
    ],
)  # fmt: skip
def test_what_is_taken_without_a_word(body: Any):
    assert dashboard_body.check(body) == []


def test_a_26th_variable_and_one_that_stands_twice():
    variable = {"type": "property", "property": "region", "inputType": "input", "id": "r"}
    found = errors({"widgets": [], "variables": [variable] * 26})
    assert found[0] == ("/variables", "Should NOT have more than 25 items")
    assert found[1] == ("/variables/1/property", 'Duplicated property in variable: "region"')
    assert len(found) == 26
    select = {**variable, "inputType": "select"}
    assert [m for _, m in errors({"widgets": [], "variables": [select]})][-1] == ONE_OF


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "widgets",
                    "type",
                    "properties",
                    "metrics",
                    "x",
                    "y",
                    "width",
                    "alarms",
                    "variables",
                    "period",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(values, st.sampled_from(dashboard_body.TYPES))
def test_no_body_breaks_the_check_and_what_is_kept_is_what_was_given(value: Any, kind: str):
    for body in ({"widgets": value}, {"widgets": [{"type": kind, "properties": value}], "variables": value}):
        findings = dashboard_body.check(body)
        assert all(f.path == "" or f.path.startswith("/") for f in findings)
        assert dashboard_body.read(dashboard_body.stored(body)) == body


def test_a_picture_of_a_widget_is_refused_by_name(cloudwatch: Any):
    with pytest.raises(NotModelled, match="GetMetricWidgetImage"):
        cloudwatch.get_metric_widget_image(MetricWidget="{}")


def test_permissions_are_about_the_dashboard(lab: Lab):
    iam = lab.client("iam")
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
    iam.create_role(RoleName="Reader", AssumeRolePolicyDocument=json.dumps(trust))
    resource = f"arn:aws:cloudwatch::{lab.account}:dashboard/shop"
    policy = {"Statement": [{"Effect": "Allow", "Action": "cloudwatch:GetDashboard", "Resource": resource}]}
    iam.put_role_policy(RoleName="Reader", PolicyName="p", PolicyDocument=json.dumps(policy))
    for name in ("shop", "other"):
        put(lab.client("cloudwatch"), {"widgets": []}, name)
    reader = lab.client("cloudwatch", role="Reader")
    assert reader.get_dashboard(DashboardName="shop")["DashboardName"] == "shop"
    assert refused(reader.get_dashboard, DashboardName="other")[0] == "AccessDenied"
    assert refused(reader.delete_dashboards, DashboardNames=["shop"])[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("text", "line", "caret", "mistake"),
    [
        ('{"widgets": [],}', '{"widgets": [],}', '}', "a comma before a closing bracket"),
        ("{\n  'widgets': []}", "  'widgets': []}", "'", "single quotes"),
        ('{"a": True}', '{"a": True}', "T", "a value of Python's"),
        ('{"widgets": [', '{"widgets": [', "", "the text ends too early"),
        ('{"a": 1 "b": 2}', '{"a": 1 "b": 2}', '"', "expecting ',' delimiter"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_is_pointed_at(
    cloudwatch: Any, text: str, line: str, caret: str, mistake: str
):
    with pytest.raises(ClientError) as refused_:
        put(cloudwatch, text)
    (note,) = refused_.value.__notes__
    shown, pointing = note.split("\n")
    assert shown == line and mistake in pointing
    at = pointing.index("^")
    assert shown[at : at + 1] == caret or (caret == "}" and shown[at] == ","), (
        "Python 3.13 points at the comma"
    )


def test_a_body_of_another_kind_is_named(cloudwatch: Any):
    with pytest.raises(ClientError) as refused_:
        put(cloudwatch, "[]")
    assert refused_.value.__notes__ == ['The body is a list. It must be an object: {"widgets": [...]}.']


def test_the_widgets_with_errors_are_called_by_their_titles(cloudwatch: Any):
    body = {"widgets": [TEXT, {"type": "metric", "properties": {"title": "Load"}}, {"properties": {}}, 1]}
    with pytest.raises(ClientError) as refused_:
        put(cloudwatch, body)
    (note,) = refused_.value.__notes__
    assert note.split("\n") == [
        "/widgets/1 is the metric widget 'Load'", "/widgets/2 names no type", "/widgets/3 names no type"
    ]  # fmt: skip


@given(st.text(max_size=60))
def test_whatever_is_no_body_gets_a_word(text: str):
    if dashboard_body.read(text) is None:
        assert dashboard_body.pointer(text)
