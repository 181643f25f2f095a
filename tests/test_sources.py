"""``zip_source``: a function of the notebook as a zip that stands by itself."""

import io
import json
import zipfile

import pytest

import cwlab
from cwlab import BadInput, Lab
from cwlab.sources import zip_source

LIMIT = 5


def lonely(event, context):
    """Stands by itself."""
    import math

    def inner(n: int) -> float:
        return math.sqrt(n)

    squares = [inner(n) for n in range(event.get("n", 3))]
    return {"total": sum(squares), "again": lonely.__name__}


def greedy(event, context):
    return json.dumps({"limit": LIMIT, "event": event})


def defaulted(event, context, limit=LIMIT):
    return limit


def index_py(package: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        assert file.namelist() == ["index.py"]
        return file.read("index.py").decode()


def test_the_zip_holds_the_source_under_the_name_handler():
    namespace: dict = {}
    exec(index_py(cwlab.zip_source(lonely)), namespace)
    assert namespace["handler"] is namespace["lonely"] and namespace["handler"]({}, None)["total"] > 2


def test_the_bytes_are_always_the_same():
    assert zip_source(lonely) == zip_source(lonely)
    info = zipfile.ZipFile(io.BytesIO(zip_source(lonely))).infolist()[0]
    assert info.date_time == (1980, 1, 1, 0, 0, 0) and info.external_attr >> 16 == 0o644
    assert info.compress_type == zipfile.ZIP_STORED


def test_it_runs_in_the_lab():
    lab = Lab()
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = lab.client("iam").create_role(
        RoleName="fn",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    client = lab.client("lambda")
    client.create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": zip_source(lonely)},
    )
    said = json.loads(client.invoke(FunctionName="f", Payload=b'{"n": 2}')["Payload"].read())
    assert said == {"total": 1.0, "again": "lonely"}


@pytest.mark.parametrize(("function", "names"), [(greedy, "LIMIT, json"), (defaulted, "LIMIT")])
def test_names_of_the_notebook_are_refused_by_name(function, names):
    with pytest.raises(
        BadInput, match=rf"uses {names} from the notebook.*Import modules inside the function"
    ):
        zip_source(function)


def test_free_variables_are_refused_by_name():
    limit = 5

    def handler(event, context):
        return limit

    with pytest.raises(BadInput, match="uses limit from the function around it"):
        zip_source(handler)


@pytest.mark.parametrize("what", [lambda event, context: 1, len, Lab, 5, print])
def test_only_functions_made_with_def(what):
    with pytest.raises(BadInput, match="not a function defined with def"):
        zip_source(what)


def test_a_function_without_source_says_how_to_help_it():
    namespace: dict = {}
    exec("def handler(event, context): return 1", namespace)
    with pytest.raises(BadInput, match="no source to be found"):
        zip_source(namespace["handler"])


def test_text_is_taken_as_a_module():
    source = """
        LIMIT = 5

        def handler(event, context):
            return LIMIT
    """
    assert index_py(zip_source(source)).startswith("LIMIT = 5\n\ndef handler")
    with pytest.raises(BadInput, match="is not Python"):
        zip_source("def handler(:")
