"""The agent is started and stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cwlab.api import Call, verb
from cwlab.errors import BadInput
from cwlab.hosts.agent import config as configuration
from cwlab.hosts.agent import measuring, shipping
from cwlab.hosts.agent.calls import Failed, send
from cwlab.hosts.agent.names import Place
from cwlab.hosts.agent.records import Agent, Config
from cwlab.hosts.agent.words import VERSION, say
from cwlab.hosts.machine import Machine, machine_of


def place_of(machine: Machine) -> Place:
    """What a machine says of itself."""
    if not machine.is_instance:
        return Place("", machine.hostname, machine.private_ip, machine.region)
    record = machine.record
    return Place(
        machine.key,
        machine.hostname,
        machine.private_ip,
        machine.region,
        record.image_id,
        record.instance_type,
        machine.group,
    )


@verb("hosts", "agent_start")
def start(call: Call, *, source: str, config: Any, access_key: str = "") -> None:
    """Start a machine's agent with a configuration, or start it anew.

    Args:
        config: a dict, JSON, or "ssm:" and the name of a parameter.
        access_key: the id of an IAM user's access key, for machines without a role.

    Raises:
        BadInput: the agent refuses the configuration, or cannot fetch it; it does not start, and one that runs goes on.
        NotModelled: the configuration asks for something this lab has not.
    """
    machine = machine_of(call.world, source)
    if not machine.running:
        raise BadInput(machine.key, f"is {machine.state}: nothing on it runs.", "Start it first.")
    if isinstance(config, str) and config.startswith("ssm:"):
        config = _fetched(call, machine, config.removeprefix("ssm:"), access_key)
    found, text = configuration.parsed(config)
    settings, region = configuration.read(found, place_of(machine), machine.region)
    agents = call.world.table("", "", "hosts", "agents")
    before: Agent | None = agents.get(source)
    run = before.run + 1 if before is not None else 1
    agent = Agent(settings, text, region, access_key, True, call.now_ms, run)
    agents[source] = agent
    say(
        call,
        source,
        f"I! Starting AmazonCloudWatchAgent CWAgent/{VERSION} (go1.22.7; linux; amd64) with log file "
        "/opt/aws/amazon-cloudwatch-agent/logs/amazon-cloudwatch-agent.log with log target lumberjack",
        *(["I! [inputs.logfile] turned on logs plugin"] if settings.files else []),
    )
    shipping.begin(call, machine, agent)
    measuring.begin(call, machine, agent)


@verb("hosts", "statsd")
def received(call: Call, *, source: str, lines: list[str]) -> None:
    """StatsD lines are sent to the machine's port 8125.

    Raises:
        BadInput: not text.
    """
    if not isinstance(lines, list) or not all(isinstance(each, str) for each in lines):
        raise BadInput(lines, "are no StatsD lines.", 'Give "orders:1|c|#shop:web", or a list of such lines.')
    if machine_of(call.world, source).running:
        measuring.receive(call, source, [one for each in lines for one in each.splitlines() if one.strip()])


def _fetched(call: Call, machine: Machine, name: str, access_key: str) -> str:
    """A configuration kept in Parameter Store, fetched by the machine itself."""
    asking = Agent(Config(), "", machine.region, access_key, True, call.now_ms, 0)
    try:
        answer = send(call, machine, asking, "ssm", "GetParameter", {"Name": name})
    except Failed as problem:
        raise BadInput(
            f"ssm:{name}",
            f"the configuration cannot be fetched: {problem.text}",
            "Put it there with put_parameter, and let the machine's role read it (CloudWatchAgentServerPolicy lets it "
            "read names that begin with AmazonCloudWatch-).",
        ) from None
    return str(answer["Parameter"]["Value"])


@verb("hosts", "agent_stop")
def stop(call: Call, *, source: str) -> None:
    """Stop a machine's agent. How far it was with each file is kept.

    Raises:
        BadInput: none runs there.
    """
    agents = call.world.table("", "", "hosts", "agents")
    found: Agent | None = agents.get(source)
    if found is None or not found.running:
        raise BadInput(source, "has no agent that runs.", "Start it with host.agent.start(…).")
    agents[source] = replace(found, running=False)
    say(call, source, "I! Profiler is stopped during shutdown", "I! [agent] Stopping amazon-cloudwatch-agent")
