"""What EC2 tells EventBridge: an instance has changed its state.

Source: EventBridge User Guide, "Events from Amazon EC2"; EC2 User Guide, "State change events for your instances".
"""

from __future__ import annotations

import contextlib
import json

from cwlab.api import Call
from cwlab.errors import AwsError, Unreachable
from cwlab.services.ec2.support import resource_arn

SERVICE = "ec2.amazonaws.com"


def announce(call: Call, instance_id: str, state: str) -> None:
    """Put a state-change event on the account's default bus. What EventBridge does with it is no matter of EC2's."""
    entry = {
        "Source": "aws.ec2",
        "DetailType": "EC2 Instance State-change Notification",
        "Resources": [resource_arn(call, "instance", instance_id)],
        "Detail": json.dumps({"instance-id": instance_id, "state": state}),
    }
    with contextlib.suppress(AwsError, Unreachable):  # EventBridge may be broken on purpose
        call.invoke("events", "PutEvents", {"Entries": [entry]}, service_principal=SERVICE)
