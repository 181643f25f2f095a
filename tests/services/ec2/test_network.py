"""VPCs, subnets, gateways, routes, filters, endpoints, tags and templates through boto3."""

from __future__ import annotations

import ipaddress
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import Lab, NotModelled
from cwlab.services.ec2.addresses import free_address, usable


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def subnet(ec2, vpc, cidr="10.0.1.0/24", **more):
    return ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, **more)["Subnet"]["SubnetId"]


def gateway(ec2, vpc):
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


def main_table(ec2, vpc):
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    return ec2.describe_route_tables(Filters=filters)["RouteTables"][0]


# The default VPC -------------------------------------------------------------------------------------------------------


def test_every_region_begins_with_a_default_vpc(lab):
    for region, zones in (("us-east-1", 6), ("eu-west-1", 3)):
        ec2 = lab.client("ec2", region=region)
        (found,) = ec2.describe_vpcs()["Vpcs"]
        assert found["IsDefault"] and found["CidrBlock"] == "172.31.0.0/16"
        subnets = ec2.describe_subnets()["Subnets"]
        assert len(subnets) == zones and all(each["MapPublicIpOnLaunch"] for each in subnets)
        assert len(ec2.describe_internet_gateways()["InternetGateways"][0]["Attachments"]) == 1
        routes = {
            r["DestinationCidrBlock"]: r["GatewayId"][:5] for r in main_table(ec2, found["VpcId"])["Routes"]
        }
        assert routes == {"172.31.0.0/16": "local", "0.0.0.0/0": "igw-" + routes["0.0.0.0/0"][4]}
        assert [group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]] == [
            "default"
        ]
        assert ec2.describe_vpc_attribute(VpcId=found["VpcId"], Attribute="enableDnsHostnames")[
            "EnableDnsHostnames"
        ] == {"Value": True}


def test_its_ids_do_not_depend_on_when_it_is_first_seen():
    late = Lab()
    late.advance(days=3)
    late.client("ec2", region="eu-west-1").describe_vpcs()
    assert late.client("ec2").describe_vpcs()["Vpcs"] == Lab().client("ec2").describe_vpcs()["Vpcs"]


# VPCs and subnets ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cidr", "code"),
    [
        ("10.0.0.0/15", "InvalidVpc.Range"),
        ("10.0.0.0/29", "InvalidVpc.Range"),
        ("10.0.0.0", "InvalidParameterValue"),
        ("ten", "InvalidParameterValue"),
    ],
)
def test_a_vpc_is_between_16_and_28(ec2, refused, cidr, code):
    assert refused(ec2.create_vpc, CidrBlock=cidr)[0] == code


def test_host_bits_are_dropped(ec2):
    assert ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]["CidrBlock"] == "100.68.0.0/18"


def test_five_vpcs_in_a_region(ec2, refused):
    for number in range(4):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    assert refused(ec2.create_vpc, CidrBlock="10.9.0.0/16")[0] == "VpcLimitExceeded"


def test_a_new_vpc_has_dns_support_but_no_host_names(ec2, vpc):
    def attribute(name, member):
        return ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)[member]["Value"]

    assert attribute("enableDnsSupport", "EnableDnsSupport") is True
    assert attribute("enableDnsHostnames", "EnableDnsHostnames") is False
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert attribute("enableDnsHostnames", "EnableDnsHostnames") is True


