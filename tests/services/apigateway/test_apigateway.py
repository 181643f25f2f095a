"""APIs, stages, and the lines a request writes to the access log and the execution log."""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab
from cwlab.errors import NotModelled
from cwlab.services.apigateway.logformat import CLF, JSON, KNOWN, line, problem

PUSH = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


@pytest.fixture
def lab() -> Lab:
    return Lab(region="eu-west-1")


@pytest.fixture
def gateway(lab):
    return lab.client("apigateway")


@pytest.fixture
def api(gateway):
    """GET /orders/{id} answers by itself."""
    made = gateway.create_rest_api(name="shop")
    orders = gateway.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart="orders")
    each = gateway.create_resource(restApiId=made["id"], parentId=orders["id"], pathPart="{id}")
    at = {"restApiId": made["id"], "resourceId": each["id"], "httpMethod": "GET"}
    gateway.put_method(**at, authorizationType="NONE")
    gateway.put_integration(**at, type="MOCK")
    gateway.create_deployment(restApiId=made["id"], stageName="prod")
    return made["id"]


def role(lab, service="apigateway.amazonaws.com", policy=PUSH, name="gateway"):
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    iam = lab.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if policy:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    return arn


def set_role(lab, arn):
    patch = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
    return lab.client("apigateway").update_account(patchOperations=patch)


def update(lab, api, **settings):
    paths = {
        "destination": "/accessLogSettings/destinationArn",
        "format": "/accessLogSettings/format",
        "level": "/*/*/logging/loglevel",
    }
    patch = [{"op": "replace", "path": paths[name], "value": value} for name, value in settings.items()]
    return lab.client("apigateway").update_stage(restApiId=api, stageName="prod", patchOperations=patch)


def group_arn(lab, group="shop-api"):
    return f"arn:aws:logs:{lab.region}:{lab.account}:log-group:{group}"


def messages(lab, group="shop-api"):
    return [e["message"] for e in lab.client("logs").filter_log_events(logGroupName=group)["events"]]


def refused(call):
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_no_stage_logs_without_the_account_s_role(lab, gateway, api):
    code, text = refused(lambda: update(lab, api, level="INFO"))
    assert (code, text) == (
        "BadRequestException",
        "CloudWatch Logs role ARN must be set in account settings to enable logging",
    )
    wrong = role(lab, "lambda.amazonaws.com", name="wrong")
    assert "trust permission" in refused(lambda: set_role(lab, wrong))[1]
    assert set_role(lab, role(lab))["cloudwatchRoleArn"].endswith("role/gateway")
    assert update(lab, api, level="INFO")["methodSettings"]["*/*"]["loggingLevel"] == "INFO"


def test_an_access_log_wants_a_group_of_the_region_and_a_request_id(lab, gateway, api):
    set_role(lab, role(lab))
    lab.client("logs").create_log_group(logGroupName="shop-api")
    away = group_arn(lab).replace("eu-west-1", "us-east-1")
    assert refused(lambda: update(lab, api, destination=away, format=CLF))[0] == "BadRequestException"
    assert (
        "requestId"
        in refused(lambda: update(lab, api, destination=group_arn(lab), format="$context.status"))[1]
    )
    assert refused(
        lambda: update(lab, api, destination=group_arn(lab), format="$context.requestId $context.no")
    )[0]
    assert (
        refused(lambda: update(lab, api, destination=group_arn(lab, "none"), format=CLF))[0]
        == "BadRequestException"
    )
    shown = update(lab, api, destination=group_arn(lab), format=CLF)
    assert shown["accessLogSettings"] == {"destinationArn": group_arn(lab), "format": CLF}


@pytest.mark.syllabus("L06")
@pytest.mark.syllabus("L03")
def test_a_request_is_a_line_in_the_access_log_of_its_region(lab, api):
    set_role(lab, role(lab))
    lab.client("logs").create_log_group(logGroupName="shop-api")
    update(lab, api, destination=group_arn(lab), format=JSON)
    lab.advance(seconds=5)
    got = lab.act("apigateway", "request", api=api, stage="prod", path="/orders/7", ip="203.0.113.77")
    assert (got["status"], got["logged"]) == (200, ["access"])
    (text,) = messages(lab)
    told = json.loads(text)
    assert told == {
        "requestId": got["requestId"],
        "ip": "203.0.113.77",
        "caller": "-",
        "user": "-",
        "requestTime": "02/Mar/2026:09:00:05 +0000",
        "httpMethod": "GET",
        "resourcePath": "/orders/{id}",
        "status": "200",
        "protocol": "HTTP/1.1",
        "responseLength": "0",
    }
    groups = lab.client("logs", region="us-east-1").describe_log_groups()["logGroups"]
    assert groups == []


