"""Regions, Availability Zones, images and instance types: Amazon's catalog, read only."""

from __future__ import annotations

from cwlab.api import Call
from cwlab.errors import AwsError, NotModelled
from cwlab.services.ec2 import catalog
from cwlab.services.ec2.support import Filters, Params, Values, clean, invalid, matches, op, page


def _kept(items: list[Params], filters: Filters | None, known: dict[str, Values]) -> list[Params]:
    for each in filters or ():
        if each["Name"] not in known:
            raise NotModelled(f"The filter {each['Name']!r}", f"Modeled filters here: {', '.join(known)}.")
        items = [item for item in items if matches(known[each["Name"]](item), each.get("Values", []))]
    return items


@op("DescribeRegions", readonly=True)
def describe_regions(
    call: Call,
    *,
    RegionNames: list[str] | None = None,
    AllRegions: bool = False,
    Filters: Filters | None = None,
) -> Params:
    """List the Regions every account has."""
    found = [
        {"RegionName": each, "Endpoint": f"ec2.{each}.amazonaws.com", "OptInStatus": "opt-in-not-required"}
        for each in catalog.REGIONS
    ]
    for name in RegionNames or ():
        if name not in catalog.REGIONS:
            raise invalid(f"Invalid region names provided: [{name}]")
    found = [each for each in found if not RegionNames or each["RegionName"] in RegionNames]
    return {"Regions": _kept(found, Filters, {"region-name": lambda each: [each["RegionName"]]})}


@op("DescribeAvailabilityZones", readonly=True)
def describe_availability_zones(
    call: Call,
    *,
    ZoneNames: list[str] | None = None,
    ZoneIds: list[str] | None = None,
    Filters: Filters | None = None,
) -> Params:
    """List the zones of this Region."""
    zones = catalog.zones(call.region)
    for name in ZoneNames or ():
        if name not in [zone for zone, _ in zones]:
            raise invalid(f"Invalid availability zone: [{name}]")
    found = [
        {
            "ZoneName": zone,
            "ZoneId": zone_id,
            "RegionName": call.region,
            "State": "available",
            "ZoneType": "availability-zone",
            "OptInStatus": "opt-in-not-required",
            "GroupName": call.region,
            "NetworkBorderGroup": call.region,
            "Messages": [],
        }
        for zone, zone_id in zones
        if (not ZoneNames or zone in ZoneNames) and (not ZoneIds or zone_id in ZoneIds)
    ]
    known: dict[str, Values] = {
        "zone-name": lambda each: [each["ZoneName"]],
        "zone-id": lambda each: [each["ZoneId"]],
        "region-name": lambda each: [each["RegionName"]],
        "state": lambda each: [each["State"]],
    }
    return {"AvailabilityZones": _kept(found, Filters, known)}


@op("DescribeImages", readonly=True)
def describe_images(
    call: Call,
    *,
    ImageIds: list[str] | None = None,
    Owners: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List Amazon's images the lab knows; you have none of your own."""
    found = [
        {
            "ImageId": each.image_id,
            "Name": each.name,
            "Description": each.description,
            "CreationDate": each.created,
            "Architecture": "x86_64",
            "Hypervisor": "xen",
            "ImageLocation": f"amazon/{each.name}",
            "ImageOwnerAlias": "amazon",
            "ImageType": "machine",
            "OwnerId": "137112412989",
            "PlatformDetails": "Linux/UNIX",
            "Public": True,
            "RootDeviceName": "/dev/xvda",
            "RootDeviceType": each.root,
            "State": "available",
            "UsageOperation": "RunInstances",
            "VirtualizationType": "hvm",
            "EnaSupport": True,
        }
        for each in catalog.images(call.region)
    ]
    for image_id in ImageIds or ():
        if image_id not in [each["ImageId"] for each in found]:
            raise AwsError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
    found = [each for each in found if not ImageIds or each["ImageId"] in ImageIds]
    found = [each for each in found if not Owners or {"amazon", "137112412989"} & set(Owners)]
    known: dict[str, Values] = {
        "name": lambda each: [each["Name"]],
        "image-id": lambda each: [each["ImageId"]],
        "architecture": lambda each: [each["Architecture"]],
        "state": lambda each: [each["State"]],
        "owner-alias": lambda each: [each["ImageOwnerAlias"]],
        "virtualization-type": lambda each: [each["VirtualizationType"]],
        "root-device-type": lambda each: [each["RootDeviceType"]],
    }
    items, token = page(_kept(found, Filters, known), MaxResults, NextToken, least=1)
    return clean({"Images": items, "NextToken": token})


@op("DescribeInstanceTypes", readonly=True)
def describe_instance_types(
    call: Call,
    *,
    InstanceTypes: list[str] | None = None,
    Filters: Filters | None = None,
    MaxResults: int | None = None,
    NextToken: str | None = None,
) -> Params:
    """List the instance types the lab knows."""
    for name in InstanceTypes or ():
        if name not in catalog.TYPES:
            raise NotModelled(f"The instance type {name!r}", f"Modeled types: {', '.join(catalog.TYPES)}.")
    found = [
        _type(each) for each in catalog.TYPES.values() if not InstanceTypes or each.name in InstanceTypes
    ]
    known: dict[str, Values] = {
        "instance-type": lambda each: [each["InstanceType"]],
        "burstable-performance-supported": lambda each: [str(each["BurstablePerformanceSupported"]).lower()],
        "instance-storage-supported": lambda each: [str(each["InstanceStorageSupported"]).lower()],
    }
    items, token = page(_kept(found, Filters, known), MaxResults, NextToken)
    return clean({"InstanceTypes": items, "NextToken": token})


def _type(kind: catalog.InstanceType) -> Params:
    return clean(
        {
            "InstanceType": kind.name,
            "CurrentGeneration": True,
            "FreeTierEligible": kind.name == "t3.micro",
            "SupportedUsageClasses": ["on-demand"],
            "SupportedRootDeviceTypes": ["ebs", "instance-store"] if kind.boots_from_store else ["ebs"],
            "SupportedVirtualizationTypes": ["hvm"],
            "BareMetal": False,
            "Hypervisor": "nitro",
            "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
            "VCpuInfo": {
                "DefaultVCpus": kind.vcpus,
                "DefaultCores": kind.cores,
                "DefaultThreadsPerCore": kind.vcpus // kind.cores,
            },
            "MemoryInfo": {"SizeInMiB": kind.memory_mib},
            "InstanceStorageSupported": kind.disk_gb > 0,
            "InstanceStorageInfo": {"TotalSizeInGB": kind.disk_gb} if kind.disk_gb else None,
            "NetworkInfo": {
                "MaximumNetworkInterfaces": kind.max_interfaces,
                "Ipv4AddressesPerInterface": kind.addresses_per_interface,
            },
            "BurstablePerformanceSupported": kind.is_burstable,
            "AutoRecoverySupported": True,
        }
    )
