"""IAM's operations: one story through all of them, and the errors on the way."""

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab, api
from cwlab.arn import access_key_id, account_of_key

ACCOUNT = "123456789012"
READ = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"
OWN = f"arn:aws:iam::{ACCOUNT}:policy/own"


def refused(code, call, /, **params):
    """The message of the error with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return caught.value.response["Error"]["Message"]


def test_users(iam, allow):
    made = iam.create_user(UserName="ana", Path="/shop/", Tags=[{"Key": "team", "Value": "ops"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/shop/ana"
    assert made["UserId"].startswith("AIDA")
    assert iam.get_user(UserName="ana")["User"] == made
    assert [u["UserName"] for u in iam.list_users(PathPrefix="/shop/")["Users"]] == ["ana"]
    assert [u["UserName"] for u in iam.list_users()["Users"]] == ["admin", "ana"]
    iam.tag_user(UserName="ana", Tags=[{"Key": "Team", "Value": "web"}, {"Key": "cost", "Value": "1"}])
    iam.untag_user(UserName="ana", TagKeys=["cost"])
    assert iam.list_user_tags(UserName="ana")["Tags"] == [{"Key": "Team", "Value": "web"}]
    iam.put_user_permissions_boundary(UserName="ana", PermissionsBoundary=READ)
    assert iam.get_user(UserName="ana")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ
    iam.delete_user_permissions_boundary(UserName="ana")
    assert "PermissionsBoundary" not in iam.get_user(UserName="ana")["User"]
    iam.update_user(UserName="ana", NewUserName="eva", NewPath="/web/")
    assert iam.get_user(UserName="eva")["User"]["UserId"] == made["UserId"]
    iam.delete_user(UserName="eva")
    assert "eva" in refused("NoSuchEntity", iam.get_user, UserName="eva")


def test_the_administrator_is_there_and_cannot_be_changed(iam):
    assert iam.get_user()["User"]["UserName"] == "admin"
    assert (
        iam.list_attached_user_policies(UserName="admin")["AttachedPolicies"][0]["PolicyName"]
        == "AdministratorAccess"
    )
    refused("UnmodifiableEntity", iam.delete_user, UserName="admin")
    refused("EntityAlreadyExists", iam.create_user, UserName="Admin")


def test_groups(iam, allow):
    iam.create_user(UserName="ana")
    made = iam.create_group(GroupName="ops")["Group"]
    iam.add_user_to_group(GroupName="ops", UserName="ana")
    iam.add_user_to_group(GroupName="ops", UserName="ana")
    whole = iam.get_group(GroupName="ops")
    assert whole["Group"] == made
    assert [u["UserName"] for u in whole["Users"]] == ["ana"]
    iam.put_group_policy(GroupName="ops", PolicyName="p", PolicyDocument=allow("logs:*"))
    iam.attach_group_policy(GroupName="ops", PolicyArn=READ)
    assert iam.list_group_policies(GroupName="ops")["PolicyNames"] == ["p"]
    assert (
        iam.get_group_policy(GroupName="ops", PolicyName="p")["PolicyDocument"]["Statement"][0]["Action"]
        == "logs:*"
    )
    assert iam.list_attached_group_policies(GroupName="ops")["AttachedPolicies"][0]["PolicyArn"] == READ
    iam.update_group(GroupName="ops", NewGroupName="operators")
    assert [g["GroupName"] for g in iam.list_groups_for_user(UserName="ana")["Groups"]] == ["operators"]
    for first in ("detach all policies", "delete policies", "remove users from group"):
        assert first in refused("DeleteConflict", iam.delete_group, GroupName="operators")
        if first.startswith("detach"):
            iam.detach_group_policy(GroupName="operators", PolicyArn=READ)
        elif first.startswith("delete"):
            iam.delete_group_policy(GroupName="operators", PolicyName="p")
    assert "must remove users" in refused("DeleteConflict", iam.delete_user, UserName="ana")
    iam.remove_user_from_group(GroupName="operators", UserName="ana")
    iam.delete_group(GroupName="operators")
    assert iam.list_groups()["Groups"] == []


def test_roles(iam, allow, trust):
    document = trust(Service="ec2.amazonaws.com")
    made = iam.create_role(
        RoleName="web",
        AssumeRolePolicyDocument=document,
        Description="web servers",
        MaxSessionDuration=7200,
        PermissionsBoundary=READ,
        Tags=[{"Key": "a", "Value": "b"}],
    )["Role"]
    assert made["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert iam.get_role(RoleName="web")["Role"] == made
    iam.put_role_policy(RoleName="web", PolicyName="p", PolicyDocument=allow("logs:*"))
    iam.attach_role_policy(RoleName="web", PolicyArn=READ)
    assert iam.list_role_policies(RoleName="web")["PolicyNames"] == ["p"]
    assert iam.get_role_policy(RoleName="web", PolicyName="p")["RoleName"] == "web"
    assert iam.list_attached_role_policies(RoleName="web")["AttachedPolicies"][0]["PolicyArn"] == READ
    iam.update_assume_role_policy(RoleName="web", PolicyDocument=trust(AWS=ACCOUNT))
    iam.update_role(RoleName="web", Description="all of them")
    assert iam.update_role_description(RoleName="web", Description="web")["Role"]["Description"] == "web"
    assert iam.get_role(RoleName="web")["Role"]["MaxSessionDuration"] == 3600  # not given: an hour
    iam.tag_role(RoleName="web", Tags=[{"Key": "k", "Value": "v"}])
    iam.untag_role(RoleName="web", TagKeys=["a"])
    assert iam.list_role_tags(RoleName="web")["Tags"] == [{"Key": "k", "Value": "v"}]
    iam.delete_role_permissions_boundary(RoleName="web")
    iam.put_role_permissions_boundary(RoleName="web", PermissionsBoundary=READ)
    assert "detach all policies" in refused("DeleteConflict", iam.delete_role, RoleName="web")
    iam.detach_role_policy(RoleName="web", PolicyArn=READ)
    assert "delete policies" in refused("DeleteConflict", iam.delete_role, RoleName="web")
    iam.delete_role_policy(RoleName="web", PolicyName="p")
    iam.delete_role(RoleName="web")
    assert iam.list_roles()["Roles"] == []


def test_a_trust_policy_names_only_those_who_exist(iam, trust):
    absent = trust(AWS=f"arn:aws:iam::{ACCOUNT}:user/nobody")
    message = refused(
        "MalformedPolicyDocument", iam.create_role, RoleName="r", AssumeRolePolicyDocument=absent
    )
    assert message.startswith(f'Invalid principal in policy: "AWS":"arn:aws:iam::{ACCOUNT}:user/nobody"')
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(AWS=f"arn:aws:iam::{ACCOUNT}:user/admin"))


def test_service_linked_roles(iam):
    made = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]
    assert made["Arn"].endswith(
        "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )
    name = made["RoleName"]
    assert "has been taken" in refused(
        "InvalidInput", iam.create_service_linked_role, AWSServiceName="autoscaling.amazonaws.com"
    )
    refused("InvalidInput", iam.create_service_linked_role, AWSServiceName="coffee.amazonaws.com")
    for change in (
        lambda: iam.delete_role(RoleName=name),
        lambda: iam.attach_role_policy(RoleName=name, PolicyArn=READ),
    ):
        assert "protected role" in refused("UnmodifiableEntity", change)
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    refused("NoSuchEntity", iam.get_role, RoleName=name)


def test_managed_policies_and_their_versions(iam, allow):
    made = iam.create_policy(PolicyName="own", PolicyDocument=allow("logs:*"), Description="mine")["Policy"]
    assert made["Arn"] == OWN
    iam.create_user(UserName="ana")
    iam.attach_user_policy(UserName="ana", PolicyArn=OWN)
    iam.attach_user_policy(UserName="ana", PolicyArn=OWN)
    assert iam.get_policy(PolicyArn=OWN)["Policy"]["AttachmentCount"] == 1
    assert iam.list_entities_for_policy(PolicyArn=OWN)["PolicyUsers"][0]["UserName"] == "ana"
    assert (
        iam.create_policy_version(PolicyArn=OWN, PolicyDocument=allow("s3:*"))["PolicyVersion"]["VersionId"]
        == "v2"
    )
    assert iam.get_policy(PolicyArn=OWN)["Policy"]["DefaultVersionId"] == "v1"
    iam.set_default_policy_version(PolicyArn=OWN, VersionId="v2")
    assert [v["VersionId"] for v in iam.list_policy_versions(PolicyArn=OWN)["Versions"]] == ["v2", "v1"]
    shown = iam.get_policy_version(PolicyArn=OWN, VersionId="v2")["PolicyVersion"]
    assert shown["IsDefaultVersion"]
    assert shown["Document"]["Statement"][0]["Action"] == "s3:*"
    assert "default version" in refused(
        "DeleteConflict", iam.delete_policy_version, PolicyArn=OWN, VersionId="v2"
    )
    assert "attached" in refused("DeleteConflict", iam.delete_policy, PolicyArn=OWN)
    iam.detach_user_policy(UserName="ana", PolicyArn=OWN)
    assert "more than one version" in refused("DeleteConflict", iam.delete_policy, PolicyArn=OWN)
    iam.delete_policy_version(PolicyArn=OWN, VersionId="v1")
    for n in range(3, 7):
        assert (
            iam.create_policy_version(PolicyArn=OWN, PolicyDocument=allow())["PolicyVersion"]["VersionId"]
            == f"v{n}"
        )
    refused("LimitExceeded", iam.create_policy_version, PolicyArn=OWN, PolicyDocument=allow())
    for n in range(3, 7):
        iam.delete_policy_version(PolicyArn=OWN, VersionId=f"v{n}")
    iam.tag_policy(PolicyArn=OWN, Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}])
    iam.untag_policy(PolicyArn=OWN, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=OWN)["Tags"] == [{"Key": "c", "Value": "d"}]
    iam.delete_policy(PolicyArn=OWN)
    refused("NoSuchEntity", iam.get_policy, PolicyArn=OWN)


def test_aws_managed_policies_can_be_read_and_not_changed(iam, allow):
    found = iam.get_policy(PolicyArn=READ)["Policy"]
    version = iam.get_policy_version(PolicyArn=READ, VersionId=found["DefaultVersionId"])["PolicyVersion"]
    assert "cloudwatch:Get*" in version["Document"]["Statement"][0]["Action"]
    assert READ in [p["Arn"] for p in iam.list_policies(Scope="AWS", MaxItems=1000)["Policies"]]
    assert iam.list_policies(Scope="Local")["Policies"] == []
    refused("AccessDenied", iam.create_policy_version, PolicyArn=READ, PolicyDocument=allow())
    refused("AccessDenied", iam.delete_policy, PolicyArn=READ)
    iam.create_user(UserName="ana")
    message = refused(
        "NoSuchEntity",
        iam.attach_user_policy,
        UserName="ana",
        PolicyArn="arn:aws:iam::aws:policy/CloudWatchReadOnly",
    )
    assert "does not exist or is not attachable" in message
    assert "CloudWatchReadOnlyAccess" in message  # says what there is


def test_inline_policies_of_a_user(iam, allow):
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="b", PolicyDocument=allow("logs:*"))
    iam.put_user_policy(UserName="ana", PolicyName="a", PolicyDocument=allow("s3:*"))
    iam.put_user_policy(UserName="ana", PolicyName="b", PolicyDocument=allow("sns:*"))
    assert iam.list_user_policies(UserName="ana")["PolicyNames"] == ["a", "b"]
    assert (
        iam.get_user_policy(UserName="ana", PolicyName="b")["PolicyDocument"]["Statement"][0]["Action"]
        == "sns:*"
    )
    assert "must delete policies" in refused("DeleteConflict", iam.delete_user, UserName="ana")
    iam.delete_user_policy(UserName="ana", PolicyName="b")
    assert "The user policy with name b" in refused(
        "NoSuchEntity", iam.get_user_policy, UserName="ana", PolicyName="b"
    )
    assert "The user policy with name b" in refused(
        "NoSuchEntity", iam.delete_user_policy, UserName="ana", PolicyName="b"
    )


def test_instance_profiles(iam, trust):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    iam.create_role(RoleName="db", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    made = iam.create_instance_profile(InstanceProfileName="p", Tags=[{"Key": "a", "Value": "b"}])[
        "InstanceProfile"
    ]
    assert made["InstanceProfileId"].startswith("AIPA")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="web")
    refused("LimitExceeded", iam.add_role_to_instance_profile, InstanceProfileName="p", RoleName="db")
    assert (
        iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Roles"][0]["RoleName"] == "web"
    )
    assert len(iam.list_instance_profiles()["InstanceProfiles"]) == 1
    assert len(iam.list_instance_profiles_for_role(RoleName="web")["InstanceProfiles"]) == 1
    iam.tag_instance_profile(InstanceProfileName="p", Tags=[{"Key": "k", "Value": "v"}])
    iam.untag_instance_profile(InstanceProfileName="p", TagKeys=["a"])
    assert iam.list_instance_profile_tags(InstanceProfileName="p")["Tags"] == [{"Key": "k", "Value": "v"}]
    assert "remove roles" in refused("DeleteConflict", iam.delete_role, RoleName="web")
    assert "remove roles" in refused("DeleteConflict", iam.delete_instance_profile, InstanceProfileName="p")
    refused("NoSuchEntity", iam.remove_role_from_instance_profile, InstanceProfileName="p", RoleName="db")
    iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="web")
    iam.delete_instance_profile(InstanceProfileName="p")
    refused("NoSuchEntity", iam.get_instance_profile, InstanceProfileName="p")


def test_access_keys(lab, iam):
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    assert (key["AccessKeyId"][:4], len(key["AccessKeyId"]), len(key["SecretAccessKey"])) == ("AKIA", 20, 40)
    iam.create_access_key(UserName="ana")
    refused("LimitExceeded", iam.create_access_key, UserName="ana")
    mine = lab.client(
        "sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    assert mine.get_caller_identity()["Arn"].endswith(":user/ana")
    iam.update_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert [
        k["Status"]
        for k in iam.list_access_keys(UserName="ana")["AccessKeyMetadata"]
        if k["AccessKeyId"] == key["AccessKeyId"]
    ] == ["Inactive"]
    refused("InvalidClientTokenId", mine.get_caller_identity)
    assert "delete access keys" in refused("DeleteConflict", iam.delete_user, UserName="ana")
    iam.update_user(UserName="ana", NewUserName="eva")
    for each in iam.list_access_keys(UserName="eva")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="eva", AccessKeyId=each["AccessKeyId"])
    refused("NoSuchEntity", iam.delete_access_key, UserName="eva", AccessKeyId=key["AccessKeyId"])


def test_the_account(iam):
    iam.create_account_alias(AccountAlias="shop")
    assert iam.list_account_aliases()["AccountAliases"] == ["shop"]
    refused("NoSuchEntity", iam.delete_account_alias, AccountAlias="bank")
    iam.delete_account_alias(AccountAlias="shop")
    assert iam.get_account_summary()["SummaryMap"]["Users"] == 1


def test_names_are_unique_without_regard_to_case(iam, trust):
    iam.create_user(UserName="Ana")
    refused("EntityAlreadyExists", iam.create_user, UserName="ana")
    refused("NoSuchEntity", iam.get_user, UserName="ana")


@pytest.mark.parametrize(
    ("call", "params", "code", "says"),
    [
        ("create_user", {"UserName": "a b"}, "ValidationError", "failed to satisfy constraint"),
        ("create_user", {"UserName": "x" * 65}, "ValidationError", "length less than or equal to 64"),
        ("create_user", {"UserName": "ana", "Path": "shop/"}, "ValidationError", "path"),
        (
            "create_user",
            {"UserName": "ana", "Tags": [{"Key": "aws:x", "Value": ""}]},
            "InvalidInput",
            "reserved",
        ),
        (
            "create_user",
            {"UserName": "ana", "Tags": [{"Key": "k", "Value": ""}, {"Key": "K", "Value": ""}]},
            "InvalidInput",
            "case insensitive",
        ),
        (
            "create_policy",
            {"PolicyName": "p", "PolicyDocument": "{"},
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
        ),
        (
            "create_role",
            {"RoleName": "r", "AssumeRolePolicyDocument": "[]"},
            "MalformedPolicyDocument",
            "JSON object",
        ),
        ("get_role", {"RoleName": "r"}, "NoSuchEntity", "The role with name r cannot be found."),
        ("list_users", {"Marker": "???"}, "ValidationError", "Invalid Marker"),
        ("list_users", {"MaxItems": 1001}, "ValidationError", "less than or equal to 1000"),
        ("attach_role_policy", {"RoleName": "r", "PolicyArn": READ}, "NoSuchEntity", "role with name r"),
    ],
)
def test_a_refused_call_says_why_and_changes_nothing(lab, iam, call, params, code, says):
    before = {key: dict(table) for key, table in lab.world.tables.items() if key[2] == "iam"}
    assert says in refused(code, getattr(iam, call), **params)
    after = {key: dict(table) for key, table in lab.world.tables.items() if key[2] == "iam"}
    assert {k: v for k, v in after.items() if v} == {k: v for k, v in before.items() if v}


def test_documents_have_quotas(iam, allow):
    iam.create_user(UserName="ana")
    long = allow([f"logs:Get{n:04d}" for n in range(140)])
    message = refused(
        "LimitExceeded", iam.put_user_policy, UserName="ana", PolicyName="p", PolicyDocument=long
    )
    assert "2048" in message
    iam.put_user_policy(
        UserName="ana", PolicyName="a", PolicyDocument=allow([f"logs:Get{n:04d}" for n in range(100)])
    )
    refused(
        "LimitExceeded",
        iam.put_user_policy,
        UserName="ana",
        PolicyName="b",
        PolicyDocument=allow([f"logs:Get{n:04d}" for n in range(50)]),
    )


def test_an_unmodeled_parameter_is_refused_by_name(iam):
    from cwlab import NotModelled

    with pytest.raises(NotModelled, match="CreateLoginProfile"):
        iam.create_login_profile(UserName="ana", Password="x")
    with pytest.raises(ParamValidationError):
        iam.create_user()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_together_are_the_whole_list(iam, size):
    names = [f"user-{n:02d}" for n in range(12)]
    for name in reversed(names):
        iam.create_user(UserName=name, Path="/p/")
    pages = list(
        iam.get_paginator("list_users").paginate(PathPrefix="/p/", PaginationConfig={"PageSize": size})
    )
    assert [u["UserName"] for page in pages for u in page["Users"]] == names
    assert len(pages) == -(-len(names) // size)


def test_waiters(iam, trust):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))
    iam.get_waiter("role_exists").wait(RoleName="r")


def test_accounts_are_apart(lab, iam):
    iam.create_user(UserName="ana")
    other = lab.client("iam", account="222222222222")
    refused("NoSuchEntity", other.get_user, UserName="ana")
    assert other.get_user()["User"]["Arn"] == "arn:aws:iam::222222222222:user/admin"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_iam_is_the_same_from_every_region(lab, iam, region):
    iam.create_user(UserName="ana")
    assert lab.client("iam", region=region).get_user(UserName="ana")


@given(st.integers(0, 10**12 - 1), st.text("0123456789abcdef", min_size=10, max_size=10))
def test_an_access_key_id_carries_its_account(number, draw):
    account = f"{number:012d}"
    key = access_key_id("ASIA", account, draw)
    assert len(key) == 20
    assert account_of_key(key) == account


@pytest.mark.parametrize("text", ["", "AKIA", "AKIAIOSFODNN7EXAMPL1", "x" * 20])
def test_what_is_no_access_key_id_belongs_to_nobody(text):
    assert account_of_key(text) is None


def test_every_operation_names_its_resource_and_is_global():
    Lab().client("iam")
    for entry in api.OPERATIONS["iam"].values():
        assert entry.region == "aws-global"
        assert entry.action == f"iam:{entry.name}"
        assert entry.readonly is entry.name.startswith(("Get", "List", "Simulate"))
