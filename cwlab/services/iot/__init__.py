"""AWS IoT Core: topic rules with the cloudwatchLogs action, fed by what devices publish.

topics      topic filters and the part of IoT SQL that is modeled (pure)
rules       CreateTopicRule and its family
messages    a message arrives: the verbs ``message`` and ``traffic``, and ``iot-data:Publish``, which ends there

Modeled: ``SELECT * FROM 'filter'``, and the action cloudwatchLogs with and without batchMode. All else is refused by name:
things, certificates, shadows, jobs, other actions, error actions, other SQL.
"""
