"""Sinks and links: who may share what with whom."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.oam.conftest import LOGS, METRICS, MONITORING, SOURCE, TRACES, link, policy, refused


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_a_link_is_seen_from_both_sides(oam, source, sink):
    made = link(source, sink, LOGS, METRICS, Tags={"team": "shop"})
    assert made["Arn"] == f"arn:aws:oam:us-east-1:{SOURCE}:link/{made['Id']}"
    assert (made["Label"], made["LabelTemplate"], made["SinkArn"]) == (SOURCE, "$AccountName", sink)
    assert source.list_links()["Items"] == [
        {
            "Arn": made["Arn"],
            "Id": made["Id"],
            "Label": SOURCE,
            "ResourceTypes": [LOGS, METRICS],
            "SinkArn": sink,
        }
    ]
    assert oam.list_attached_links(SinkIdentifier=sink)["Items"] == [
        {"Label": SOURCE, "LinkArn": made["Arn"], "ResourceTypes": [LOGS, METRICS]}
    ]
    assert source.get_link(Identifier=made["Arn"], IncludeTags=True)["Tags"] == {"team": "shop"}
    assert refused(oam.get_link, Identifier=made["Arn"]) == "ResourceNotFoundException"
    source.delete_link(Identifier=made["Arn"])
    assert oam.list_attached_links(SinkIdentifier=sink)["Items"] == source.list_links()["Items"] == []


def test_the_sink_policy_decides_who_links(lab, oam, source):
    sink = oam.create_sink(Name="hub")["Arn"]
    assert refused(link, source, sink) == "AccessDeniedException"  # a sink without a policy lets nobody
    oam.put_sink_policy(SinkIdentifier=sink, Policy=policy("333333333333"))
    with pytest.raises(ClientError, match="no resource-based policy allows the oam:CreateLink action"):
        link(source, sink)
    oam.put_sink_policy(SinkIdentifier=sink, Policy=policy(SOURCE))
    link(source, sink)
    assert oam.get_sink_policy(SinkIdentifier=sink)["Policy"] == policy(SOURCE)


def test_the_sink_policy_decides_which_kinds_of_data(oam, source, sink):
    oam.put_sink_policy(SinkIdentifier=sink, Policy=policy(SOURCE, types=[LOGS, METRICS]))
    assert refused(link, source, sink, LOGS, TRACES) == "AccessDeniedException"
    made = link(source, sink, METRICS)
    assert (
        refused(source.update_link, Identifier=made["Arn"], ResourceTypes=[TRACES]) == "AccessDeniedException"
    )
    source.update_link(Identifier=made["Arn"], ResourceTypes=[LOGS])
    assert source.get_link(Identifier=made["Id"])["ResourceTypes"] == [LOGS]


def test_a_policy_that_is_none_is_refused(oam, sink):
    assert refused(oam.put_sink_policy, SinkIdentifier=sink, Policy="{") == "InvalidParameterException"


def test_the_source_account_s_own_policies_must_let_as_well(lab, source, sink):
    iam = lab.client("iam", account=SOURCE)
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    with lab.intercept():
        import boto3

        ana = boto3.client(
            "oam",
            region_name="us-east-1",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        with pytest.raises(ClientError, match="oam:CreateLink"):
            link(ana, sink)
        both = {"Effect": "Allow", "Action": "oam:CreateLink", "Resource": "*"}
        iam.put_user_policy(UserName="ana", PolicyName="linker", PolicyDocument=document(both))
        with pytest.raises(ClientError, match="logs:Link"):
            link(ana, sink)
        shares = {"Effect": "Allow", "Action": "logs:Link", "Resource": "*"}
        iam.put_user_policy(UserName="ana", PolicyName="linker", PolicyDocument=document(both, shares))
        with pytest.raises(ClientError, match="cloudwatch:Link"):
            link(ana, sink, LOGS, METRICS)
        link(ana, sink)


def test_one_sink_in_an_account_and_region(lab, oam, sink):
    assert refused(oam.create_sink, Name="other") == "ServiceQuotaExceededException"
    elsewhere = lab.client("oam", region="eu-west-1").create_sink(Name="hub")
    assert elsewhere["Arn"].startswith(f"arn:aws:oam:eu-west-1:{MONITORING}:sink/")
    assert [each["Arn"] for each in oam.list_sinks()["Items"]] == [sink]
    assert oam.get_sink(Identifier=sink)["Name"] == "hub"


def test_a_sink_with_links_stays(oam, source, sink):
    made = link(source, sink)
    assert refused(oam.delete_sink, Identifier=sink) == "ConflictException"
    source.delete_link(Identifier=made["Arn"])
    oam.delete_sink(Identifier=sink)
    assert refused(oam.get_sink, Identifier=sink) == "ResourceNotFoundException"


def test_links_that_cannot_be(lab, oam, source, sink):
    link(source, sink)
    assert refused(link, source, sink) == "ConflictException"
    assert refused(link, oam, sink) == "InvalidParameterException"  # one's own sink
    far = lab.client("oam", account=SOURCE, region="eu-west-1")
    assert refused(link, far, sink) == "InvalidParameterException"  # another Region's
    assert refused(link, source, sink + "0") == "AccessDeniedException"  # none


def test_at_most_five_monitoring_accounts(lab, source):
    sinks = []
    for n in range(6):
        other = lab.client("oam", account=f"{n + 3}" * 12)
        sinks.append(other.create_sink(Name="hub")["Arn"])
        other.put_sink_policy(SinkIdentifier=sinks[-1], Policy=policy(SOURCE))
    for sink in sinks[:5]:
        link(source, sink)
    assert refused(link, source, sinks[5]) == "ServiceQuotaExceededException"
    first = source.list_links(MaxResults=3)
    rest = source.list_links(MaxResults=3, NextToken=first["NextToken"])
    assert [each["SinkArn"] for each in first["Items"] + rest["Items"]] == sinks[:5]


def test_filters_are_kept_checked_and_taken_away(source, sink):
    logs = "LogGroupName LIKE '/aws/%' OR LogGroupName IN ('shop')"
    made = link(source, sink, LOGS, LinkConfiguration={"LogGroupConfiguration": {"Filter": logs}})
    assert made["LinkConfiguration"] == {"LogGroupConfiguration": {"Filter": logs}}
    again = source.update_link(
        Identifier=made["Arn"],
        ResourceTypes=[LOGS, METRICS],
        LinkConfiguration={"MetricConfiguration": {"Filter": "Namespace = 'Shop'"}},
    )
    assert again["LinkConfiguration"] == {
        "LogGroupConfiguration": {"Filter": logs},
        "MetricConfiguration": {"Filter": "Namespace = 'Shop'"},
    }
    bare = source.update_link(
        Identifier=made["Arn"],
        ResourceTypes=[LOGS],
        LinkConfiguration={"LogGroupConfiguration": {"Filter": "*"}},
    )
    assert "LogGroupConfiguration" not in bare["LinkConfiguration"]
    bad = {"LogGroupConfiguration": {"Filter": "LogGroupName LIKE '%x'"}}
    params = {"Identifier": made["Arn"], "ResourceTypes": [LOGS], "LinkConfiguration": bad}
    assert refused(source.update_link, **params) == "InvalidParameterException"
    assert refused(source.update_link, **params | {"ResourceTypes": [METRICS]}) == "InvalidParameterException"


def test_tags(oam, sink):
    oam.tag_resource(ResourceArn=sink, Tags={"a": "1", "b": "2"})
    oam.untag_resource(ResourceArn=sink, TagKeys=["a", "z"])
    assert oam.list_tags_for_resource(ResourceArn=sink)["Tags"] == {"b": "2"}
    assert oam.get_sink(Identifier=sink, IncludeTags=True)["Tags"] == {"b": "2"}
    assert refused(oam.tag_resource, ResourceArn=sink, Tags={"aws:x": "1"}) == "ValidationException"
    assert refused(oam.list_tags_for_resource, ResourceArn=sink + "0") == "ResourceNotFoundException"
    assert (
        refused(oam.tag_resource, ResourceArn=sink, Tags={str(n): "" for n in range(50)})
        == "TooManyTagsException"
    )


def test_what_is_no_value_is_refused_in_the_service_s_words(oam, source, sink):
    assert refused(oam.create_sink, Name="a b") == "InvalidParameterException"
    assert refused(link, source, sink, "AWS::S3::Bucket") == "InvalidParameterException"
    assert refused(oam.list_sinks, NextToken="x") == "InvalidParameterException"
