"""What API Gateway keeps, for each account and Region: APIs by id; stages by (API id, name); the account's role."""

from __future__ import annotations

from cwlab.codec import record


@record
class Method:
    """A method of a resource, and what stands behind it."""

    verb: str  # GET …, or ANY
    integration: str | None = None  # MOCK, AWS_PROXY
    uri: str | None = None


@record
class Resource:
    """A path of an API."""

    id: str
    parent: str | None
    part: str
    path: str
    methods: tuple[Method, ...] = ()


@record
class Api:
    """A REST API."""

    id: str
    name: str
    description: str | None
    created_ms: int
    resources: tuple[Resource, ...]


@record
class Stage:
    """A stage serves the resources as they were when its deployment was made."""

    api: str
    name: str
    deployment: str
    created_ms: int
    updated_ms: int
    resources: tuple[Resource, ...]
    description: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    destination: str | None = None  # access log: the group's ARN
    format: str | None = None
    level: str = "OFF"  # execution log: OFF, ERROR, INFO
