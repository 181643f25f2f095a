"""The topic of lab 00: what a lab is, the time machine, how to learn with it."""

from __future__ import annotations

from cwlab.learn import Choice, Exercise, Fresh, Outcome, Topic
from cwlab.learn.worlds import sums

SHOP = "Shop"


def five_minutes_later(fresh: Fresh) -> str:
    """Whether three orders sent now can be read after five minutes, without anybody waiting for them."""
    world = fresh()
    world.client("cloudwatch").put_metric_data(
        Namespace=SHOP, MetricData=[{"MetricName": "Orders", "Value": 3, "Unit": "Count"}]
    )
    before = world.now
    world.advance(minutes=5)
    moved = (world.now - before).total_seconds() == 300
    return "B" if moved and sums(world, SHOP, "Orders") == [3.0] else "A"


def check_orders(answer: dict) -> Outcome:
    """Send the answer as one datum to a fresh world and read it back after a minute."""
    from cwlab import Lab

    world = Lab()
    world.client("cloudwatch").put_metric_data(Namespace=SHOP, MetricData=[answer])
    world.advance(minutes=1)
    total = sum(sums(world, SHOP, "Orders"))
    return Outcome.compare(f"{total:g} orders in {SHOP}", f"7 orders in {SHOP}")


TOPIC = Topic(
    name="start",
    notebook="00-start",
    title="Start here",
    why="CloudWatch explained by using it: real calls, a clock you turn yourself, no account and no bill.",
    minutes=10,
    abilities=(
        "move a world through time, and back",
        "learn with a lab: predict, run, see, explain, change",
        "read your progress map",
    ),
    predictions=(
        Choice(
            id="start.m1",
            asks="You send three orders, then run `world.advance(minutes=5)`. How long do you sit and wait, and what is there then?",
            options={
                "A": "five minutes; then the three orders",
                "B": "no time at all; the clock jumps, and the three orders are there",
                "C": "no time at all; but the orders take five real minutes to arrive",
            },
            truth=five_minutes_later,
            why="Time in a lab is a number that only you move; whatever would happen in those five minutes happens at "
            "once, in the right order. Anyone who has watched a real console load expects to wait.",
            about="virtual time",
            source="the lab itself: cwlab/timeline.py",
        ),
    ),
    exercises=(
        Exercise(
            id="start.e1",
            asks="Complete the datum so that the shop reports seven orders.",
            starter='answer = {"MetricName": "Orders", "Value": ..., "Unit": "Count"}\nlab.check("e1", answer)',
            solution='answer = {"MetricName": "Orders", "Value": 7, "Unit": "Count"}',
            why="A datapoint carries one value; a minute's sum is what was sent in it.",
            another_way='`"Values": [7]` or `"Values": [1], "Counts": [7]` in place of `"Value": 7` add up to the same sum.',
            hints=("Which field holds the number?", 'Replace the `...` after "Value".', "The value is 7."),
            mistakes={
                "the example's value": (
                    {"MetricName": "Orders", "Value": 3, "Unit": "Count"},
                    "Three was the example above; this shop has seven.",
                ),
                "another name": (
                    {"MetricName": "Order", "Value": 7, "Unit": "Count"},
                    "The name is part of what a metric is: `Order` and `Orders` are two metrics.",
                ),
            },
            check=check_orders,
        ),
    ),
    glossary={
        "virtual clock": "the lab's own time; it stands until you move it",
        "world": "everything a lab holds: accounts, Regions, metrics, and its clock",
        "fork": "an independent copy of a world; both go on from the same instant",
        "rewind": "going back in time; what came later is dropped",
        "journal": "every call, its answer, and every move of the clock, in order",
        "twin": "the line of Python that does what a control does",
    },
    recap=(
        "The calls in a lab are real boto3 calls; a model answers them.",
        "Time stands until you move it.",
        "Predict first: a wrong guess is how you notice a rule.",
        "Everything can be run again, rewound and forked; you cannot break anything.",
        "Your progress stays in your folder, and in a token you can copy.",
    ),
    next="metrics",
)
