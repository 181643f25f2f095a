"""Trails: what is checked when one is made, where it shows, its switch."""

import pytest

from cwlab.errors import NotModelled
from tests.services.cloudtrail.conftest import GROUP, TRAIL


def test_a_bucket_must_exist_and_let_cloudtrail_in(trails, refused):
    create = trails.cloudtrail.create_trail
    assert refused(create, Name="ops", S3BucketName="shop-trail")[0] == "S3BucketDoesNotExistException"
    trails.bucket(policy=None)
    assert refused(create, Name="ops", S3BucketName="shop-trail")[0] == "InsufficientS3BucketPolicyException"


@pytest.mark.parametrize(
    ("role", "code"),
    [
        ({"trust": "ec2.amazonaws.com"}, "InvalidCloudWatchLogsRoleArnException"),
        ({"policy": None}, "InvalidCloudWatchLogsLogGroupArnException"),
    ],
)
def test_the_role_must_trust_cloudtrail_and_be_permitted(trails, refused, role, code):
    trails.bucket()
    trails.logs.create_log_group(logGroupName="trail")
    arn = trails.role(**role)
    given = {"CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": arn}
    assert refused(trails.cloudtrail.create_trail, Name="ops", S3BucketName="shop-trail", **given)[0] == code
    assert trails.cloudtrail.describe_trails()["trailList"] == []


@pytest.mark.parametrize(
    "wrong", ["arn:aws:logs:us-east-1:123456789012:log-group:trail", GROUP.replace("trail", "no")]
)
def test_the_log_group_must_be_there_and_its_arn_end_in_a_star(trails, refused, wrong):
    trails.bucket()
    trails.logs.create_log_group(logGroupName="trail")
    given = {"CloudWatchLogsLogGroupArn": wrong, "CloudWatchLogsRoleArn": trails.role()}
    code, _ = refused(trails.cloudtrail.create_trail, Name="ops", S3BucketName="shop-trail", **given)
    assert code == "InvalidCloudWatchLogsLogGroupArnException"


@pytest.mark.parametrize("name", ["ab", "-ops", "o..ps", "ops_", "o ps"])
def test_names(trails, refused, name):
    code, _ = refused(trails.cloudtrail.create_trail, Name=name, S3BucketName="shop-trail")
    assert code == "InvalidTrailNameException"


def test_a_trail_of_all_regions_shows_in_each_and_is_changed_at_home(trails, lab, refused):
    trails.start(IsMultiRegionTrail=True)
    away = lab.client("cloudtrail", region="eu-west-1")
    (shadow,) = away.describe_trails()["trailList"]
    assert (shadow["TrailARN"], shadow["HomeRegion"]) == (TRAIL, "us-east-1")
    assert away.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert away.get_trail_status(Name=TRAIL)["IsLogging"]
    assert refused(away.stop_logging, Name="ops")[0] == "InvalidHomeRegionException"


def test_update_and_delete(trails, refused):
    trails.start()
    changed = trails.cloudtrail.update_trail(
        Name="ops", CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn=""
    )
    assert "CloudWatchLogsLogGroupArn" not in changed
    trails.cloudtrail.delete_trail(Name="ops")
    assert refused(trails.cloudtrail.get_trail, Name="ops")[0] == "TrailNotFoundException"
    assert trails.lab.agenda() == []


def test_selectors(trails, refused):
    trails.start()
    trails.cloudtrail.put_event_selectors(
        TrailName="ops",
        EventSelectors=[
            {"ReadWriteType": "WriteOnly", "ExcludeManagementEventSources": ["kms.amazonaws.com"]}
        ],
    )
    (shown,) = trails.cloudtrail.get_event_selectors(TrailName="ops")["EventSelectors"]
    assert shown["ReadWriteType"] == "WriteOnly" and shown["IncludeManagementEvents"]
    wrong = [{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}]
    code, _ = refused(trails.cloudtrail.put_event_selectors, TrailName="ops", EventSelectors=wrong)
    assert code == "InvalidEventSelectorsException"


@pytest.mark.parametrize(
    "feature", [{"EnableLogFileValidation": True}, {"IsOrganizationTrail": True}, {"KmsKeyId": "k"}]
)
def test_what_is_not_modeled_is_refused_by_name(trails, feature):
    with pytest.raises(NotModelled, match=next(iter(feature))):
        trails.cloudtrail.create_trail(Name="ops", S3BucketName="shop-trail", **feature)


def test_data_events_are_refused_by_name(trails):
    trails.start()
    wanted = [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]
    with pytest.raises(NotModelled, match="data events"):
        trails.cloudtrail.put_event_selectors(TrailName="ops", EventSelectors=wanted)