def test_subnets_lie_in_their_vpc_and_clear_of_each_other(ec2, vpc, refused):
    subnet(ec2, vpc, "10.0.1.0/24")
    assert refused(ec2.create_subnet, VpcId=vpc, CidrBlock="10.1.0.0/24")[0] == "InvalidSubnet.Range"
    assert refused(ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.1.128/25")[0] == "InvalidSubnet.Conflict"
    assert (
        refused(ec2.create_subnet, VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.1.0/24")[0]
        == "InvalidVpcID.NotFound"
    )
    bad = {"VpcId": vpc, "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "us-east-1z"}
    assert refused(ec2.create_subnet, **bad)[0] == "InvalidParameterValue"


def test_five_addresses_of_a_subnet_are_reserved(ec2, vpc, launch):
    made = subnet(ec2, vpc, "10.0.1.0/28")
    assert ec2.describe_subnets(SubnetIds=[made])["Subnets"][0]["AvailableIpAddressCount"] == 11
    key = launch(SubnetId=made)
    assert (
        ec2.describe_instances(InstanceIds=[key])["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
        == "10.0.1.4"
    )
    assert ec2.describe_subnets(SubnetIds=[made])["Subnets"][0]["AvailableIpAddressCount"] == 10


def test_a_full_subnet_refuses_the_whole_launch(ec2, vpc, image, refused):
    made = subnet(ec2, vpc, "10.0.1.0/28")
    asked = {"ImageId": image, "MinCount": 12, "MaxCount": 12, "SubnetId": made}
    assert refused(ec2.run_instances, **asked)[0] == "InsufficientFreeAddressesInSubnet"
    assert ec2.describe_subnets(SubnetIds=[made])["Subnets"][0]["AvailableIpAddressCount"] == 11


@given(st.integers(25, 28), st.integers(0, 130))
def test_addresses_are_given_out_once_each_and_never_reserved_ones(prefix: int, count: int) -> None:
    block = ipaddress.IPv4Network(f"10.0.0.0/{prefix}")
    taken: list[str] = []
    for _ in range(count):
        address = free_address(str(block), taken)
        if address is None:
            break
        taken.append(address)
    assert len(taken) == len(set(taken)) == min(count, usable(str(block)))
    reserved = {str(block[n]) for n in (0, 1, 2, 3, -1)}
    assert not reserved & set(taken)
    assert all(ipaddress.ip_address(each) in block for each in taken)


def test_what_is_in_use_cannot_be_deleted(ec2, vpc, launch, refused, lab):
    made = subnet(ec2, vpc)
    key = launch(SubnetId=made)
    assert refused(ec2.delete_vpc, VpcId=vpc)[0] == "DependencyViolation"
    assert refused(ec2.delete_subnet, SubnetId=made)[0] == "DependencyViolation"
    ec2.terminate_instances(InstanceIds=[key])
    lab.advance(minutes=2)
    ec2.delete_subnet(SubnetId=made)
    ec2.delete_vpc(VpcId=vpc)
    assert refused(ec2.describe_vpcs, VpcIds=[vpc])[0] == "InvalidVpcID.NotFound"


# Routes ------------------------------------------------------------------------------------------------------------------


def test_a_vpc_has_one_internet_gateway(ec2, vpc, refused):
    made = gateway(ec2, vpc)
    assert (
        refused(ec2.attach_internet_gateway, InternetGatewayId=made, VpcId=vpc)[0]
        == "Resource.AlreadyAssociated"
    )
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    assert (
        refused(ec2.attach_internet_gateway, InternetGatewayId=other, VpcId=vpc)[0] == "InvalidParameterValue"
    )
    assert refused(ec2.delete_internet_gateway, InternetGatewayId=made)[0] == "DependencyViolation"
    ec2.detach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    assert refused(ec2.detach_internet_gateway, InternetGatewayId=made, VpcId=vpc)[0] == "Gateway.NotAttached"
    ec2.delete_internet_gateway(InternetGatewayId=made)


def test_routes(ec2, vpc, refused):
    made, table = gateway(ec2, vpc), main_table(ec2, vpc)["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=made)
    again = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": made}
    assert refused(ec2.create_route, **again)[0] == "RouteAlreadyExists"
    assert (
        refused(ec2.delete_route, RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")[0]
        == "InvalidParameterValue"
    )
    assert (
        refused(ec2.delete_route, RouteTableId=table, DestinationCidrBlock="10.9.0.0/16")[0]
        == "InvalidRoute.NotFound"
    )
    reserved = {**again, "DestinationCidrBlock": "169.254.168.0/24"}
    assert refused(ec2.create_route, **reserved)[0] == "InvalidParameterValue"
    ec2.detach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    states = {r["DestinationCidrBlock"]: r["State"] for r in main_table(ec2, vpc)["Routes"]}
    assert states == {"10.0.0.0/16": "active", "0.0.0.0/0": "blackhole"}
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    with pytest.raises(NotModelled, match="vgw-1"):
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/16", GatewayId="vgw-1")


def test_a_subnet_has_the_main_table_unless_it_has_its_own(ec2, vpc, refused):
    made, own = subnet(ec2, vpc), ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    tie = ec2.associate_route_table(RouteTableId=own, SubnetId=made)["AssociationId"]
    assert (
        refused(ec2.associate_route_table, RouteTableId=own, SubnetId=made)[0] == "Resource.AlreadyAssociated"
    )
    assert refused(ec2.delete_route_table, RouteTableId=own)[0] == "DependencyViolation"
    main = main_table(ec2, vpc)
    fresh = ec2.replace_route_table_association(AssociationId=tie, RouteTableId=main["RouteTableId"])
    ec2.disassociate_route_table(AssociationId=fresh["NewAssociationId"])
    ec2.delete_route_table(RouteTableId=own)
    (only,) = main_table(ec2, vpc)["Associations"]
    assert only["Main"]


# Security groups and network ACLs ------------------------------------------------------------------------------------------


def test_a_new_security_group_lets_nothing_in_and_everything_out(ec2, vpc):
    made = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    found = ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]
    assert found["IpPermissions"] == []
    assert [each["IpProtocol"] for each in found["IpPermissionsEgress"]] == ["-1"]


def test_rules_are_added_once_and_taken_away(ec2, vpc, refused):
    made = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    https = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "IpRanges": [{"CidrIp": "10.0.0.9/16", "Description": "vpc"}],
    }
    answer = ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[https])
    assert answer["SecurityGroupRules"][0]["CidrIpv4"] == "10.0.0.0/16"
    assert (
        refused(ec2.authorize_security_group_ingress, GroupId=made, IpPermissions=[https])[0]
        == "InvalidPermission.Duplicate"
    )
    inside = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": made}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[inside])
    (found,) = ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["IpPermissions"]
    assert found["IpRanges"] == [{"CidrIp": "10.0.0.0/16", "Description": "vpc"}]
    assert found["UserIdGroupPairs"][0]["GroupId"] == made
    ec2.revoke_security_group_ingress(GroupId=made, IpPermissions=[https])
    assert (
        refused(ec2.revoke_security_group_ingress, GroupId=made, IpPermissions=[https])[0]
        == "InvalidPermission.NotFound"
    )
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=made, IpPermissions=everything)
    assert ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["IpPermissionsEgress"] == []
    ec2.authorize_security_group_egress(GroupId=made, IpPermissions=everything)


@pytest.mark.parametrize(
    ("permission", "code"),
    [
        ({"IpProtocol": "tcp", "FromPort": 1}, "InvalidParameterValue"),
        ({"IpProtocol": "tcp", "FromPort": 9, "ToPort": 1}, "InvalidParameterValue"),
        ({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 70000}, "InvalidParameterValue"),
        ({"IpProtocol": "http", "FromPort": 1, "ToPort": 2}, "InvalidPermission.Malformed"),
        ({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "all"}]}, "InvalidParameterValue"),
        ({"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": "pl-0"}]}, "InvalidPrefixListID.NotFound"),
        ({"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-0"}]}, "InvalidGroup.NotFound"),
    ],
)
def test_bad_rules(ec2, vpc, refused, permission, code):
    made = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    whole = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}], **permission}
    assert refused(ec2.authorize_security_group_ingress, GroupId=made, IpPermissions=[whole])[0] == code


