"""The shop as a source of logs: its name in Route 53, its API, its containers, its trail; and if asked for, a function, the
tills of its pickup points, an environment of Elastic Beanstalk, and a flow log of its web machines' VPC.

Made with the calls you would make; the traffic is what ``cwlab.shop.requests`` has for the same minutes, so that every log
tells the same story.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cwlab.errors import BadInput
from cwlab.shop import flows
from cwlab.shop.chance import RANGE, uniform
from cwlab.shop.machines import SEED
from cwlab.shop.requests import MOST, REFUSED_MS, all_requests

if TYPE_CHECKING:
    from cwlab.lab import Lab

DOMAIN = "shop.example"
DNS_GROUP, API_GROUP, TASK_GROUP, TRAIL_GROUP = (
    "/aws/route53/shop.example",
    "shop-api",
    "/ecs/shop",
    "shop-trail",
)
FUNCTION, FUNCTION_GROUP = "shop-receipt", "/aws/lambda/shop-receipt"
DEVICE_GROUP = "shop-tills"
FLOW_GROUP = flows.GROUP
PLATFORM = "shop-office"
PLATFORM_FILE = "/var/log/web.stdout.log"
PLATFORM_GROUP = f"/aws/elasticbeanstalk/{PLATFORM}{PLATFORM_FILE}"
DNS_REGION = "us-east-1"  # whatever the lab's Region: Route 53 writes there and nowhere else
TRAIL = "shop"
MOST_HOURS = 48
USUAL = ("dns", "api", "tasks", "trail")
ALL = (*USUAL, "functions", "devices", "platform", "flows")
TILLS = 3
_TTL = 60
_RESOLVERS = 12
_START_SECONDS = 60
_PLATFORM_SECONDS = 240  # an environment is ready after three minutes
_RECEIPT_PERCENT, _PICKED_UP_PERCENT = 25, 20  # of orders: with a receipt by mail, paid at a till


@dataclass(frozen=True, slots=True)
class Sources:
    """What ``sources`` made; None where it was not asked for. Groups are named in ``DNS_GROUP``, ``API_GROUP``…"""

    zone: str | None = None
    api: str | None = None
    task: str | None = None
    trail: str | None = None
    bucket: str | None = None
    function: str | None = None
    rule: str | None = None
    instance: str | None = None
    flow_log: str | None = None

    def __repr__(self) -> str:
        named = {"zone": self.zone, "API": self.api, "task": self.task, "trail": self.trail}
        named |= {"function": self.function, "rule": self.rule, "instance": self.instance}
        named |= {"flow log": self.flow_log}
        return "The shop's sources: " + ", ".join(f"{k} {v}" for k, v in named.items() if v)


def sources(lab: Lab, *, hours: int = 1, only: tuple[str, ...] = USUAL) -> Sources:
    """Set up what writes the shop's logs, and let its customers come; takes a minute of the lab's time, with ``platform`` four.

    ``dns``: public zone shop.example, its query log in ``/aws/route53/shop.example`` in us-east-1. ``api``: REST API with an
    access log (JSON) in ``shop-api``. ``tasks``: a Fargate task that logs each order and failure to ``/ecs/shop``. ``trail``:
    CloudTrail for all Regions, to ``shop-trail`` and a bucket.

    Only if named: ``functions``: a Lambda function that runs for one order in four, START, END and REPORT in
    ``/aws/lambda/shop-receipt``. ``devices``: tills that publish each order paid there to ``shop/tills/…``, and an IoT rule that
    writes it to ``shop-tills``. ``platform``: an Elastic Beanstalk environment whose instance logs each failure and one order in
    four to ``/var/log/web.stdout.log``, which is streamed. ``flows``: a VPC flow log in ``shop-vpc`` of what customers and
    strangers send to the web machines, which are built if they are not there.

    Args:
        lab: where; all but the DNS log is in its Region.
        hours: for how long customers come.
        only: which of dns, api, tasks, trail, functions, devices, platform, flows.

    Raises:
        BadInput: hours or a name that cannot be.
        ClientError: they are there already.
    """
    if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= MOST_HOURS:
        raise BadInput(hours, "is not a number of hours.", f"Give a whole number from 1 to {MOST_HOURS}.")
    if unknown := [name for name in only if name not in ALL]:
        raise BadInput(unknown[0], "is not one of the shop's sources.", f"There are {', '.join(ALL)}.")
    trail, bucket = _trail(lab) if "trail" in only else (None, None)
    zone = _zone(lab) if "dns" in only else None
    api = _api(lab) if "api" in only else None
    task = _task(lab) if "tasks" in only else None
    function = _function(lab) if "functions" in only else None
    rule = _rule(lab) if "devices" in only else None
    environment = _environment(lab) if "platform" in only else None
    flow_log = flows.flow_log(lab) if "flows" in only else None
    lab.advance(seconds=_START_SECONDS if environment is None else _PLATFORM_SECONDS)
    instance = None if environment is None else _instance(lab, environment)
    made = Sources(zone, api, task, trail, bucket, function, rule, instance, flow_log)
    _customers(lab, hours, made)
    return made


# What is made ---------------------------------------------------------------------------------------------------------------


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _role(lab: Lab, name: str, service: str, managed: str) -> str:
    iam = lab.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    role: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{managed}")
    return role


def _group(lab: Lab, name: str, region: str | None = None) -> str:
    lab.client("logs", region=region).create_log_group(logGroupName=name)
    return f"arn:aws:logs:{region or lab.region}:{lab.account}:log-group:{name}"


def _trail(lab: Lab) -> tuple[str, str]:
    bucket = f"shop-trail-{lab.account}"
    s3 = lab.client("s3")
    here = (
        {} if lab.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": lab.region}}
    )
    s3.create_bucket(Bucket=bucket, **here)
    cloudtrail = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    arn = f"arn:aws:s3:::{bucket}"
    owned = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    look = cloudtrail | {"Action": "s3:GetBucketAcl", "Resource": arn}
    write = cloudtrail | {
        "Action": "s3:PutObject",
        "Resource": f"{arn}/AWSLogs/{lab.account}/*",
        "Condition": owned,
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=_document(look, write))
    group = _group(lab, TRAIL_GROUP)
    role = _role(lab, "shop-trail", "cloudtrail.amazonaws.com", "CloudWatchLogsFullAccess")
    client = lab.client("cloudtrail")
    made = client.create_trail(
        Name=TRAIL,
        S3BucketName=bucket,
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=f"{group}:*",
        CloudWatchLogsRoleArn=role,
    )
    client.start_logging(Name=TRAIL)
    return made["TrailARN"], bucket


def _zone(lab: Lab) -> str:
    route53 = lab.client("route53")
    made = route53.create_hosted_zone(Name=DOMAIN, CallerReference="shop")
    zone: str = made["HostedZone"]["Id"].rsplit("/", 1)[-1]
    records = [("www", "A", "192.0.2.80"), ("www", "AAAA", "2001:db8::80"), ("api", "CNAME", f"www.{DOMAIN}")]
    changes = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": f"{name}.{DOMAIN}",
                "Type": kind,
                "TTL": _TTL,
                "ResourceRecords": [{"Value": value}],
            },
        }
        for name, kind, value in records
    ]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    group = _group(lab, DNS_GROUP, DNS_REGION)
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "route53.amazonaws.com"},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:{DNS_REGION}:{lab.account}:log-group:/aws/route53/*",
    }
    policies = lab.client("logs", region=DNS_REGION)
    policies.put_resource_policy(policyName="route53-query-logging", policyDocument=_document(allow))
    route53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=group)
    return zone


ACCESS_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "requestTime": "$context.requestTime",
        "httpMethod": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "responseLatency": "$context.responseLatency",
    }
)
_PATHS = (("GET", "products"), ("GET", "products/{id}"), ("POST", "orders"))


def _api(lab: Lab) -> str:
    gateway = lab.client("apigateway")
    made = gateway.create_rest_api(name="shop")
    api: str = made["id"]
    known = {"": made["rootResourceId"]}
    for method, path in _PATHS:
        parent, _, part = path.rpartition("/")
        known[path] = gateway.create_resource(restApiId=api, parentId=known[parent], pathPart=part)["id"]
        at = {"restApiId": api, "resourceId": known[path], "httpMethod": method}
        gateway.put_method(**at, authorizationType="NONE")
        gateway.put_integration(**at, type="MOCK")
    gateway.create_deployment(restApiId=api, stageName="prod")
    role = _role(
        lab, "shop-api", "apigateway.amazonaws.com", "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    )
    gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    settings = {"destinationArn": _group(lab, API_GROUP), "format": ACCESS_FORMAT}
    patch = [{"op": "replace", "path": f"/accessLogSettings/{k}", "value": v} for k, v in settings.items()]
    gateway.update_stage(restApiId=api, stageName="prod", patchOperations=patch)
    return api


def _task(lab: Lab) -> str:
    _group(lab, TASK_GROUP)
    role = _role(
        lab, "shop-tasks", "ecs-tasks.amazonaws.com", "service-role/AmazonECSTaskExecutionRolePolicy"
    )
    ecs = lab.client("ecs")
    ecs.create_cluster(clusterName="shop")
    options = {"awslogs-group": TASK_GROUP, "awslogs-region": lab.region, "awslogs-stream-prefix": "checkout"}
    container = {
        "name": "app",
        "image": "shop/checkout:1",
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    ecs.register_task_definition(family="checkout", containerDefinitions=[container], executionRoleArn=role)
    subnets = lab.client("ec2").describe_subnets()["Subnets"]
    network = {"awsvpcConfiguration": {"subnets": [subnets[0]["SubnetId"]]}}
    ran = ecs.run_task(cluster="shop", taskDefinition="checkout", networkConfiguration=network)
    task: str = ran["tasks"][0]["taskArn"]
    return task


RECEIPT = """import json

