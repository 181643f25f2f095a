"""The agent's calls: through the door as its machine, by its route, with the credentials that are on it."""

from __future__ import annotations

from typing import Any

from cwlab.api import Call, Request
from cwlab.errors import AwsError, BadInput, Unreachable
from cwlab.hosts.agent.records import Agent
from cwlab.hosts.machine import Machine, key_owner

HOSTS = {"cloudwatch": "monitoring", "logs": "logs", "ssm": "ssm", "sts": "sts"}
NO_CREDENTIALS = (
    "NoCredentialProviders: no valid providers in chain. Deprecated.\n"
    "\tFor verbose messaging see aws.Config.CredentialsChainVerboseErrors"
)


class Failed(Exception):
    """A call of the agent has failed.

    Args:
        code: what went wrong: an AWS error's code, or RequestError or NoCredentialProviders.
        text: as the agent's log has it.
    """

    def __init__(self, code: str, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


def send(
    call: Call,
    machine: Machine,
    agent: Agent,
    service: str,
    operation: str,
    params: dict[str, Any],
    *,
    role: str = "",
    endpoint: str = "",
) -> dict[str, Any]:
    """Make one call and return its answer.

    Args:
        role: a role to take on first, of this or another account.
        endpoint: the host name of an ``endpoint_override``.

    Raises:
        Failed: it never arrived, or was refused.
    """
    world, region = call.world, agent.region
    try:
        principal = machine.credentials(agent.access_key or None)
        if principal is None:
            raise Failed("NoCredentialProviders", NO_CREDENTIALS)
        if role:
            answer = send(
                call,
                machine,
                agent,
                "sts",
                "AssumeRole",
                {"RoleArn": role, "RoleSessionName": machine.key.replace(" ", "-")},
            )
            principal = key_owner(world, answer["Credentials"]["AccessKeyId"])
        request = Request(
            service,
            operation,
            params,
            principal,
            principal.account,
            region,
            source=f"{machine.source}@{endpoint}" if endpoint else machine.source,
            depth=call.request.depth + 1,
        )
        return world.door(request)
    except Unreachable as problem:
        host = endpoint or f"{HOSTS[service]}.{region}.amazonaws.com"
        how = (
            f"dial tcp: lookup {host}: no such host"
            if problem.dns
            else f"dial tcp {host}:443: i/o timeout ({problem.reason})"
        )
        text = f'RequestError: send request failed\ncaused by: Post "https://{host}/": {how}'
        raise Failed("RequestError", text) from None
    except AwsError as problem:
        status = f"\n\tstatus code: {problem.status}, request id: {call.world.mark('agent').hex()[:12]}"
        raise Failed(problem.code, f"{problem.code}: {problem.message}{status}") from None
    except BadInput as problem:  # its role is not there
        raise Failed("NoCredentialProviders", f"{NO_CREDENTIALS}\n\t{problem}") from None