def test_execution_logs_make_their_own_group(lab, api):
    set_role(lab, role(lab))
    update(lab, api, level="INFO")
    got = lab.act("apigateway", "request", api=api, stage="prod", path="/nowhere")
    assert (got["status"], json.loads(got["body"])) == (403, {"message": "Missing Authentication Token"})
    assert got["logged"] == ["execution"]
    found = messages(lab, f"API-Gateway-Execution-Logs_{api}/prod")
    assert all(text.startswith(f"({got['requestId']}) ") for text in found)
    assert found[-1].endswith("Method completed with status: 403")


def test_traffic_is_logged_minute_by_minute(lab, api):
    set_role(lab, role(lab))
    lab.client("logs").create_log_group(logGroupName="shop-api")
    update(lab, api, destination=group_arn(lab), format=CLF)
    start = int(lab.now.timestamp() * 1000)
    rows = [
        (start + 1000 * n, "GET", f"/orders/{n}", 200 if n % 10 else 500, 40, "203.0.113.1")
        for n in range(90)
    ]
    lab.act("apigateway", "traffic", api=api, stage="prod", requests=rows)
    twin = lab.fork()
    lab.advance(minutes=1)
    assert len(messages(lab)) == 60
    lab.advance(minutes=1)
    assert len(messages(lab)) == 90 and sum(" 500 " in text for text in messages(lab)) == 9
    twin.advance(minutes=2)
    assert messages(twin) == messages(lab)


def function(lab, body):
    arn = role(
        lab, "lambda.amazonaws.com", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", "fn"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", f"def handler(event, context):\n    {body}\n")
    made = lab.client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=arn,
        Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()},
    )
    return made["FunctionArn"]


@pytest.mark.parametrize(
    ("body", "permitted", "status", "text"),
    [
        ('return {"statusCode": 201, "body": event["path"]}', True, 201, "/hello"),
        (
            'return {"statusCode": 201, "body": event["path"]}',
            False,
            500,
            '{"message": "Internal server error"}',
        ),
        ("raise ValueError(1)", True, 502, '{"message": "Internal server error"}'),
        ("return 7", True, 502, '{"message": "Internal server error"}'),
    ],
)
def test_a_function_behind_a_method(lab, gateway, body, permitted, status, text):
    arn = function(lab, body)
    made = gateway.create_rest_api(name="shop")
    greedy = gateway.create_resource(
        restApiId=made["id"], parentId=made["rootResourceId"], pathPart="{proxy+}"
    )
    at = {"restApiId": made["id"], "resourceId": greedy["id"], "httpMethod": "ANY"}
    gateway.put_method(**at, authorizationType="NONE")
    uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    gateway.put_integration(**at, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=made["id"], stageName="prod")
    if permitted:
        lab.client("lambda").add_permission(
            FunctionName="f",
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:eu-west-1:{lab.account}:{made['id']}/*",
        )
    got = lab.act("apigateway", "request", api=made["id"], stage="prod", method="POST", path="/hello")
    assert (got["status"], got["body"]) == (status, text)


def test_crud_and_refusals(lab, gateway, api):
    assert refused(lambda: gateway.get_stage(restApiId=api, stageName="no"))[0] == "NotFoundException"
    assert refused(lambda: gateway.get_rest_api(restApiId="no"))[0] == "NotFoundException"
    assert [each["path"] for each in gateway.get_resources(restApiId=api)["items"]] == [
        "/",
        "/orders",
        "/orders/{id}",
    ]
    empty = gateway.create_rest_api(name="empty")["id"]
    assert "any methods" in refused(lambda: gateway.create_deployment(restApiId=empty))[1]
    made = gateway.create_deployment(restApiId=api)["id"]
    gateway.create_stage(restApiId=api, stageName="dev", deploymentId=made, variables={"a": "b"})
    assert [each["stageName"] for each in gateway.get_stages(restApiId=api)["item"]] == ["dev", "prod"]
    gateway.delete_stage(restApiId=api, stageName="dev")
    gateway.delete_rest_api(restApiId=api)
    assert [each["name"] for each in gateway.get_rest_apis()["items"]] == ["empty"]
    with pytest.raises(NotModelled, match="HTTP_PROXY"):
        at = {"restApiId": empty, "resourceId": "x", "httpMethod": "GET"}
        gateway.put_integration(**at, type="HTTP_PROXY", uri="https://example.com")


@given(st.text(max_size=40), st.sampled_from(sorted(KNOWN)), st.text(max_size=10))
def test_a_line_is_one_line_and_holds_the_request_id(around, name, value):
    text = f"{around}$context.requestId {around}\n$context.{name} "
    told = line(text, {"requestId": "r-1", name: value.replace("\n", "")} | {"requestId": "r-1"})
    assert "r-1" in told


def test_the_console_s_formats_are_good():
    assert problem(CLF) is None and problem(JSON) is None
    assert problem("$context.extendedRequestId") is None and problem("hello") is not None
