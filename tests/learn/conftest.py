"""A tiny topic to test the learning kit with: it asks only about the clock."""

from __future__ import annotations

import pytest

from cwlab import Lab
from cwlab.learn import Choice, Exercise, Mark, Number, Option, Outcome, Topic, Trap
from cwlab.learn.progress import Store
from cwlab.learn.session import LearnSession
from cwlab.timeline import iso


def _minute_hand(fresh):
    lab = fresh()
    lab.advance(hours=1)
    return "A" if lab.now.minute == lab.start.minute else "B"


def _hours(fresh):
    lab = fresh()
    lab.advance(minutes=90)
    return (lab.now - lab.start).total_seconds() / 3600


def _later(fresh):
    lab = fresh()
    lab.advance(minutes=20)
    return lab.now


def _check(answer):
    lab = Lab()
    lab.advance(**answer)
    return Outcome.compare(iso(lab.world.timeline.now_ms), "2026-03-02T10:00:00Z")


@pytest.fixture(scope="session")
def topic() -> Topic:
    return Topic(
        name="sample",
        notebook="99-sample",
        title="The clock",
        why="Time is a number you set.",
        minutes=3,
        abilities=("move the clock", "read it", "trust it"),
        opening=Choice(
            id="sample.opening",
            asks="After an hour, where is the minute hand?",
            options={"A": "where it was", "B": "elsewhere"},
            truth=_minute_hand,
            why="An hour is a whole turn.",
            about="hours",
            points=("M18",),
        ),
        predictions=(
            Number(
                id="sample.m1",
                asks="How many hours are 90 minutes?",
                unit="hours",
                low=0,
                high=4,
                within=0.1,
                truth=_hours,
                why="Sixty minutes make an hour.",
                about="hours",
                source="Sumer",
                points=("M18", "M19"),
            ),
            Mark(
                id="sample.m2",
                asks="When is it 20 minutes later?",
                start="2026-03-02T09:00:00Z",
                end="2026-03-02T10:00:00Z",
                truth=_later,
                why="Minutes add up.",
                about="minutes",
                points=("M20",),
            ),
        ),
        exercises=(
            Exercise(
                id="sample.e1",
                asks="Move the clock by an hour.",
                starter='answer = {"minutes": ...}\nlab.check("e1", answer)',
                solution='answer = {"minutes": 60}',
                why="An hour has 60 minutes.",
                another_way='`{"hours": 1}`',
                hints=("How many minutes?", "Count them.", "It is 60."),
                mistakes={
                    "seconds": ({"minutes": 1}, "That is a minute: 60 seconds, not 60 minutes."),
                    "a day": ({"hours": 24}, "That is a whole day."),
                },
                check=_check,
                points=("M21",),
            ),
        ),
        traps=(
            Trap(
                id="sample.t1",
                asks="Time on the lab's clock passes",
                options={
                    "A": Option("by itself", False, "It stands until you move it."),
                    "B": Option("when you advance it", True, "Only then."),
                },
                proof="before = lab.now\nassert lab.now == before",
                points=("M22",),
            ),
        ),
        glossary={"virtual clock": "the lab's own time"},
        recap=("One.", "Two.", "Three.", "Four.", "Five."),
        on_aws={"Price": "An hour costs an hour."},
        aws_code="import boto3",
        points=("M18", "M19"),
    )


@pytest.fixture
def session(topic: Topic) -> LearnSession:
    """A session that keeps its progress in memory."""
    return LearnSession(topic, Lab, Store(None))
