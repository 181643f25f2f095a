"""The compiled model: the same errors as botocore's validator, and the copies it makes."""

import functools
import math
from datetime import UTC, datetime, timedelta, timezone

import botocore.session
import pytest
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.constraints import normalize, refusals


@functools.cache
def model(service: str, operation: str):
    return botocore.session.Session().get_service_model(service).operation_model(operation)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=3), st.binary(max_size=3),
                    st.just("2026-03-02T09:00:00Z"), st.datetimes())  # fmt: skip
NAMES = st.sampled_from(
    ["Namespace", "MetricData", "MetricName", "Value", "Values", "Counts", "Unit", "Timestamp", "Dimensions", "Name",
     "StatisticValues", "StorageResolution", "Sum", "Strange", "MetricDataQueries", "Id", "MetricStat", "StartTime",
     "EndTime", "Period", "Stat", "ScanBy", "PolicyDocument", "Tags", "Key", "RoleName"]
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS, lambda x: st.lists(x, max_size=3) | st.dictionaries(NAMES, x, max_size=5), max_leaves=14
)


@given(
    st.sampled_from(
        [
            ("cloudwatch", "PutMetricData"),
            ("cloudwatch", "GetMetricData"),
            ("iam", "CreateRole"),
            ("logs", "PutLogEvents"),
        ]
    ),
    st.dictionaries(NAMES, ANYTHING, max_size=5),
)
def test_whatever_is_passed_the_verdict_is_botocores_own(where, params):
    operation = model(*where)
    report = ParamValidator().validate(params, operation.input_shape)
    if report.has_errors():
        with pytest.raises(ParamValidationError) as caught:
            normalize(params, operation)
        assert str(caught.value) == str(ParamValidationError(report=report.generate_report()))
    else:
        copy, _ = normalize(params, operation)
        assert copy.keys() == params.keys()
        assert normalize(copy, operation)[0].keys() == copy.keys()  # a copy is good again


def test_instants_become_aware_datetimes_in_utc_and_numbers_floats():
    data = [
        {"MetricName": "a", "Value": 3, "Timestamp": when}
        for when in (
            datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=1))),
            datetime(2026, 3, 2, 9),
            "2026-03-02T09:00:00Z",
            "2026-03-02 10:00:00+01:00",
            1772442000,
        )
    ]
    copy, found = normalize({"Namespace": "Shop", "MetricData": data}, model("cloudwatch", "PutMetricData"))
    assert found == []
    assert {d["Timestamp"] for d in copy["MetricData"]} == {datetime(2026, 3, 2, 9, tzinfo=UTC)}
    assert all(type(d["Value"]) is float for d in copy["MetricData"])


def test_what_botocore_lets_pass_and_the_service_does_not():
    put = model("cloudwatch", "PutMetricData")
    _, found = normalize(
        {"Namespace": "Shop", "MetricData": [{"MetricName": "a", "Value": math.nan, "Unit": "Cows"}]}, put
    )
    assert [(path, rule) for path, rule, _, _ in found] == [
        (["MetricData", 0, "Value"], "number"),
        (["MetricData", 0, "Unit"], "enum"),
    ]
    _, found = normalize(
        {"RoleName": "no spaces", "AssumeRolePolicyDocument": "{}"}, model("iam", "CreateRole")
    )
    assert [(path, rule) for path, rule, _, _ in found] == [(["RoleName"], "pattern")]


def test_the_common_wording_of_a_refusal():
    _, found = normalize({"logGroupName": "x" * 513}, model("logs", "CreateLogGroup"))
    (error,) = refusals("logs", found)
    assert error.code in ("InvalidParameterException", "ValidationException")
    assert "1 validation error detected" in error.message
    assert (
        "'logGroupName' failed to satisfy constraint: Member must have length less than or equal to 512"
        in error.message
    )


def test_a_refused_member_is_in_the_journal_and_changes_nothing():
    lab = Lab()
    with pytest.raises(lab.client("cloudwatch").exceptions.ClientError):
        lab.client("cloudwatch").put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": "a", "Value": 1, "Unit": "Cows"}]
        )
    assert lab.journal[-1].error == "InvalidParameterValue"
    assert lab.client("cloudwatch").list_metrics()["Metrics"] == []
