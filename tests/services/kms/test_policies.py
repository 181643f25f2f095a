"""Who may use a key: its policy must admit, IAM alone is not enough; grants and conditions."""

import json

import pytest

from tests.services.kms.conftest import ACCOUNT, OTHER, OWN, ROOT, document, person, refused, statement


def may(client, key, **context):
    """Whether somebody may encrypt with a key."""
    from botocore.exceptions import ClientError

    try:
        client.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)
    except ClientError as problem:
        assert problem.response["Error"]["Code"] == "AccessDeniedException"
        return False
    return True


def test_the_default_policy_leaves_it_to_iam(lab, kms, key):
    body = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    assert body["Id"] == "key-default-1"
    assert body["Statement"] == [{"Sid": "Enable IAM User Permissions", **OWN}]
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]
    assert may(person(lab, "ana", ["kms:Encrypt"])[1]("kms"), key)
    assert not may(person(lab, "ben")[1]("kms"), key)


def test_iam_alone_is_not_enough(lab, kms):
    me = statement({"AWS": f"arn:aws:iam::{ACCOUNT}:user/admin"}, "kms:*")
    key = kms.create_key(Policy=document(me))["KeyMetadata"]["Arn"]
    ana, client = person(lab, "ana", ["kms:*"])
    assert not may(client("kms"), key)
    kms.put_key_policy(KeyId=key, Policy=document(me, statement({"AWS": ana}, "kms:Encrypt")))
    assert may(client("kms"), key)
    assert refused(client("kms").describe_key, KeyId=key)[0] == "AccessDeniedException"


def test_the_policy_alone_is_enough_for_whom_it_names(lab, kms):
    ana, client = person(lab, "ana")
    key = kms.create_key(Policy=document(OWN, statement({"AWS": ana}, "kms:Encrypt")))["KeyMetadata"]["Arn"]
    assert may(client("kms"), key)


