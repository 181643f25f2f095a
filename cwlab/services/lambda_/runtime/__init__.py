"""Running a function's source, bounded and on virtual time. Knows nothing of the Lambda API.

    meter       how long an invocation has taken, and when it has taken too long
    instrument  source to code that reports to the meter as it runs
    output      what it prints
    clock       ``time`` and ``datetime`` on the invocation's time
    chance      ``random``, ``uuid`` and ``secrets`` from the world's seed
    system      ``os`` and ``sys`` of a machine that is not there
    tracing     ``traceback``: the frames of the function alone
    warn        ``warnings``, into its log
    growth      sums, products and ranges that would not fit, seen before they are made
    log         ``logging`` as Lambda's Python runtime sets it up
    aws         ``boto3`` whose calls go through the door, with the function's role
    names       which modules and builtins a function may use
    run         one invocation: source, event and context to an outcome

This keeps honest mistakes from harming the lab: an endless loop, a huge string, a print too many. It is no sandbox for
hostile code, since Python cannot be one from the inside. So a lab opened from a file runs no source it brought along
unless you say ``allow_code=True``.
"""
