"""The codec: what goes in comes out, and a file can hold nothing that runs."""

import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab.codec import Decoder, Encoder, record
from cwlab.errors import CorruptSave

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
    | st.datetimes(datetime(1980, 1, 1), timezones=st.just(UTC)) | st.frozensets(st.text()),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=12,
)  # fmt: skip


def there_and_back(value):
    encoder = Encoder()
    text = json.dumps(encoder.encode(value))
    return Decoder(encoder.columns()).decode(json.loads(text))


@given(PLAIN)
def test_plain_values_come_back_equal_and_of_the_same_type(value):
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


def test_floats_that_json_lacks():
    assert there_and_back(math.inf) == math.inf
    assert math.isnan(there_and_back(math.nan))


@record
class Point:
    x: int
    tags: tuple[str, ...] = ()
    column: object = None


def test_records_come_back_as_records_with_their_columns():
    point = Point(3, ("a",), np.arange(6.0).reshape(2, 3))
    back = there_and_back([point, Point(4, (), np.array([7.0]))])
    assert back[0].x == 3
    assert back[0].tags == ("a",)
    assert np.array_equal(back[0].column, point.column)
    assert np.array_equal(back[1].column, [7.0])
    assert not back[0].column.flags.writeable


def test_what_is_not_data_is_refused_when_it_is_written():
    with pytest.raises(TypeError, match="may not live in a table"):
        Encoder().encode(lambda: 1)
    with pytest.raises(TypeError, match="may not live in a table"):
        Encoder().encode(object())


@pytest.mark.parametrize(
    "value",
    [
        {"$r": "os.system", "v": ["true"]},
        {"$r": "test_codec.Point", "v": [1, 2, 3, 4, 5]},
        {"$a": ["<f8", 0, [3]]},
        {"$a": ["<f8", -5, [1]]},
        {"$b": "no base64!"},
        {"$unknown": 1},
        {"$t": 3},
    ],
)
def test_a_strange_mark_is_a_corrupt_file(value):
    with pytest.raises(CorruptSave):
        Decoder({"<f8": np.arange(2.0)}).decode(value)