def test_security_groups_in_use_stay(ec2, vpc, launch, refused):
    made = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    same = {"GroupName": "web", "Description": "again", "VpcId": vpc}
    assert refused(ec2.create_security_group, **same)[0] == "InvalidGroup.Duplicate"
    launch(SubnetId=subnet(ec2, vpc), SecurityGroupIds=[made])
    assert refused(ec2.delete_security_group, GroupId=made)[0] == "DependencyViolation"
    default = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])[
        "SecurityGroups"
    ][0]
    assert refused(ec2.delete_security_group, GroupId=default["GroupId"])[0] == "CannotDelete"


def test_network_acls(ec2, vpc, refused):
    made = subnet(ec2, vpc)
    filters = [{"Name": "association.subnet-id", "Values": [made]}]
    (old,) = ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    assert old["IsDefault"]
    assert sorted({each["RuleNumber"] for each in old["Entries"]}) == [100, 32767]
    new = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]
    assert [each["RuleAction"] for each in new["Entries"]] == ["deny", "deny"]
    key = new["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=key, RuleNumber=100, Protocol="tcp", RuleAction="allow", Egress=True,
        CidrBlock="0.0.0.0/0", PortRange={"From": 443, "To": 443},
    )  # fmt: skip
    entry = {
        "NetworkAclId": key,
        "RuleNumber": 100,
        "Protocol": "-1",
        "RuleAction": "allow",
        "Egress": True,
        "CidrBlock": "0.0.0.0/0",
    }
    assert refused(ec2.create_network_acl_entry, **entry)[0] == "NetworkAclEntryAlreadyExists"
    ec2.replace_network_acl_entry(**entry)
    assert (
        refused(ec2.create_network_acl_entry, **{**entry, "RuleNumber": 32767})[0] == "InvalidParameterValue"
    )
    no_ports = {**entry, "RuleNumber": 110, "Protocol": "6"}
    assert refused(ec2.create_network_acl_entry, **no_ports)[0] == "MissingParameter"
    tie = next(each for each in old["Associations"] if each["SubnetId"] == made)
    ec2.replace_network_acl_association(AssociationId=tie["NetworkAclAssociationId"], NetworkAclId=key)
    assert ec2.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"] == key
    assert refused(ec2.delete_network_acl, NetworkAclId=key)[0] == "DependencyViolation"
    ec2.delete_network_acl_entry(NetworkAclId=key, RuleNumber=100, Egress=True)
    missing = {"NetworkAclId": key, "RuleNumber": 100, "Egress": True}
    assert refused(ec2.delete_network_acl_entry, **missing)[0] == "InvalidNetworkAclEntry.NotFound"


