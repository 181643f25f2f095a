"""EventBridge: buses, rules with patterns and schedules, targets, delivery.

``operations`` says what the API has, in four short files: ``buses``, ``rules``, ``targets``, ``publish``. The rules of the
service stand apart, pure: ``pattern`` (what a pattern may say), ``operators`` (its leaves), ``matching`` (does an event
match, and why not), ``shaping`` (what a target is sent). ``delivery`` brings events to their targets, with retries and a
dead-letter queue. Schedules are in ``cwlab.schedule``.
"""
