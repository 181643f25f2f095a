"""The agent's regular expressions: as Python's `re` finds them, but never slow."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwlab import BadInput
from cwlab.hosts.agent.regex import Regex

atoms = st.sampled_from(
    ["a", "b", "c", ".", "[ab]", "[^a]", r"\d", r"\w", r"\S", r"\b", "^", "$", "(?:ab)", "1", " ", "(?i:A)"]
)
quantified = st.tuples(atoms, st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{0,}", "*?"])).map(
    lambda pair: pair[0] if pair[0] in ("^", "$", r"\b") else "".join(pair)
)
rows = st.lists(quantified, min_size=1, max_size=4).map("".join)
expressions = st.recursive(
    rows,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("|".join), st.tuples(inner, rows).map(lambda p: f"({p[0]})+{p[1]}")
    ),
    max_leaves=4,
)


@given(expressions, st.text("abcA1 _-", max_size=8))
def test_it_finds_what_re_finds(expression, text):
    assert Regex(expression).search(text) == (re.search(expression.replace("$", r"\Z"), text) is not None)


@pytest.mark.parametrize(
    "expression", [r"^(a+)+$", r"(a|a)*b", r"a*a*a*a*a*a*a*a*b", r"(.*)*x", r"(a?){50}b"]
)
def test_no_expression_is_slow(expression):
    assert not Regex(expression).search("a" * 5_000 + "c")


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        (r"P(UT|OST)", "a POST", True),
        (r"[[:digit:]]+\.", "v 12.", True),
        (r"[[:^alpha:]]", "abc", False),
        (r"\Qa.b\E", "axb", False),
        (r"\Qa.b\E", "a.b", True),
        (r"(?i)error", "An ERROR", True),
        (r"(?P<code>4\d\d)", "x 404", True),
        (r"\x41\x{1F600}", "A😀", True),
        (r"[]x]", "]", True),
        (r"[a\-z]", "-", True),
        (r"a{,2}", "a{,2}", True),
        (r"(?m)^b", "a\nb", True),
        (r"^b", "a\nb", False),
        (r"(?s)a.b", "a\nb", True),
        (r"a.b", "a\nb", False),
        ("plain", "a plain line", True),
        ("", "", True),
    ],
)
def test_what_it_knows(expression, text, found):
    assert Regex(expression).search(text) is found


@pytest.mark.parametrize(
    "expression",
    [r"(a)\1", "a(?=b)", "(?<=a)b", "a**", "(", ")", "[a", "[b-a]", "*a", "a\\", r"\y", "a{1001}", "(((a{99}){99}){99})",
     "(" * 60 + ")" * 60, "[[:moon:]]", r"\x{zz}", "(?P<a", "a{3,2}"],
)  # fmt: skip
def test_what_it_refuses(expression):
    with pytest.raises(BadInput, match="RE2"):
        Regex(expression)
