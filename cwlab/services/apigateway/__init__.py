"""API Gateway: REST APIs with stages, their access logs and execution logs, and requests to them.

records     what an API, a resource, a method, a stage is
apis        APIs, resources, methods, integrations, deployments
stages      stages: where and what they log; the account's CloudWatch role
logformat   access log lines from a format with ``$context`` variables (pure)
requests    requests, which are no AWS API: the verbs ``request`` and ``traffic``
logging     writes the lines, with the account's role

Integrations: MOCK, and AWS_PROXY to a Lambda function. Not modeled, and refused by name: authorizers, API keys, models,
validators, canaries, caches, HTTP and VPC integrations, Firehose as destination.
"""
