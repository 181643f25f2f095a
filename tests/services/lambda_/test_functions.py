"""Functions: create, read, update, list, delete; what is refused, and how."""

import json

import pytest
from botocore.exceptions import ParamValidationError

from cwlab import NotModelled

ONE = "def handler(event, context): return 1"


def test_a_function_is_told_as_it_was_made(fn, lab):
    made = fn.client.create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=fn.role,
        Handler="index.handler",
        Code={"ZipFile": fn.zipped(ONE)},
        Description="one",
        Timeout=7,
        MemorySize=256,
        Environment={"Variables": {"STAGE": "b"}},
        TracingConfig={"Mode": "Active"},
        DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
        Tags={"team": "shop"},
    )
    told = fn.client.get_function(FunctionName="f")
    configuration = fn.client.get_function_configuration(FunctionName="f")
    del made["ResponseMetadata"], configuration["ResponseMetadata"]
    assert made == configuration == told["Configuration"] and told["Tags"] == {"team": "shop"}
    assert made["FunctionArn"] == "arn:aws:lambda:us-east-1:123456789012:function:f"
    assert (made["Timeout"], made["MemorySize"], made["Version"]) == (7, 256, "$LATEST")
    assert made["LastModified"] == "2026-03-02T09:00:00.000+0000" and made["TracingConfig"] == {
        "Mode": "Active"
    }
    assert made["Environment"] == {"Variables": {"STAGE": "b"}} and made["CodeSize"] == len(fn.zipped(ONE))
    fn.client.get_waiter("function_active_v2").wait(FunctionName="f")


@pytest.mark.parametrize(
    "name",
    ["f", "function:f", "123456789012:function:f", "arn:aws:lambda:us-east-1:123456789012:function:f", "f:$LATEST",
     "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST"],
)  # fmt: skip
def test_every_form_of_its_name(fn, name):
    fn.create(ONE)
    assert fn.invoke(name=name).value == 1
    assert fn.client.get_function(FunctionName=name)["Configuration"]["FunctionName"] == "f"


def test_updates(fn, refused):
    fn.create(ONE)
    before = fn.client.get_function_configuration(FunctionName="f")
    after = fn.client.update_function_code(FunctionName="f", ZipFile=fn.zipped(ONE.replace("1", "2")))
    assert after["CodeSha256"] != before["CodeSha256"] and fn.invoke().value == 2
    fn.client.update_function_code(FunctionName="f", ZipFile=fn.zipped(ONE), DryRun=True)
    assert fn.invoke().value == 2
    changed = fn.client.update_function_configuration(
        FunctionName="f",
        Timeout=9,
        Environment={"Variables": {}},
        Description="",
        RevisionId=after["RevisionId"],
    )
    assert changed["Timeout"] == 9 and "Environment" not in changed
    code, words = refused(
        fn.client.update_function_configuration, FunctionName="f", RevisionId=after["RevisionId"]
    )
    assert code == "PreconditionFailedException" and "RevisionId" in words
    fn.client.get_waiter("function_updated_v2").wait(FunctionName="f")


def test_list_goes_by_pages_and_delete_takes_all_along(fn, refused):
    for n in range(5):
        fn.create(ONE, name=f"f{n}")
    pages = fn.client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert [f["FunctionName"] for page in pages for f in page["Functions"]] == [f"f{n}" for n in range(5)]
    fn.client.create_alias(FunctionName="f1", Name="live", FunctionVersion="$LATEST")
    fn.client.delete_function(FunctionName="f1")
    fn.create(ONE, name="f1")
    assert fn.client.list_aliases(FunctionName="f1")["Aliases"] == []
    code, words = refused(fn.client.get_function, FunctionName="none")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:none"
    assert (code, words) == ("ResourceNotFoundException", f"Function not found: {arn}")
    for call in (fn.client.delete_function, fn.client.invoke, fn.client.publish_version):
        assert refused(call, FunctionName="none")[0] == "ResourceNotFoundException"


