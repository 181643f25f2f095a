"""Hosts: the same calls as yours, by a machine's own route and with its own role."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, NoCredentialsError

from cwlab import BadInput, Lab

IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
DATA = {"Namespace": "Shop", "MetricData": [{"MetricName": "Orders", "Value": 3}]}


def trust(service="ec2.amazonaws.com"):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def lab():
    lab = Lab()
    iam = lab.client("iam")
    iam.create_role(RoleName="CWAgent", AssumeRolePolicyDocument=trust())
    iam.attach_role_policy(
        RoleName="CWAgent", PolicyArn="arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"
    )
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="CWAgent")
    return lab


@pytest.fixture
def ec2(lab):
    return lab.client("ec2")


@pytest.fixture
def launch(lab, ec2):
    def run(name, **params):
        tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}]
        given = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "TagSpecifications": tags, **params}
        key = ec2.run_instances(**given)["Instances"][0]["InstanceId"]
        lab.advance(minutes=1)
        return lab.host(key)

    return run


@pytest.fixture
def private(ec2):
    """A VPC with one private subnet, DNS attributes on."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    return vpc, ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]


def endpoint(lab, ec2, vpc, subnet, **params):
    group = ec2.create_security_group(GroupName="endpoint", Description="443 in", VpcId=vpc)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https])
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.monitoring",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[group],
        **params,
    )["VpcEndpoint"]
    lab.advance(minutes=2)
    return made


# Finding -------------------------------------------------------------------------------------------------------------


def test_a_host_is_found_by_name_or_id(lab, launch):
    web = launch("web-1")
    assert lab.host("web-1").id == web.id
    assert lab.host(web.id).name == "web-1"
    assert (
        repr(web)
        == f"Host web-1 ({web.id}): m5.large running in us-east-1 (172.31.0.4, public {web.public_ip})"
    )


def test_a_name_that_is_no_machine_says_what_there_is(lab, launch):
    launch("web-1")
    with pytest.raises(BadInput, match="web-1"):
        lab.host("web-2")


def test_two_machines_of_one_name_are_one_too_many(lab, launch):
    first, second = launch("web"), launch("web")
    with pytest.raises(BadInput, match=f"{first.id}, {second.id}"):
        lab.host("web")


# The way -------------------------------------------------------------------------------------------------------------


@pytest.mark.syllabus("M08")
def test_a_public_host_publishes_through_the_internet_gateway(lab, launch):
    web = launch("web-1", IamInstanceProfile={"Name": "web"})
    assert web.path("monitoring").via == "internet gateway"
    web.client("cloudwatch").put_metric_data(**DATA)
    (entry,) = [each for each in lab.journal if each.operation == "PutMetricData"]
    assert entry.source == web.id
    assert entry.caller.arn == f"arn:aws:sts::123456789012:assumed-role/CWAgent/{web.id}"


@pytest.mark.syllabus("M08")
def test_without_a_public_address_the_internet_gateway_drops_it(launch, ec2):
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    nic = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": False}
    web = launch("web-1", NetworkInterfaces=[nic], IamInstanceProfile={"Name": "web"})
    assert "has no public address" in web.path("cloudwatch").reason


def test_a_call_with_no_way_out_times_out_on_the_virtual_clock(lab, launch, private):
    db = launch("db-1", SubnetId=private[1], IamInstanceProfile={"Name": "web"})
    before = lab.now
    with pytest.raises(ConnectTimeoutError) as caught:
        db.client("cloudwatch").put_metric_data(**DATA)
    assert (lab.now - before).total_seconds() >= 60
    assert "has no route for" in " ".join(caught.value.__notes__)


@pytest.mark.syllabus("M09")
def test_an_interface_endpoint_serves_a_private_host(lab, ec2, launch, private):
    vpc, subnet = private
    db = launch("db-1", SubnetId=subnet, IamInstanceProfile={"Name": "web"})
    endpoint(lab, ec2, vpc, subnet)
    assert db.public_ip is None
    assert db.path().via == "interface endpoint"
    db.client("cloudwatch").put_metric_data(**DATA)


