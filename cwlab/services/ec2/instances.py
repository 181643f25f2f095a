"""The life of an instance: its states, what moves it from one to the next, its monitoring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cwlab.api import Call, handler
from cwlab.errors import AwsError
from cwlab.services.ec2 import catalog
from cwlab.services.ec2.addresses import public_ip
from cwlab.services.ec2.flow_logs import capture
from cwlab.services.ec2.interfaces import address_on, drop_interface
from cwlab.services.ec2.notices import announce
from cwlab.services.ec2.records import Instance, Interface, Since, StateChange
from cwlab.services.ec2.recovery import REBOOT_S, end_trouble
from cwlab.services.ec2.security_groups import checked_groups
from cwlab.services.ec2.support import Params, arns, missing, op
from cwlab.services.ec2.tags import GROUP_TAG
from cwlab.services.ec2.watching import in_sight, state_of
from cwlab.timeline import SECOND


def later(call: Call, what: str, instance_id: str, low_s: int, high_s: int) -> None:
    """Put the end of a transition on the agenda, a whole number of seconds away, drawn from the seed."""
    seconds = low_s + int(call.draw(what) * (high_s - low_s + 1))
    call.schedule(call.now_ms + seconds * SECOND, what, instance_id=instance_id)


def change(call: Call, instance: Instance, state: str, reason: str = "") -> Instance:
    """Put an instance into a state, as of now."""
    capture.settle(call)
    fresh = replace(instance, states=(*instance.states, StateChange(call.now_ms, state, reason)))
    call.table("instances")[instance.instance_id] = fresh
    announce(call, instance.instance_id, state)
    return fresh


@handler("ec2", "boot")
def boot(call: Call, *, instance_id: str) -> None:
    """A pending instance is running."""
    instance: Instance = call.table("instances")[instance_id]
    if instance.state == "pending":
        change(call, instance, "running")


@handler("ec2", "halt")
def halt(call: Call, *, instance_id: str) -> None:
    """A stopping instance has stopped; the public address AWS gave it is gone, an Elastic IP stays."""
    instance: Instance = call.table("instances")[instance_id]
    if instance.state != "stopping":
        return
    change(call, instance, "stopped", instance.states[-1].reason)
    if address_on(call, instance.interface_id) is None:
        nic = call.table("interfaces")[instance.interface_id]
        call.table("interfaces")[instance.interface_id] = replace(nic, public_ip=None)


@handler("ec2", "end")
def end(call: Call, *, instance_id: str) -> None:
    """A shutting-down instance is terminated, its network interface gone."""
    instance: Instance = call.table("instances")[instance_id]
    if instance.state == "shutting-down":
        change(call, instance, "terminated", instance.states[-1].reason)
        drop_interface(call, instance.interface_id)


def several(call: Call, ids: Iterable[str]) -> list[Instance]:
    """Instances by id, all of which must be in sight.

    Raises:
        AwsError: one of them is not.
    """
    ids = list(dict.fromkeys(ids))
    gone = [
        each
        for each in ids
        if each not in call.table("instances") or not in_sight(call, call.table("instances")[each])
    ]
    if gone:
        raise missing("instances", *gone)
    return [call.table("instances")[each] for each in ids]


def _moved(before: Instance, after: Instance) -> Params:
    return {
        "InstanceId": before.instance_id,
        "CurrentState": state_of(after.state),
        "PreviousState": state_of(before.state),
    }


def _wrong_state(instance: Instance, verb_text: str) -> AwsError:
    return AwsError(
        "IncorrectInstanceState",
        f"The instance '{instance.instance_id}' is not in a state from which it can be {verb_text}.",
    )


def tell_group(call: Call, instance_id: str, *, grace: bool = False) -> bool:
    """Tell Auto Scaling that a member of a group is no longer healthy, unless it was Auto Scaling who acted.

    Args:
        grace: let the group pass over it within its grace period.

    Returns:
        Whether there was a group to tell.
    """
    if GROUP_TAG not in call.table("tags").get(instance_id, {}) or "autoscaling" in call.principal.arn:
        return False
    said = {"InstanceId": instance_id, "HealthStatus": "Unhealthy", "ShouldRespectGracePeriod": grace}
    try:
        call.invoke("autoscaling", "SetInstanceHealth", said, service_principal="ec2.amazonaws.com")
    except AwsError:  # the group may be gone, the tag stays
        return False
    return True


_BY_USER = "User initiated"


def _reason(call: Call) -> str:
    return f"{_BY_USER} ({call.now.strftime('%Y-%m-%d %H:%M:%S')} GMT)"


@op("StartInstances", resource=arns("instance", "InstanceIds"))
def start_instances(call: Call, *, InstanceIds: list[str]) -> Params:
    """Start stopped instances: pending, then running, with a new public address unless they have an Elastic IP."""
    found = several(call, InstanceIds)
    for each in found:
        if each.state not in ("stopped", "pending", "running"):
            raise _wrong_state(each, "started")
    answers = []
    for each in found:
        after = each
        if each.state == "stopped":
            after = change(call, replace(each, launched_ms=call.now_ms), "pending")
            nic: Interface = call.table("interfaces")[each.interface_id]
            if nic.public_ip is None and each.auto_public_ip:
                call.table("interfaces")[each.interface_id] = replace(nic, public_ip=public_ip(call))
            later(call, "boot", each.instance_id, 20, 40)
        answers.append(_moved(each, after))
    return {"StartingInstances": answers}


@op("StopInstances", resource=arns("instance", "InstanceIds"))
def stop_instances(call: Call, *, InstanceIds: list[str], Force: bool = False) -> Params:
    """Stop running instances: stopping, then stopped after 30 to 60 seconds. Their metrics end with the running state."""
    found = several(call, InstanceIds)
    for each in found:
        if each.state not in ("running", "stopping", "stopped"):
            raise _wrong_state(each, "stopped")
        if catalog.root_of(each.image_id, call.region) != "ebs":
            raise AwsError(
                "UnsupportedOperation",
                f"The instance '{each.instance_id}' does not have an 'ebs' root device type and cannot be stopped.",
            )
    answers = []
    for each in found:
        after = each
        if each.state == "running":
            after = change(call, each, "stopping", _reason(call))
            for check in ("system", "instance"):  # it starts again on other hardware, and boots
                end_trouble(call, each.instance_id, check, 0)
            tell_group(call, each.instance_id)
            later(call, "halt", each.instance_id, 30, 60)
        answers.append(_moved(each, after))
    return {"StoppingInstances": answers}


@op("RebootInstances", resource=arns("instance", "InstanceIds"))
def reboot_instances(call: Call, *, InstanceIds: list[str]) -> None:
    """Restart the operating system of running instances; state, addresses and metrics go on.

    A failing instance status check passes again after a minute.
    """
    found = several(call, InstanceIds)
    for each in found:
        if each.state not in ("running", "pending"):
            raise _wrong_state(each, "rebooted")
    for each in found:
        end_trouble(call, each.instance_id, "instance", REBOOT_S)


@op("TerminateInstances", resource=arns("instance", "InstanceIds"))
def terminate_instances(call: Call, *, InstanceIds: list[str]) -> Params:
    """End instances for good: shutting-down, then terminated; their metrics stay until retention ends them."""
    found = several(call, InstanceIds)
    for each in found:
        if each.termination_protected and each.state not in ("shutting-down", "terminated"):
            raise AwsError(
                "OperationNotPermitted",
                f"The instance '{each.instance_id}' may not be terminated. Modify its 'disableApiTermination' "
                "instance attribute and try again.",
            )
    answers = []
    for each in found:
        after = each
        if each.state not in ("shutting-down", "terminated"):
            after = change(call, each, "shutting-down", _reason(call))
            tell_group(call, each.instance_id)
            later(call, "end", each.instance_id, 30, 60)
        answers.append(_moved(each, after))
    return {"TerminatingInstances": answers}


@op("ModifyInstanceAttribute", resource=arns("instance", "InstanceId"))
def modify_instance_attribute(
    call: Call,
    *,
    InstanceId: str,
    Groups: list[str] | None = None,
    DisableApiTermination: dict[str, bool] | None = None,
) -> None:
    """Change an instance's security groups or its protection from termination."""
    (instance,) = several(call, [InstanceId])
    if Groups is not None:
        ids = checked_groups(call, call.table("subnets")[instance.subnet_id], Groups, None)
        instance = replace(instance, group_ids=ids)
        nic = call.table("interfaces")[instance.interface_id]
        call.table("interfaces")[instance.interface_id] = replace(nic, group_ids=ids)
    if DisableApiTermination is not None:
        instance = replace(instance, termination_protected=DisableApiTermination["Value"])
    call.table("instances")[InstanceId] = instance


@op("MonitorInstances", resource=arns("instance", "InstanceIds"))
def monitor_instances(call: Call, *, InstanceIds: list[str]) -> Params:
    """Switch detailed (one-minute) monitoring on."""
    return _monitor(call, InstanceIds, "detailed", "pending", "enabled")


@op("UnmonitorInstances", resource=arns("instance", "InstanceIds"))
def unmonitor_instances(call: Call, *, InstanceIds: list[str]) -> Params:
    """Go back to basic (five-minute) monitoring."""
    return _monitor(call, InstanceIds, "basic", "disabling", "disabled")


def _monitor(call: Call, ids: list[str], level: str, changing: str, there: str) -> Params:
    answers = []
    for each in several(call, ids):
        if each.state == "terminated":
            raise _wrong_state(each, "monitored")
        state = there
        if each.monitoring[-1].value != level:
            history = (*each.monitoring, Since(call.now_ms, level))
            call.table("instances")[each.instance_id] = replace(each, monitoring=history)
            state = changing
        answers.append({"InstanceId": each.instance_id, "Monitoring": {"State": state}})
    return {"InstanceMonitorings": answers}
