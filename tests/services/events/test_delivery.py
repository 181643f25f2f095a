"""From PutEvents to the target, through boto3 only."""

from __future__ import annotations

import json

import pytest

ORDERS = {"source": ["shop"]}


@pytest.mark.syllabus("A01")
def test_an_event_that_matches_comes_to_the_queue(lab, follow, put, queues):
    follow({"source": ["shop"], "detail": {"total": [{"numeric": [">", 100]}]}})
    event_id = put(detail={"total": 120.50}, Resources=["arn:x"])["EventId"]
    put(detail={"total": 20})
    assert queues.arrived() == []  # a few milliseconds later
    lab.advance(seconds=1)
    assert queues.arrived() == [
        {
            "version": "0",
            "id": event_id,
            "detail-type": "Order",
            "source": "shop",
            "account": "123456789012",
            "time": "2026-03-02T09:00:00Z",
            "region": "us-east-1",
            "resources": ["arn:x"],
            "detail": {"total": 120.5},
        }
    ]
