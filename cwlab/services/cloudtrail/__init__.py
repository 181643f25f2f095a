"""CloudTrail: who called what, read from the lab's own journal.

planes      which calls CloudTrail logs: management events; data events it does not, by default
reading     the journal, as CloudTrail reads it: cursor and order
events      one journal entry as an event record, the JSON that AWS documents
records     what a trail is
trails      make, change, list, delete trails; switch logging on and off
selectors   which events a trail wants
delivery    every five minutes: to a log group and to a bucket
lookup      LookupEvents: the last 90 days, without any trail
"""