@pytest.mark.syllabus("M09")
def test_metrics_and_logs_are_different_endpoints(lab, ec2, launch, private):
    vpc, subnet = private
    db = launch("db-1", SubnetId=subnet, IamInstanceProfile={"Name": "web"})
    endpoint(lab, ec2, vpc, subnet)
    assert db.path("cloudwatch").reachable
    assert not db.path("logs").reachable


def test_without_private_dns_the_name_of_the_endpoint_still_works(lab, ec2, launch, private):
    vpc, subnet = private
    db = launch("db-1", SubnetId=subnet, IamInstanceProfile={"Name": "web"})
    made = endpoint(lab, ec2, vpc, subnet, PrivateDnsEnabled=False)
    url = "https://" + made["DnsEntries"][0]["DnsName"]
    assert not db.path().reachable
    assert db.path(endpoint_url=url).reachable
    db.client("cloudwatch", endpoint_url=url).put_metric_data(**DATA)


def test_an_endpoint_policy_filters_what_goes_through_it(lab, ec2, launch, private):
    vpc, subnet = private
    db = launch("db-1", SubnetId=subnet, IamInstanceProfile={"Name": "web"})
    reads = {"Effect": "Allow", "Principal": "*", "Action": "cloudwatch:GetMetricData", "Resource": "*"}
    endpoint(lab, ec2, vpc, subnet, PolicyDocument=json.dumps({"Statement": [reads]}))
    with pytest.raises(ClientError, match="AccessDenied"):
        db.client("cloudwatch").put_metric_data(**DATA)


