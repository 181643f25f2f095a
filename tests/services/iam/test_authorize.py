"""Step 2 of the door, seen from outside: who may do what through a real boto3 client."""

import json

import pytest
from botocore.exceptions import ClientError

from cwlab.api import Principal, Request
from cwlab.errors import AwsError
from cwlab.services.iam.authorize import may_assume

ACCOUNT = "123456789012"
READ = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"


@pytest.fixture
def ana(lab, iam):
    """Ana's own client maker: lab.client with her access key."""
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]["AccessKeyId"]
    return lambda service, **more: lab.client(service, aws_access_key_id=key, **more)


def code_of(call, /, **params):
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"


def put(cloudwatch, namespace="Shop"):
    return code_of(
        cloudwatch.put_metric_data, Namespace=namespace, MetricData=[{"MetricName": "Orders", "Value": 1}]
    )


def test_a_new_user_may_do_nothing(ana):
    with pytest.raises(ClientError) as caught:
        ana("cloudwatch").list_metrics()
    error = caught.value.response
    assert error["Error"]["Code"] == "AccessDenied"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error["Error"]["Message"] == (
        f"User: arn:aws:iam::{ACCOUNT}:user/ana is not authorized to perform: cloudwatch:ListMetrics on resource: * "
        "because no identity-based policy allows the cloudwatch:ListMetrics action"
    )


def test_except_ask_who_they_are(ana):
    assert ana("sts").get_caller_identity()["Account"] == ACCOUNT


def test_an_attached_policy_counts_at_once_and_until_it_is_detached(iam, ana):
    cloudwatch = ana("cloudwatch")
    iam.attach_user_policy(UserName="ana", PolicyArn=READ)
    assert code_of(cloudwatch.list_metrics) == "allowed"
    assert put(cloudwatch) == "AccessDenied"
    iam.detach_user_policy(UserName="ana", PolicyArn=READ)
    assert code_of(cloudwatch.list_metrics) == "AccessDenied"


def test_the_policies_of_a_group_count_for_its_members(iam, ana):
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn=READ)
    assert code_of(ana("cloudwatch").list_metrics) == "AccessDenied"
    iam.add_user_to_group(GroupName="readers", UserName="ana")
    assert code_of(ana("cloudwatch").list_metrics) == "allowed"


def test_a_deny_beats_an_allow(iam, ana):
    iam.attach_user_policy(UserName="ana", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert put(ana("cloudwatch")) == "allowed"
    deny = {"Effect": "Deny", "Action": "cloudwatch:Put*", "Resource": "*"}
    iam.put_user_policy(
        UserName="ana",
        PolicyName="no",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": deny}),
    )
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        ana("cloudwatch").put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Orders", "Value": 1}])


def test_the_namespace_condition(iam, ana, allow):
    only = allow("cloudwatch:PutMetricData", Condition={"StringEquals": {"cloudwatch:namespace": "Shop"}})
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=only)
    assert put(ana("cloudwatch"), "Shop") == "allowed"
    assert put(ana("cloudwatch"), "Bank") == "AccessDenied"