# Addresses, NAT, endpoints ---------------------------------------------------------------------------------------------


def test_an_elastic_address_stays_through_a_stop(lab, ec2, launch, refused):
    key = launch()
    made = ec2.allocate_address(Domain="vpc")
    tie = ec2.associate_address(AllocationId=made["AllocationId"], InstanceId=key)["AssociationId"]
    ec2.stop_instances(InstanceIds=[key])
    lab.advance(minutes=2)
    found = ec2.describe_instances(InstanceIds=[key])["Reservations"][0]["Instances"][0]
    assert found["PublicIpAddress"] == made["PublicIp"]
    assert refused(ec2.release_address, AllocationId=made["AllocationId"])[0] == "InvalidIPAddress.InUse"
    ec2.disassociate_address(AssociationId=tie)
    found = ec2.describe_instances(InstanceIds=[key])["Reservations"][0]["Instances"][0]
    assert "PublicIpAddress" not in found
    ec2.release_address(AllocationId=made["AllocationId"])
    assert ec2.describe_addresses()["Addresses"] == []


def test_a_nat_gateway_takes_a_while_and_needs_an_address(lab, ec2, vpc, refused):
    made = subnet(ec2, vpc)
    assert refused(ec2.create_nat_gateway, SubnetId=made)[0] == "MissingParameter"
    address = ec2.allocate_address()["AllocationId"]
    assert refused(ec2.create_nat_gateway, SubnetId=made, AllocationId=address)[0] == "Gateway.NotAttached"
    gateway(ec2, vpc)
    nat = ec2.create_nat_gateway(SubnetId=made, AllocationId=address)["NatGateway"]
    assert nat["State"] == "pending"
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat["NatGatewayId"]])
    table = main_table(ec2, vpc)["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat["NatGatewayId"])
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    assert [r["State"] for r in main_table(ec2, vpc)["Routes"]] == ["active", "blackhole"]
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[nat["NatGatewayId"]])
    ec2.release_address(AllocationId=address)