def base(fn):
    return {"FunctionName": "g", "Runtime": "python3.12", "Role": fn.role, "Handler": "index.handler",
            "Code": {"ZipFile": fn.zipped(ONE)}}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "Could not unzip uploaded file"),
        ({"Code": {"ZipFile": b"PK\x05\x06" + bytes(18)}}, "InvalidParameterValueException", "non-empty zip"),
        ({"Code": {}}, "InvalidParameterValueException", "provide a source"),
        ({"Role": "arn:aws:iam::123456789012:role/none"}, "InvalidParameterValueException", "cannot be assumed by Lambda"),
        ({"Role": "not an arn"}, "ValidationException", "regular expression"),
        ({"Timeout": 901}, "ValidationException", "less than or equal to 900"),
        ({"Timeout": 10_000}, "ValidationException", "less than or equal to"),
        ({"MemorySize": 20_000}, "InvalidParameterValueException", "MemorySize"),
        ({"Runtime": "cobol"}, "ValidationException", "enum value set"),
        ({"FunctionName": "a b"}, "ValidationException", "regular expression"),
        ({"FunctionName": "x" * 200}, "ValidationException", "length"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException", "reserved keys"),
        ({"Environment": {"Variables": {"AB": "x" * 5000}}}, "InvalidParameterValueException", "4KB"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::bucket"}}, "InvalidParameterValueException", "TargetArn"),
    ],
)  # fmt: skip
def test_bad_values_are_refused_in_awss_words(fn, refused, change, code, words):
    got = refused(fn.client.create_function, **base(fn) | change)
    assert got[0] == code and words in got[1]
    assert fn.client.list_functions()["Functions"] == []


def test_a_second_function_of_that_name(fn, refused):
    fn.client.create_function(**base(fn))
    assert refused(fn.client.create_function, **base(fn)) == (
        "ResourceConflictException",
        "Function already exist: g",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Runtime": "nodejs22.x"}, "runtime 'nodejs22.x'.*Functions run Python here"),
        ({"Code": {"S3Bucket": "bucket", "S3Key": "k"}}, "Code from S3Bucket, S3Key"),
        ({"PackageType": "Image"}, "PackageType 'Image'"),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:a:1"]}, "Layers"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "VpcConfig"),
    ],
)
def test_what_is_not_modeled_is_refused_by_name(fn, change, words):
    with pytest.raises(NotModelled, match=words):
        fn.client.create_function(**base(fn) | change)


def test_payloads(fn, refused):
    fn.create(ONE)
    code, words = refused(fn.client.invoke, FunctionName="f", Payload=b"{no json")
    assert code == "InvalidRequestContentException" and "Could not parse request body into json" in words
    assert refused(fn.client.invoke, FunctionName="f", Payload=b"NaN")[0] == "InvalidRequestContentException"
    assert (
        refused(fn.client.invoke, FunctionName="f", Payload=b"[" * 100_000)[0]
        == "InvalidRequestContentException"
    )
    big = json.dumps("x" * 7_000_000)
    code, words = refused(fn.client.invoke, FunctionName="f", Payload=big)
    assert (
        code == "RequestTooLargeException"
        and "RequestResponse invocation type (limit 6291456 bytes)" in words
    )
    assert refused(fn.client.invoke, FunctionName="f", InvocationType="Event", Payload=big)[0] == code
    assert fn.client.invoke(FunctionName="f", InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(ParamValidationError):
        fn.client.invoke(FunctionName=7)


def test_a_function_whose_role_is_gone_cannot_run(fn, lab, refused):
    fn.create(ONE)
    lab.client("iam").update_assume_role_policy(RoleName="fn", PolicyDocument=fn.trust("ec2.amazonaws.com"))
    code, words = refused(fn.client.invoke, FunctionName="f")
    assert code == "AccessDeniedException" and "cannot be assumed" in words


def test_two_accounts_and_two_regions_know_nothing_of_each_other(fn, lab, refused):
    fn.create(ONE)
    for other in (lab.client("lambda", region="eu-west-1"), lab.client("lambda", account="222222222222")):
        assert refused(other.invoke, FunctionName="f")[0] == "ResourceNotFoundException"