def handler(event, context):
    print(json.dumps({"level": "INFO", "message": "receipt sent", "product": event["product"]}))
"""


def _function(lab: Lab) -> str:
    managed = "service-role/AWSLambdaBasicExecutionRole"
    role = _role(lab, FUNCTION, "lambda.amazonaws.com", managed)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr(
            zipfile.ZipInfo("app.py", (2026, 1, 1, 0, 0, 0)), RECEIPT
        )  # the same bytes each time
    lab.client("lambda").create_function(
        FunctionName=FUNCTION,
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    return FUNCTION


def _rule(lab: Lab) -> str:
    _group(lab, DEVICE_GROUP)
    role = _role(lab, DEVICE_GROUP, "iot.amazonaws.com", "CloudWatchLogsFullAccess")
    action = {"cloudwatchLogs": {"roleArn": role, "logGroupName": DEVICE_GROUP}}
    payload = {"sql": "SELECT * FROM 'shop/tills/#'", "actions": [action]}
    lab.client("iot").create_topic_rule(ruleName="shop_tills", topicRulePayload=payload)
    return "shop_tills"


def _environment(lab: Lab) -> str:
    _role(lab, PLATFORM, "ec2.amazonaws.com", "AWSElasticBeanstalkWebTier")
    iam = lab.client("iam")
    iam.create_instance_profile(InstanceProfileName=PLATFORM)
    iam.add_role_to_instance_profile(InstanceProfileName=PLATFORM, RoleName=PLATFORM)
    client = lab.client("elasticbeanstalk")
    client.create_application(ApplicationName="shop")
    options = [
        ("aws:autoscaling:launchconfiguration", "IamInstanceProfile", PLATFORM),
        ("aws:elasticbeanstalk:cloudwatch:logs", "StreamLogs", "true"),
    ]
    client.create_environment(
        ApplicationName="shop",
        EnvironmentName=PLATFORM,
        SolutionStackName="64bit Amazon Linux 2023 v4.0.0 running Python 3.12",
        OptionSettings=[{"Namespace": n, "OptionName": o, "Value": v} for n, o, v in options],
    )
    return PLATFORM


def _instance(lab: Lab, environment: str) -> str:
    client = lab.client("elasticbeanstalk")
    found = client.describe_environment_resources(EnvironmentName=environment)["EnvironmentResources"]
    instance: str = found["Instances"][0]["Id"]
    return instance


# Who comes ----------------------------------------------------------------------------------------------------------------------


def _customers(lab: Lab, hours: int, made: Sources) -> None:
    zone, api, task = made.zone, made.api, made.task
    first = int(lab.now.timestamp()) // 60 + 1
    came = all_requests(SEED, first, hours * 60)
    index = came.minute * MOST + came.number
    at_ms = (came.minute * 60_000 + uniform(SEED, "moment", index) * 60_000 // RANGE).tolist()
    kind = (uniform(SEED, "page", index) * 100 // RANGE).tolist()
    who = (uniform(SEED, "customer", index) * 508 // RANGE).tolist()
    product = (uniform(SEED, "product", index) * 40 // RANGE).tolist()
    failed, ordered, latency = came.failed.tolist(), came.ordered.tolist(), came.latency_ms.tolist()
    each = range(len(index))
    if zone is not None:
        lab.act("route53", "traffic", queries=[_query(at_ms[n], kind[n], who[n]) for n in each if n % 3 == 0])
    if api is not None:
        rows = []
        for n in each:
            path = "/orders" if ordered[n] else "/products" if kind[n] < 30 else f"/products/{product[n]}"
            status = (503 if latency[n] == REFUSED_MS else 504) if failed[n] else 201 if ordered[n] else 200
            method = "POST" if ordered[n] else "GET"
            rows.append((at_ms[n], method, path, status, latency[n], address(who[n])))
        lab.act("apigateway", "traffic", api=api, stage="prod", requests=rows)
    if task is not None:
        told = [
            (at_ms[n], _told(at_ms[n], failed[n], product[n], latency[n]))
            for n in each
            if failed[n] or ordered[n]
        ]
        lab.act("ecs", "output", task=task, rows=sorted(told))
    receipt = (uniform(SEED, "receipt", index) * 100 // RANGE < _RECEIPT_PERCENT).tolist()
    if made.function is not None:
        events = [(at_ms[n], json.dumps({"product": product[n]})) for n in each if ordered[n] and receipt[n]]
        lab.act("lambda", "traffic", function=made.function, events=sorted(events))
    if made.rule is not None:
        paid = (uniform(SEED, "till", index) * 100 // RANGE < _PICKED_UP_PERCENT).tolist()
        rung = [_rung(at_ms[n], product[n], who[n]) for n in each if ordered[n] and paid[n]]
        lab.act("iot", "traffic", messages=sorted(rung))
    if made.flow_log is not None:
        flows.send(lab, hours, at_ms, latency, [address(each) for each in who], index)
    if made.instance is not None:
        start_ms = int(lab.now.timestamp() * 1000)
        wrote = [
            ((at_ms[n] - start_ms) / 1000, _told(at_ms[n], failed[n], product[n], latency[n]))
            for n in each
            if failed[n] or (ordered[n] and receipt[n])
        ]
        if wrote:
            lab.host(made.instance).run(PLATFORM_FILE, sorted(wrote))


def address(customer: int) -> str:
    """A customer's address, in the documentation ranges.

    >>> address(0), address(507)
    ('198.51.100.1', '203.0.113.254')
    """
    return f"{('198.51.100', '203.0.113')[customer // 254]}.{customer % 254 + 1}"


def _query(at_ms: int, kind: int, customer: int) -> tuple[int, str, str, str]:
    name = "wwww" if kind >= 97 else "api" if kind >= 70 else "www"
    return at_ms, f"{name}.{DOMAIN}", "AAAA" if kind % 5 == 0 else "A", f"192.0.2.{customer % _RESOLVERS + 1}"


def _rung(at_ms: int, product: int, customer: int) -> tuple[int, str, str]:
    till = f"till-{customer % TILLS + 1}"
    payload = json.dumps({"till": till, "message": "order paid", "product": product})
    return at_ms, f"shop/tills/{till}/sales", payload


def _told(at_ms: int, failed: bool, product: int, latency_ms: int) -> str:
    told: dict[str, Any] = {"level": "ERROR" if failed else "INFO"}
    told |= {
        "message": "payment failed" if failed else "order placed",
        "product": product,
        "latencyMs": latency_ms,
    }
    return json.dumps(told)