def test_an_interface_endpoint(lab, ec2, vpc, refused):
    a, b = subnet(ec2, vpc), subnet(ec2, vpc, "10.0.2.0/24", AvailabilityZone="us-east-1b")
    name = "com.amazonaws.us-east-1.monitoring"
    asked = {"VpcId": vpc, "ServiceName": name, "VpcEndpointType": "Interface", "SubnetIds": [a, b]}
    code, message = refused(ec2.create_vpc_endpoint, **asked)
    assert code == "InvalidParameter" and "enableDnsHostnames" in message
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    made = ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]
    assert made["State"] == "pending" and made["PrivateDnsEnabled"]
    names = [each["DnsName"] for each in made["DnsEntries"]]
    assert names[0].startswith(made["VpcEndpointId"] + "-") and names[0].endswith(
        ".monitoring.us-east-1.vpce.amazonaws.com"
    )
    assert names[1].split(".")[0].endswith("-us-east-1a")
    assert names[-1] == "monitoring.us-east-1.amazonaws.com"
    lab.advance(minutes=2)
    found = ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"][0]
    assert found["State"] == "available" and len(found["NetworkInterfaceIds"]) == 2
    nics = ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])[
        "NetworkInterfaces"
    ]
    assert {each["InterfaceType"] for each in nics} == {"vpc_endpoint"}
    again = refused(ec2.create_vpc_endpoint, **asked)
    assert again[0] == "InvalidParameter" and "conflicting DNS domain" in again[1]
    torn = {"VpcEndpointId": made["VpcEndpointId"], "PolicyDocument": '{"Statement": [{"Effect": "Allow"}]}'}
    assert refused(ec2.modify_vpc_endpoint, **torn)[0] == "InvalidPolicyDocument"
    policy = json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "cloudwatch:*", "Resource": "*"}]}
    )
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PolicyDocument=policy, RemoveSubnetIds=[b])
    found = ec2.describe_vpc_endpoints()["VpcEndpoints"][0]
    assert found["PolicyDocument"] == policy and found["SubnetIds"] == [a]
    assert (
        ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"], "vpce-0"])["Unsuccessful"][0][
            "ResourceId"
        ]
        == "vpce-0"
    )
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_gateway_endpoint_is_a_route(ec2, vpc, refused):
    table = main_table(ec2, vpc)["RouteTableId"]
    asked = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table]}
    made = ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]
    route = main_table(ec2, vpc)["Routes"][1]
    assert (route["DestinationPrefixListId"], route["GatewayId"]) == ("pl-63a5400a", made["VpcEndpointId"])
    assert refused(ec2.create_vpc_endpoint, **asked)[0] == "RouteAlreadyExists"
    cloudwatch = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.monitoring"}
    assert "does not support Gateway" in refused(ec2.create_vpc_endpoint, **cloudwatch)[1]
    nothing = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.nothing", "VpcEndpointType": "Interface"}
    assert refused(ec2.create_vpc_endpoint, **nothing)[0] == "InvalidServiceName"
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], RemoveRouteTableIds=[table])
    assert len(main_table(ec2, vpc)["Routes"]) == 1


def test_endpoint_services_tell_their_types(ec2):
    found = ec2.describe_vpc_endpoint_services(ServiceNames=["com.amazonaws.us-east-1.s3"])["ServiceDetails"][
        0
    ]
    assert [each["ServiceType"] for each in found["ServiceType"]] == ["Interface", "Gateway"]


# Tags, templates, places -----------------------------------------------------------------------------------------------


def test_tags_come_and_go(ec2, launch, vpc):
    key = launch("web-1")
    ec2.create_tags(Resources=[key, vpc], Tags=[{"Key": "stage", "Value": "test"}])
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [key]}])["Tags"]
    assert {(each["Key"], each["Value"], each["ResourceType"]) for each in found} == {
        ("Name", "web-1", "instance"),
        ("stage", "test", "instance"),
    }
    ec2.delete_tags(Resources=[key], Tags=[{"Key": "stage", "Value": "other"}, {"Key": "Name"}])
    assert [
        each["Key"] for each in ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [key]}])["Tags"]
    ] == ["stage"]
    ec2.delete_tags(Resources=[key, vpc])
    assert ec2.describe_tags()["Tags"] == []


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([{"Key": "aws:autoscaling:groupName", "Value": "web"}], "InvalidParameterValue"),
        ([{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}], "InvalidParameterValue"),
        ([{"Key": "k" * 128, "Value": "1"}], "InvalidParameterValue"),
        ([{"Key": "k", "Value": "v" * 256}], "InvalidParameterValue"),
        ([{"Key": f"k{n}", "Value": ""} for n in range(51)], "TagLimitExceeded"),
    ],
)
def test_bad_tags(ec2, vpc, refused, tags, code):
    assert refused(ec2.create_tags, Resources=[vpc], Tags=tags)[0] == code
    assert ec2.describe_tags()["Tags"] == []


