"""CloudWatch Logs: groups, streams and the events in them.

    operations.py   what is declared to the door, by module
    records.py      the immutable records that tables hold
    chunk.py        events in columns: times, places, text
    store.py        the events of one stream: a value that grows and that forks share
    ingest.py       the rules of a PutLogEvents batch, pure
    reading.py      windows, merging and pages over many streams, pure
    groups.py, streams.py, events.py, tags.py, policies.py, keys.py   the operations
    pattern/        the filter pattern language, pure
    observing.py    what a metric filter makes of a batch, pure
    metric_filters.py, emf.py, publishing.py   metrics out of logs
    indexing.py, indexes.py   field indexes: what policies ask for, and when; account_policies.py for all groups
    protection/     data protection: what is sensitive, masked wherever it leaves
    history.py      what a policy said when an event came in, pure
    lookups.py, lookup_tables.py   the tables that queries look fields up in
    insights/       the query language of Logs Insights, on DuckDB
    queries/, query_definitions.py   queries over virtual time, and saved ones

Source: CloudWatch Logs User Guide and API Reference.
"""