def test_a_boundary_caps_what_policies_grant(iam, ana):
    iam.attach_user_policy(UserName="ana", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_user_permissions_boundary(UserName="ana", PermissionsBoundary=READ)
    assert code_of(ana("cloudwatch").list_metrics) == "allowed"
    with pytest.raises(ClientError, match="because no permissions boundary allows the iam:ListUsers action"):
        ana("iam").list_users()


def test_a_role_by_name(lab, iam, trust):
    iam.create_role(RoleName="Auditor", AssumeRolePolicyDocument=trust(AWS=ACCOUNT))
    iam.attach_role_policy(RoleName="Auditor", PolicyArn=READ)
    auditor = lab.client("cloudwatch", role="Auditor")
    assert code_of(auditor.list_metrics) == "allowed"
    assert put(auditor) == "AccessDenied"


def test_the_sessions_of_a_deleted_role_are_worth_nothing(lab, iam, trust):
    iam.create_role(RoleName="Auditor", AssumeRolePolicyDocument=trust(AWS=ACCOUNT))
    auditor = lab.client("cloudwatch", role="Auditor")
    iam.delete_role(RoleName="Auditor")
    with pytest.raises(ClientError, match="no role Auditor") as caught:
        auditor.list_metrics()
    assert caught.value.response["Error"]["Code"] == "InvalidClientTokenId"


def test_resources_are_told_apart(iam, ana, allow):
    iam.put_user_policy(
        UserName="ana",
        PolicyName="self",
        PolicyDocument=allow("iam:*", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"),
    )
    assert code_of(ana("iam").get_user) == "allowed"
    assert code_of(ana("iam").get_user, UserName="admin") == "AccessDenied"
    assert code_of(ana("iam").create_access_key) == "allowed"


def test_some_policies_only_may_be_attached(iam, ana, allow):
    iam.put_user_policy(
        UserName="ana",
        PolicyName="p",
        PolicyDocument=allow(
            "iam:AttachUserPolicy",
            Condition={"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/CloudWatch*"}},
        ),
    )
    assert code_of(ana("iam").attach_user_policy, UserName="ana", PolicyArn=READ) == "allowed"
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert code_of(ana("iam").attach_user_policy, UserName="ana", PolicyArn=everything) == "AccessDenied"


def test_tags_of_the_caller_and_the_request(iam, ana, allow):
    iam.tag_user(UserName="ana", Tags=[{"Key": "team", "Value": "web"}])
    iam.put_user_policy(
        UserName="ana",
        PolicyName="p",
        PolicyDocument=allow(
            "iam:CreateUser",
            Condition={
                "StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
            },
        ),
    )
    mine = ana("iam")
    assert code_of(mine.create_user, UserName="a", Tags=[{"Key": "team", "Value": "web"}]) == "allowed"
    assert code_of(mine.create_user, UserName="b", Tags=[{"Key": "team", "Value": "ops"}]) == "AccessDenied"
    assert code_of(mine.create_user, UserName="c") == "AccessDenied"


def test_virtual_time_is_the_time_of_conditions(lab, iam, ana, allow):
    iam.put_user_policy(
        UserName="ana",
        PolicyName="p",
        PolicyDocument=allow(
            "cloudwatch:ListMetrics",
            Condition={"DateGreaterThan": {"aws:CurrentTime": "2026-03-02T10:00:00Z"}},
        ),
    )
    assert code_of(ana("cloudwatch").list_metrics) == "AccessDenied"
    lab.advance(hours=2)
    assert code_of(ana("cloudwatch").list_metrics) == "allowed"


def test_regions_can_be_closed(iam, ana, allow):
    iam.put_user_policy(
        UserName="ana",
        PolicyName="p",
        PolicyDocument=allow(
            "cloudwatch:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
        ),
    )
    assert code_of(ana("cloudwatch", region="eu-west-1").list_metrics) == "allowed"
    assert code_of(ana("cloudwatch", region="us-east-1").list_metrics) == "AccessDenied"


def test_a_refusal_is_in_the_journal_and_changes_nothing(lab, ana):
    put(ana("cloudwatch"))
    entry = lab.journal[-1]
    assert (entry.error, entry.caller.arn) == ("AccessDenied", f"arn:aws:iam::{ACCOUNT}:user/ana")
    assert lab.client("cloudwatch").list_metrics()["Metrics"] == []


def test_the_reason_is_noted_on_the_error(lab, iam, allow):
    iam.create_user(UserName="ana")
    only = allow("cloudwatch:PutMetricData", Condition={"StringEquals": {"cloudwatch:namespace": "Shop"}})
    iam.put_user_policy(UserName="ana", PolicyName="ShopWriter", PolicyDocument=only)
    params = {"Namespace": "Bank", "MetricData": [{"MetricName": "Orders", "Value": 1.0}]}
    caller = Principal(f"arn:aws:iam::{ACCOUNT}:user/ana", ACCOUNT)
    with pytest.raises(AwsError) as caught:
        lab.world.door(Request("cloudwatch", "PutMetricData", params, caller, ACCOUNT, "us-east-1"))
    assert 'asks for "Shop", and the request has "Bank"' in caught.value.__notes__[0]


def test_a_service_may_take_on_only_a_role_that_trusts_it(lab, iam, trust):
    role = iam.create_role(RoleName="Fn", AssumeRolePolicyDocument=trust(Service="lambda.amazonaws.com"))[
        "Role"
    ]["Arn"]
    assert may_assume(lab.world, role, "lambda.amazonaws.com").allowed
    assert not may_assume(lab.world, role, "ec2.amazonaws.com").allowed
    assert not may_assume(lab.world, role + "x", "lambda.amazonaws.com").allowed


def test_each_service_has_its_own_word_for_it(ana):
    assert code_of(ana("ec2").describe_instances) == "UnauthorizedOperation"
    assert code_of(ana("iam").list_users) == "AccessDenied"


def test_permissions_survive_fork_and_rewind(lab, iam, ana):
    lab.advance(minutes=1)
    then = lab.now
    lab.advance(minutes=1)
    iam.attach_user_policy(UserName="ana", PolicyArn=READ)
    twin = lab.fork()
    lab.rewind(to=then)
    assert code_of(ana("cloudwatch").list_metrics) == "AccessDenied"
    assert [
        p["PolicyArn"]
        for p in twin.client("iam").list_attached_user_policies(UserName="ana")["AttachedPolicies"]
    ] == [READ]


def through(lab, path, caller=f"arn:aws:iam::{ACCOUNT}:user/admin"):
    """Step 2 alone, for a request that came over a machine's path."""
    from cwlab.api import Call, find
    from cwlab.services.iam import authorize

    params = {"Namespace": "Shop", "MetricData": [{"MetricName": "Orders", "Value": 1.0}]}
    request = Request(
        "cloudwatch", "PutMetricData", params, Principal(caller, ACCOUNT), ACCOUNT, "us-east-1", path=path
    )
    authorize.check(Call(lab.world, request), find("cloudwatch", "PutMetricData"))


class Way:
    """What step 1 tells of a machine's way to the endpoint."""

    def __init__(self, policy=None, source_ip=None, endpoint_id=None, vpc_id=None, vpc_source_ip=None):
        self.policy, self.source_ip, self.endpoint_id = policy, source_ip, endpoint_id
        self.vpc_id, self.vpc_source_ip = vpc_id, vpc_source_ip


def test_the_policy_of_an_endpoint_filters_even_an_administrator(lab, allow):
    through(lab, Way(endpoint_id="vpce-1", policy=allow(Principal="*")))
    through(lab, Way(source_ip="198.51.100.7"))
    with pytest.raises(
        AwsError, match="because no VPC endpoint policy allows the cloudwatch:PutMetricData action"
    ):
        through(lab, Way(endpoint_id="vpce-1", policy=allow("logs:*", Principal="*")))


def test_where_a_request_comes_from_is_a_condition(lab, iam, allow):
    iam.create_user(UserName="ana")
    ana = f"arn:aws:iam::{ACCOUNT}:user/ana"
    office = allow(Condition={"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}})
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=office)
    through(lab, Way(source_ip="198.51.100.7"), ana)
    with pytest.raises(AwsError, match="no identity-based policy"):
        through(lab, Way(source_ip="203.0.113.9"), ana)
    with pytest.raises(AwsError, match="no identity-based policy"):
        through(lab, Way(endpoint_id="vpce-1", policy=allow(Principal="*"), vpc_source_ip="10.0.1.7"), ana)
    private = allow(Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=private)
    through(lab, Way(endpoint_id="vpce-1", policy=allow(Principal="*")), ana)
    with pytest.raises(AwsError, match="no identity-based policy"):
        through(lab, Way(source_ip="198.51.100.7"), ana)


def test_a_saved_lab_keeps_its_users_roles_and_sessions(lab, iam, ana, trust, tmp_path):
    from cwlab import Lab

    iam.attach_user_policy(UserName="ana", PolicyArn=READ)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS=ACCOUNT))
    key = lab.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", RoleSessionName="me")[
        "Credentials"
    ]
    lab.save(tmp_path / "saved.cwlab")
    again = Lab.open(tmp_path / "saved.cwlab")
    for name in ("list_users", "list_roles", "list_policies"):
        assert answer(again, name) == answer(lab, name)
    assert (
        again.client("iam").list_attached_user_policies(UserName="ana")["AttachedPolicies"][0]["PolicyArn"]
        == READ
    )
    me = again.client("sts", aws_access_key_id=key["AccessKeyId"])
    assert me.get_caller_identity()["Arn"].endswith("assumed-role/r/me")


def answer(lab, name):
    found = getattr(lab.client("iam"), name)()
    del found["ResponseMetadata"]
    return found


def test_resource_objects_inside_intercept(lab, trust):
    import boto3

    with lab.intercept():
        role = boto3.resource("iam", region_name="us-east-1").create_role(
            RoleName="r", AssumeRolePolicyDocument=trust(AWS=ACCOUNT)
        )
        role.attach_policy(PolicyArn=READ)
        assert [policy.arn for policy in role.attached_policies.all()] == [READ]
        assert role.assume_role_policy_document["Statement"][0]["Effect"] == "Allow"