def test_tags_need_something_to_hold_them(ec2, refused):
    tag = [{"Key": "a", "Value": "b"}]
    assert (
        refused(ec2.create_tags, Resources=["vpc-0123456789abcdef0"], Tags=tag)[0] == "InvalidVpcID.NotFound"
    )
    assert refused(ec2.create_tags, Resources=["nonsense"], Tags=tag)[0] == "InvalidID"


def test_launch_templates_have_versions(ec2, image, launch, refused):
    data = {"ImageId": image, "InstanceType": "t3.micro", "Monitoring": {"Enabled": True}}
    made = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)["LaunchTemplate"]
    key = made["LaunchTemplateId"]
    twice = {"LaunchTemplateName": "web", "LaunchTemplateData": data}
    assert (
        refused(ec2.create_launch_template, **twice)[0] == "InvalidLaunchTemplateName.AlreadyExistsException"
    )
    ec2.create_launch_template_version(
        LaunchTemplateId=key, SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.small"}
    )

    def kind(version):
        made = ec2.run_instances(
            MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateId": key, "Version": version}
        )["Instances"][0]
        return made["InstanceType"], made["Monitoring"]["State"]

    assert kind("$Default") == ("t3.micro", "enabled")
    assert kind("$Latest") == ("t3.small", "enabled")
    ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")
    assert kind("$Default") == ("t3.small", "enabled")
    assert [
        each["VersionNumber"]
        for each in ec2.describe_launch_template_versions(LaunchTemplateId=key)["LaunchTemplateVersions"]
    ] == [2, 1]
    bad = {"LaunchTemplateId": key, "Versions": ["9"]}
    assert (
        refused(ec2.describe_launch_template_versions, **bad)[0] == "InvalidLaunchTemplateId.VersionNotFound"
    )
    with pytest.raises(NotModelled, match="UserData"):
        ec2.create_launch_template(LaunchTemplateName="x", LaunchTemplateData={"UserData": "eA=="})
    ec2.delete_launch_template(LaunchTemplateName="web")
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []


def test_places_and_types(ec2, refused):
    assert "eu-central-1" in [each["RegionName"] for each in ec2.describe_regions()["Regions"]]
    assert [z["ZoneId"] for z in ec2.describe_availability_zones()["AvailabilityZones"]][:2] == [
        "use1-az1",
        "use1-az2",
    ]
    images = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-*"]}])[
        "Images"
    ]
    assert len(images) == 1
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    found = ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"][0]
    assert (found["VCpuInfo"]["DefaultVCpus"], found["MemoryInfo"]["SizeInMiB"]) == (2, 1024)
    assert refused(ec2.describe_images, ImageIds=["ami-0"])[0] == "InvalidAMIID.NotFound"


def test_an_operation_that_is_not_modeled_is_refused_by_name(ec2):
    with pytest.raises(NotModelled, match="CreateVpnGateway"):
        ec2.create_vpn_gateway(Type="ipsec.1")


def test_a_subnet_is_told_to_give_public_addresses(ec2, vpc, launch):
    made = subnet(ec2, vpc)

    def gives() -> bool:
        return ec2.describe_subnets(SubnetIds=[made])["Subnets"][0]["MapPublicIpOnLaunch"]

    def address(instance: str) -> str | None:
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return found.get("PublicIpAddress")

    assert not gives()
    assert not address(launch(SubnetId=made))
    ec2.modify_subnet_attribute(SubnetId=made, MapPublicIpOnLaunch={"Value": True})
    assert gives()
    assert address(launch(SubnetId=made))
