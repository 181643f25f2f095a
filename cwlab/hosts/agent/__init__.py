"""The CloudWatch agent on a machine.

    config.py, metrics_config.py   its JSON configuration, checked as the agent checks it, as records
    schema.py       the checks of single values, with their paths
    records.py      what tables keep
    names.py        names of groups and streams: defaults and placeholders
    regex.py, regex_syntax.py   its regular expressions (RE2's kind), in one pass whatever they say
    lines.py        lines become events: several lines to one, times, filters, sizes; pure
    batches.py      events become batches that PutLogEvents takes; pure
    shipping.py     files are read and sent, and sent again; what is where is kept
    calls.py        its calls: by its machine's route, with the credentials that are on it
    words.py        its own log
    inside.py       what memory, disks and processes are doing; pure
    statsd.py       StatsD lines; pure
    measuring.py    metrics are taken and published
    verbs.py        started, stopped
    front.py        ``host.agent``: what you hold

Source: CloudWatch User Guide, "Manually create or edit the CloudWatch agent configuration file"; words of its log as the
agent's public source has them.
"""