def test_another_account_needs_both(lab, kms):
    theirs = lab.client("kms", account=OTHER)
    policy = document(OWN, statement({"AWS": f"arn:aws:iam::{OTHER}:root"}, ["kms:Encrypt", "kms:Decrypt"]))
    key = kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
    blob = theirs.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert theirs.decrypt(CiphertextBlob=blob)["KeyId"] == key
    kms.put_key_policy(KeyId=key, Policy=document(OWN))
    assert refused(theirs.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    "policy",
    [
        document(statement({"AWS": ROOT}, "kms:Encrypt")),
        document(statement({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ana"}, "kms:*")),
        document(OWN, statement({"AWS": "*"}, "kms:PutKeyPolicy", effect="Deny")),
        document(statement({"Service": "logs.us-east-1.amazonaws.com"}, "kms:*")),
    ],
)
def test_nobody_locks_the_door_behind_themselves_unless_they_say_so(kms, key, policy):
    wanted = (
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
    )
    assert refused(kms.put_key_policy, KeyId=key, Policy=policy) == wanted
    assert refused(kms.create_key, Policy=policy) == wanted
    kms.put_key_policy(KeyId=key, Policy=policy, BypassPolicyLockoutSafetyCheck=True)
    assert refused(kms.put_key_policy, KeyId=key, Policy=document(OWN))[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    "policy", ["{", "{}", document({"Effect": "Maybe"}), document(statement("x", "kms:*"))]
)
def test_what_is_no_policy(kms, key, policy):
    assert refused(kms.put_key_policy, KeyId=key, Policy=policy)[0] == "MalformedPolicyDocumentException"


def test_conditions_on_the_encryption_context(lab, kms, key):
    ana, client = person(lab, "ana")
    only = {"StringEquals": {"kms:EncryptionContext:app": "shop"}}
    kms.put_key_policy(KeyId=key, Policy=document(OWN, statement({"AWS": ana}, "kms:Encrypt", only)))
    mine = client("kms")
    assert [may(mine, key), may(mine, key, app="bank"), may(mine, key, app="shop", more="x")] == [
        False,
        False,
        True,
    ]


def test_conditions_on_the_service_and_the_account(lab, kms, key):
    ana, client = person(lab, "ana", ["sns:*", "sqs:*", "iam:*"])
    sns = lab.client("sns")
    topic = sns.create_topic(Name="t", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    via = {"StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com", "kms:CallerAccount": ACCOUNT}}
    kms.put_key_policy(
        KeyId=key, Policy=document(OWN, statement({"AWS": ana}, ["kms:GenerateDataKey*", "kms:Decrypt"], via))
    )
    client("sns").publish(TopicArn=topic, Message="x")
    assert (
        refused(client("kms").generate_data_key, KeyId=key, KeySpec="AES_256")[0] == "AccessDeniedException"
    )
    url = lab.client("sqs").create_queue(QueueName="q", Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    code, _ = refused(client("sqs").send_message, QueueUrl=url, MessageBody="x")
    assert code == "KMS.AccessDeniedException"


def test_conditions_on_aliases_and_tags(lab, kms, key):
    ana, client = person(lab, "ana")
    for condition, prepare in [
        ({"StringEquals": {"aws:ResourceTag/team": "shop"}},
         lambda: kms.tag_resource(KeyId=key, Tags=[{"TagKey": "team", "TagValue": "shop"}])),
        ({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/app"}},
         lambda: kms.create_alias(AliasName="alias/app", TargetKeyId=key)),
    ]:  # fmt: skip
        kms.put_key_policy(KeyId=key, Policy=document(OWN, statement({"AWS": ana}, "kms:Encrypt", condition)))
        assert not may(client("kms"), key)
        prepare()
        assert may(client("kms"), key)


def test_re_encrypting_needs_leave_on_both_keys(lab, kms, key):
    second = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    ana, client = person(lab, "ana")
    kms.put_key_policy(KeyId=key, Policy=document(OWN, statement({"AWS": ana}, "kms:ReEncryptFrom")))
    code, text = refused(client("kms").re_encrypt, CiphertextBlob=blob, DestinationKeyId=second)
    assert code == "AccessDeniedException" and "kms:ReEncryptTo" in text and second in text
    kms.put_key_policy(KeyId=second, Policy=document(OWN, statement({"AWS": ana}, "kms:ReEncryptTo")))
    assert client("kms").re_encrypt(CiphertextBlob=blob, DestinationKeyId=second)["KeyId"] == second


# Grants --------------------------------------------------------------------------------------------------------------


def test_a_grant_permits_until_it_is_revoked(lab, kms, key):
    ana, client = person(lab, "ana")
    assert not may(client("kms"), key)
    made = kms.create_grant(KeyId=key, GranteePrincipal=ana, Operations=["Encrypt"], Name="ana")
    assert (
        kms.create_grant(KeyId=key, GranteePrincipal=ana, Operations=["Encrypt"], Name="ana")["GrantId"]
        == made["GrantId"]
    )
    (listed,) = kms.list_grants(KeyId=key)["Grants"]
    assert (listed["GranteePrincipal"], listed["Operations"], listed["Name"]) == (ana, ["Encrypt"], "ana")
    assert may(client("kms"), key)
    client("kms").encrypt(KeyId=key, Plaintext=b"x", GrantTokens=[made["GrantToken"]])
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    assert not may(client("kms"), key)
    assert kms.list_grants(KeyId=key)["Grants"] == []


@pytest.mark.parametrize(
    ("constraint", "admits"),
    [
        ({"EncryptionContextSubset": {"a": "1"}}, [False, True, True, False]),
        ({"EncryptionContextEquals": {"a": "1"}}, [False, True, False, False]),
    ],
)
def test_constraints_of_a_grant(lab, kms, key, constraint, admits):
    ana, client = person(lab, "ana")
    kms.create_grant(
        KeyId=key, GranteePrincipal=ana, Operations=["Encrypt", "DescribeKey"], Constraints=constraint
    )
    mine = client("kms")
    assert [may(mine, key, **c) for c in ({}, {"a": "1"}, {"a": "1", "b": "2"}, {"a": "2"})] == admits
    assert mine.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    assert kms.list_grants(KeyId=key)["Grants"][0]["Constraints"] == constraint


def test_a_deny_beats_a_grant(lab, kms, key):
    ana, client = person(lab, "ana")
    kms.create_grant(KeyId=key, GranteePrincipal=ana, Operations=["Encrypt"])
    kms.put_key_policy(KeyId=key, Policy=document(OWN, statement({"AWS": ana}, "kms:Encrypt", effect="Deny")))
    assert not may(client("kms"), key)


def test_a_grant_is_retired_by_whom_it_names(lab, kms, key):
    ana, as_ana = person(lab, "ana")
    ben, as_ben = person(lab, "ben")
    made = kms.create_grant(KeyId=key, GranteePrincipal=ana, RetiringPrincipal=ben, Operations=["Encrypt"])
    assert refused(as_ana("kms").retire_grant, GrantToken=made["GrantToken"])[0] == "AccessDeniedException"
    assert [g["GrantId"] for g in kms.list_retirable_grants(RetiringPrincipal=ben)["Grants"]] == [
        made["GrantId"]
    ]
    as_ben("kms").retire_grant(KeyId=key, GrantId=made["GrantId"])
    made = kms.create_grant(KeyId=key, GranteePrincipal=ana, Operations=["Encrypt", "RetireGrant"])
    as_ana("kms").retire_grant(GrantToken=made["GrantToken"])
    assert kms.list_grants(KeyId=key)["Grants"] == []
