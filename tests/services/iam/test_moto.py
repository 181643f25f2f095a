"""The same calls, made to this lab and to moto: the same errors, and the same answers wherever both have a value."""

import json
from datetime import datetime

import boto3
import pytest
from botocore.exceptions import ClientError

ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        ],
    }
)
OWN = "arn:aws:iam::123456789012:policy/own"

# One call a line; a repeated line asks again what has just been refused, made or removed.
STORY = """
get_user UserName=ana
create_user UserName=ana Path=/shop/
create_user UserName=ana
get_user UserName=ana
put_user_policy UserName=ana PolicyName=p PolicyDocument=ALLOW
put_user_policy UserName=ana PolicyName=p PolicyDocument={
get_user_policy UserName=ana PolicyName=p
get_user_policy UserName=ana PolicyName=q
list_user_policies UserName=ana
delete_user UserName=ana
delete_user_policy UserName=ana PolicyName=p
delete_user_policy UserName=ana PolicyName=p
create_policy PolicyName=own PolicyDocument=ALLOW
create_policy PolicyName=own PolicyDocument=ALLOW
create_policy PolicyName=bad PolicyDocument=[]
get_policy PolicyArn=OWN
get_policy PolicyArn=OWNx
attach_user_policy UserName=ana PolicyArn=OWN
attach_user_policy UserName=ana PolicyArn=OWNx
list_attached_user_policies UserName=ana
delete_user UserName=ana
create_policy_version PolicyArn=OWN PolicyDocument=ALLOW
get_policy_version PolicyArn=OWN VersionId=v2
get_policy_version PolicyArn=OWN VersionId=v9
set_default_policy_version PolicyArn=OWN VersionId=v2
delete_policy_version PolicyArn=OWN VersionId=v2
delete_policy_version PolicyArn=OWN VersionId=v1
detach_user_policy UserName=ana PolicyArn=OWN
detach_user_policy UserName=ana PolicyArn=OWN
delete_policy PolicyArn=OWN
delete_policy PolicyArn=OWN
create_group GroupName=ops
create_group GroupName=ops
add_user_to_group GroupName=ops UserName=ana
add_user_to_group GroupName=no UserName=ana
add_user_to_group GroupName=ops UserName=no
get_group GroupName=ops
list_groups_for_user UserName=ana
put_group_policy GroupName=ops PolicyName=p PolicyDocument=ALLOW
get_group_policy GroupName=ops PolicyName=p
list_group_policies GroupName=ops
remove_user_from_group GroupName=ops UserName=ana
create_role RoleName=web AssumeRolePolicyDocument=TRUST Description=x
create_role RoleName=web AssumeRolePolicyDocument=TRUST
get_role RoleName=web
get_role RoleName=no
list_roles
put_role_policy RoleName=web PolicyName=p PolicyDocument=ALLOW
get_role_policy RoleName=web PolicyName=p
list_role_policies RoleName=web
create_instance_profile InstanceProfileName=prof
create_instance_profile InstanceProfileName=prof
add_role_to_instance_profile InstanceProfileName=prof RoleName=web
add_role_to_instance_profile InstanceProfileName=prof RoleName=web
get_instance_profile InstanceProfileName=prof
get_instance_profile InstanceProfileName=no
list_instance_profiles_for_role RoleName=web
delete_role RoleName=web
delete_instance_profile InstanceProfileName=prof
remove_role_from_instance_profile InstanceProfileName=prof RoleName=web
delete_role RoleName=web
delete_role_policy RoleName=web PolicyName=p
update_assume_role_policy RoleName=web PolicyDocument={
update_role RoleName=web Description=y
get_role RoleName=web
delete_role RoleName=web
delete_role RoleName=web
delete_instance_profile InstanceProfileName=prof
create_access_key UserName=ana
create_access_key UserName=ana
create_access_key UserName=ana
list_access_keys UserName=ana
delete_access_key UserName=ana AccessKeyId=AKIAXXXXXXXXXXXXXXXX
update_user UserName=ana NewUserName=eva
get_user UserName=eva
get_user UserName=ana
create_account_alias AccountAlias=shop
list_account_aliases
"""
MADE_UP = ("Id", "SecretAccessKey", "Tags")  # ids and keys; moto lists tags where AWS does not


def outcome(client, line):
    name, *words = line.split()
    params = dict(word.split("=", 1) for word in words)
    spelled = {"ALLOW": ALLOW, "TRUST": TRUST}
    params = {key: spelled.get(value, value).replace("OWN", OWN) for key, value in params.items()}
    try:
        answer = getattr(client, name)(**params)
    except ClientError as error:
        return error.response["Error"]["Code"]
    del answer["ResponseMetadata"]
    return answer


def agree(ours, theirs):
    """Equal, save for dates, for what is made up, and for what only one of the two tells."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        both = [key for key in ours.keys() & theirs.keys() if not key.endswith(MADE_UP)]
        return all(agree(ours[key], theirs[key]) for key in both)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(agree, ours, theirs))
    return ours == theirs or (isinstance(ours, datetime) and isinstance(theirs, datetime))


def test_this_lab_and_moto_tell_the_same_story(iam, monkeypatch):
    moto = pytest.importorskip("moto")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with moto.mock_aws():
        theirs = boto3.client("iam", region_name="us-east-1")
        for line in STORY.strip().splitlines():
            ours, other = outcome(iam, line), outcome(theirs, line)
            assert agree(ours, other), f"{line}\nthis lab: {ours}\nmoto: {other}"
