"""What AWS has and this version has not is refused by its name, at its place."""

import pytest

from cwlab.services.logs.insights import functions, mistakes
from tests.services.logs.insights.asking import refused


@pytest.mark.parametrize("name", sorted(mistakes.NOT_MODELED))
def test_commands(name):
    for word in (name, name.upper()):
        error = refused(f"fields a\n| {word} a")
        assert error.mistake.name == f"the command {word} is not modeled in this version of cwlab"
        assert error.text[error.at : error.end] == word


def test_functions():
    assert functions.NOT_MODELED
    for name in functions.NOT_MODELED:
        error = refused(f"fields a | filter b = {name}(a)")
        assert error.mistake.name == f"the function {name} is not modeled in this version of cwlab"
        assert error.text[error.at : error.end] == f"{name}(a)"


def test_system_fields():
    error = refused("fields @data_format")
    assert error.mistake.name.startswith("@data_format") and "not modeled" in error.mistake.name
