"""What AWS has and this version has not is refused by name. The documented queries are in test_documented.py."""

import pytest

from tests.services.logs.insights.asking import MINUTE, START, query, refused  # noqa: F401


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("fields @data_format", "@data_format"),
    ],
)
def test_what_is_not_modeled_is_refused_by_name(text, word):
    error = refused(text)
    assert word in error.mistake.name
    assert "not modeled" in error.mistake.name
