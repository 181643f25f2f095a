"""Logs Insights queries: started, followed over virtual time, their results read.

    records     a query and what it answers; its status at an instant
    choosing    which groups a request reads, in one of the ways it can name them
    classes     what a group's log class takes away from the language
    scanning    the events of a group in a window
    inputs      what the tables of a statement hold
    starting    StartQuery
    results     GetQueryResults, StopQuery, DescribeQueries
    pointers    ``@ptr`` and GetLogRecord
    fields      GetLogGroupFields

What a query answers is settled when it starts, from the events then there; it is Scheduled, then Running, then Complete
as the clock moves. Source: API reference StartQuery, GetQueryResults, StopQuery, DescribeQueries.
"""

from cwlab.services.logs.queries import fields, pointers, results, starting

__all__ = ["fields", "pointers", "results", "starting"]
