"""Lambda: functions that really run, on the world's time and chance.

``lambda`` is a keyword of Python, so this folder's name ends in an underscore; boto3's name for the service stays ``lambda``.

    records        what is stored: functions, versions, aliases, environments
    package        the zip: what may be in it, its hash
    functions      create, read, update, list, delete
    versions       published versions and aliases
    permissions    who may invoke: the function's own policy
    settings       reserved concurrency, event-invoke settings, tags, account settings
    invoke         Invoke, and one invocation from start to end
    asynchronous   the queue before a function: retries, dead letters, destinations
    traffic        events that will come, a verb
    mappings       event source mappings: a function fed from a queue
    journal        what one invocation writes: its log lines and its metrics
    runtime/       running the source: instrumented code, virtual modules, a bounded namespace
"""
