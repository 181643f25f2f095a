"""Mistakes by the words people write: each is told by its own name, with what to write instead, at its place."""

from __future__ import annotations

import pytest

from cwlab.services.logs.insights.compile import compiled
from cwlab.services.logs.insights.errors import QueryError
from cwlab.services.logs.insights.parse import commands, parse

BESIDE = "two things side by side"


def refused(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        compiled(parse(text), 0)
    return caught.value


@pytest.mark.parametrize(
    ("text", "place", "name", "remedy"),
    [
        ("fields @timestamp @message", "@message", BESIDE, "comma"),
        ("limit 10 20", "20", BESIDE, "|"),
        ("sort a desc asc", "asc", BESIDE, "|"),
        ("filter a = 1 b = 2", "b = 2", BESIDE, "|"),
        ("stats count(*) group by a", "group", "group by, which is SQL", "stats count(*) by"),
        ("fields a order by a", "order", "order by, which is SQL", "sort field"),
        ("stats count(*) having n > 1", "having", "having, which is SQL", "filter n > 5"),
        ("filter a is not null", "is", "no such operator", "ispresent"),
        ("filter a between 1 and 2", "between", "no such operator", "a >= 1 and"),
        ("filter a contains 'x'", "contains", "no such operator", "like"),
        ("filter a == 1", "= 1", "no such operator", "!="),
        ("filter a <> 1", "> 1", "no such operator", "!="),
        ("filter a = 1 || b = 2", "| b", "no such operator", "Write or"),
        ("fields *", "*", "a star for all fields", "@message"),
        ("fields [1, 2]", "[1", "a command without anything to work on", "Name a field"),
        ("parse @message /(?<x>a)/ y", "y", BESIDE, "comma"),
        ("filter a in [ | limit 1", "| limit", "a parenthesis or bracket that is not closed", "Close it"),
        ('filter a in ["b",]', "]", "a comma too many", "Take it out"),
        ("fields abs(a,)", ")", "a comma too many", "Take it out"),
        ("filter a in []", "]", "in with an empty list", 'in ["a"]'),
        ("parse @message /(?<x>a)/ as y", "as y", "as after an expression", "(?<user>"),
        ('parse "user=*"', "", "parse without names for its *", "as user"),
        ("stats count(*) by bin(5x)", "5x", "a number with letters behind it", "ms, s, m"),
        ("stats max(avg(a))", "avg(a)", "avg inside max", "a stats of its own"),
        ("stats count(*) | diff", "diff", "diff after stats", "before stats"),
        ("stats count(*) | pattern a", "pattern", "pattern after stats", "before stats"),
        ("stats countDistinct(a)", "countDistinct", "no function countdistinct", "count_distinct"),
        ("fields nothingLike(a)", "nothingLike", "no function nothinglike", "Check"),
        ("SOURCE loggroups(prefix: ['a'])", "prefix", "no keyword of logGroups: prefix", "namePrefix"),
    ],
)
def test_a_mistake_has_its_own_name(text, place, name, remedy):
    error = refused(text)
    assert error.mistake.name == name
    assert remedy in error.mistake.remedy
    assert text[error.at :].startswith(place)


@pytest.mark.parametrize("word", sorted(commands()))
def test_a_command_behind_another_lacks_a_line_between(word):
    assert refused(f"fields a {word} b").mistake.name == "two commands without | between them"


@pytest.mark.parametrize("before", ["sort n", "limit 5"])
def test_sort_and_limit_stand_behind_the_second_stats(before):
    first, second = "stats count(*) as n by n", "stats max(n)"
    for text in (f"{before} | {first} | {second}", f"{first} | {before} | {second}"):
        error = refused(text)
        assert error.mistake.name == "sort or limit before the second stats"
        assert text[error.at :] == second
    assert compiled(parse(f"{before} | {first}"), 0).sql
    assert compiled(parse(f"{first} | {second.replace('n)', 'n) as n')} | {before}"), 0).sql


def test_a_column_of_stats_may_be_named_by_its_text():
    assert compiled(
        parse("stats sum(a) - max(b), avg(a) by c | stats max(sum(a) - max(b)), min(avg(a))"), 0
    ).sql


def test_keywords_of_source_are_read_in_any_case():
    (first, *_) = parse("source LOGGROUPS(NamePrefix: ['/a'], CLASS: ['STANDARD']) | limit 1").commands
    assert (first.prefixes, first.classes) == (("/a",), ("STANDARD",))