def test_a_policy_may_ask_for_the_endpoint(lab, ec2, launch, private):
    """`aws:SourceVpce` is there only for calls that come through an endpoint; `aws:SourceIp` then is not."""
    vpc, subnet = private
    db = launch("db-1", SubnetId=subnet, IamInstanceProfile={"Name": "web"})
    web = launch("web-1", IamInstanceProfile={"Name": "web"})
    made = endpoint(lab, ec2, vpc, subnet)

    def only(condition):
        deny = {
            "Effect": "Deny",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": condition,
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        lab.client("iam").put_role_policy(RoleName="CWAgent", PolicyName="only", PolicyDocument=document)

    def may(host):
        try:
            host.client("cloudwatch").put_metric_data(**DATA)
        except ClientError:
            return False
        return True

    only({"StringNotEquals": {"aws:SourceVpce": made["VpcEndpointId"]}})
    assert (may(db), may(web)) == (True, False)
    only({"IpAddress": {"aws:SourceIp": f"{web.public_ip}/32"}})
    assert (may(db), may(web)) == (True, False)
    only({"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}})
    assert (may(db), may(web)) == (False, True)


def test_a_vpc_without_a_resolver_looks_nothing_up(lab, ec2, launch):
    web = launch("web-1", IamInstanceProfile={"Name": "web"})
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    with pytest.raises(EndpointConnectionError):
        web.client("cloudwatch").put_metric_data(**DATA)


def test_a_stopped_instance_calls_nobody(lab, ec2, launch):
    web = launch("web-1", IamInstanceProfile={"Name": "web"})
    ec2.stop_instances(InstanceIds=[web.id])
    assert web.path().reason == f"{web.id} is stopping: nothing on it can call."


# Who it is -----------------------------------------------------------------------------------------------------------


def test_without_an_instance_profile_there_are_no_credentials(launch):
    with pytest.raises(NoCredentialsError):
        launch("web-1").client("cloudwatch").put_metric_data(**DATA)


def test_a_role_that_does_not_trust_ec2_gives_no_credentials(lab, launch):
    host = launch("web-1", IamInstanceProfile={"Name": "web"})
    host.client("cloudwatch").put_metric_data(**DATA)
    lab.client("iam").update_assume_role_policy(
        RoleName=host.role, PolicyDocument=trust("lambda.amazonaws.com")
    )
    with pytest.raises(NoCredentialsError):
        host.client("cloudwatch").put_metric_data(**DATA)


def test_an_access_key_of_your_own_works_too(lab, launch):
    lab.client("iam").create_user(UserName="ann")
    lab.client("iam").attach_user_policy(
        UserName="ann", PolicyArn="arn:aws:iam::aws:policy/CloudWatchFullAccess"
    )
    key = lab.client("iam").create_access_key(UserName="ann")["AccessKey"]
    web = launch("web-1")
    client = web.client(
        "cloudwatch", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    client.put_metric_data(**DATA)
    (entry,) = [each for each in lab.journal if each.operation == "PutMetricData"]
    assert (entry.source, entry.caller.arn) == (web.id, "arn:aws:iam::123456789012:user/ann")


def test_the_role_says_what_the_host_may(launch):
    web = launch("web-1", IamInstanceProfile={"Name": "web"})
    with pytest.raises(ClientError, match="AccessDenied"):
        web.client("cloudwatch").list_metrics()


# On premises ---------------------------------------------------------------------------------------------------------


@pytest.mark.syllabus("M02", "M05")
def test_a_machine_on_premises_publishes_over_its_own_line(lab):
    rack = lab.on_premises("rack-1", role="CWAgent", internet=True)
    rack.client("cloudwatch").put_metric_data(**DATA)
    assert lab.host("rack-1").path().via == "internet"
    assert repr(rack) == "Host rack-1 on premises (192.168.10.10, public 203.0.113.130)"


@pytest.mark.syllabus("M05")
def test_on_premises_there_are_no_credentials_unless_you_bring_some(lab):
    with pytest.raises(NoCredentialsError):
        lab.on_premises("rack-1").client("cloudwatch").put_metric_data(**DATA)


def test_a_vpn_leads_to_an_interface_endpoint(lab, ec2, private):
    vpc, subnet = private
    made = endpoint(lab, ec2, vpc, subnet)
    rack = lab.on_premises("rack-1", role="CWAgent", internet=False, vpn=vpc, forwards_dns=True)
    assert "has no rule that lets TCP 443 in from 192.168.10.10" in rack.path().reason
    ec2.authorize_security_group_ingress(
        GroupId=made["Groups"][0]["GroupId"],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.168.10.0/24"}]}
        ],
    )
    assert rack.path().via == "interface endpoint"
    rack.client("cloudwatch").put_metric_data(**DATA)


@pytest.mark.parametrize(
    ("name", "details", "text"),
    [
        ("", {}, "is no name"),
        ("i-123", {}, "is no name"),
        ("rack-1", {"vpn": "vpc-0"}, "is not a VPC"),
        ("rack-1", {"forwards_dns": True}, "needs a line"),
        ("rack-1", {"color": "red"}, "says nothing about a machine"),
        ("rack-1", {"region": "us-moon-1"}, "is not a Region"),
    ],
)
def test_a_machine_that_cannot_be(lab, name, details, text):
    with pytest.raises(BadInput, match=text):
        lab.on_premises(name, **details)


def test_a_role_that_is_not_there_is_named(lab):
    with pytest.raises(BadInput, match="nobody"):
        lab.on_premises("rack-1", role="nobody").client("cloudwatch")


def test_ec2_measures_instances_only(lab):
    rack = lab.on_premises("rack-1").load(cpu=50, minutes=1)
    assert lab.client("cloudwatch").list_metrics(Namespace="AWS/EC2")["Metrics"] == []
    with pytest.raises(BadInput, match="on premises"):
        rack.impair(minutes=1)


# Its story -----------------------------------------------------------------------------------------------------------


def test_a_host_tells_its_story(launch):
    web = launch("web-1", IamInstanceProfile={"Name": "web"}, Monitoring={"Enabled": True})
    story = web.describe()
    for part in (
        "web-1",
        "subnet-",
        "detailed monitoring",
        "calls with role CWAgent",
        "CloudWatch: web-1 reaches",
    ):
        assert part in story


def test_loads_are_in_the_journal_and_survive_a_replay(lab, launch):
    web = launch("web-1").load(cpu=80, minutes=10, start="2026-03-02T09:30:00Z")
    entry = lab.journal[-1]
    assert (entry.kind, entry.service, entry.operation) == ("verb", "ec2", "load")
    lab.advance(until="2026-03-02T09:40:00Z")
    lab.rewind(to="2026-03-02T09:35:00Z")
    lab.advance(until="2026-03-02T09:40:00Z")
    found = lab.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "InstanceId", "Value": web.id}],
        StartTime="2026-03-02T09:30:00Z",
        EndTime="2026-03-02T09:40:00Z",
        Period=300,
        Statistics=["Average"],
    )["Datapoints"]
    assert [round(each["Average"], -1) for each in found] == [80, 80]
