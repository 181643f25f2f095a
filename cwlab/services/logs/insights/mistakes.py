"""Mistakes of syntax by their name, each told by examples (Lark's ``match_examples``). The first that fits is named."""

from __future__ import annotations

import re

from cwlab.naming import Mistake

EMPTY = Mistake("nothing to run", "Write a command, such as fields @timestamp, @message.")
UNCLOSED = Mistake("a parenthesis or bracket that is not closed", "Close it after what belongs together.")
OPERATOR = Mistake(
    "an operator without its right side", "Write a field, a number or a string in quotes after it."
)
PATTERN = Mistake(
    "like without a pattern", 'Write a string, like "Error", or an expression, like /(?i)error/.'
)
LIST = Mistake("in without a list", 'Put the values into brackets on the right: in ["a", "b"].')
PIPE = Mistake("two commands without | between them", "Separate commands with |.")
SIDE_BY_SIDE = Mistake("two things side by side", "Write a comma, an operator or | between them.")
COMMAND = Mistake(
    "not a command",
    "Commands are fields, display, filter, filterIndex, stats, sort, limit, parse, dedup, unnest, lookup, join, pattern, diff, "
    "anomaly, unmask, estimate and, first, SOURCE, separated by |.",
)
OTHER = Mistake("not a query", "Check the words before this place.")
OTHER_CHARACTER = Mistake(
    "a character that means nothing here", "Take it out, or put the name into backticks."
)
CLOSING = Mistake("a closing sign that nothing opened", "Take it out, or open it earlier.")
COMMA = Mistake("a comma too many", "Take it out, or write what belongs after it.")
LEFT = Mistake(
    "an operator without its left side", "Write a field, a number or a string in quotes before it."
)
UNTERMINATED = Mistake("a string that is not closed", "Close it with the same quotation mark.")
NO_OPERATOR = Mistake("no such operator", "Comparisons are = != < <= > >=.")

BY_EXAMPLE: dict[Mistake, list[str]] = {
    EMPTY: ["", " "],
    Mistake("a | with no command after it", "Write a command after it, or take it out."): [
        "fields a |",
        "| fields a",
        "fields a | | limit 1",
    ],
    Mistake("a command without anything to work on", "Name a field or write an expression after it."): [
        "fields",
        "fields | limit 1",
        "display",
        "filter",
        "filter | limit 1",
        "stats",
        "stats | limit 1",
        "sort",
        "sort | limit 1",
        "dedup",
        "dedup | limit 1",
        "unmask",
        "unmask | limit 1",
        "filterIndex",
        "filterIndex | limit 1",
        "parse",
        "parse | limit 1",
    ],
    Mistake("lookup without what it looks for", "Write lookup table column as field OUTPUT column."): [
        "lookup",
        "lookup t",
        "lookup t | limit 1",
        "lookup t OUTPUT c",
        "lookup t k",
        "lookup t k | limit 1",
        "lookup t k as a",
        "lookup t k as a | limit 1",
        "lookup t k OUTPUT",
        "lookup t k OUTPUT | limit 1",
    ],
    Mistake("limit without a number", "Write how many rows: limit 20."): [
        "limit",
        "limit any",
        "limit any x",
        "limit x",
        "limit | sort a",
    ],
    Mistake("SOURCE without log groups", "Write SOURCE logGroups(namePrefix: ['/aws/lambda/'])."): [
        "SOURCE",
        "SOURCE | limit 1",
        "SOURCE 1",
        "SOURCE logGroups",
        "SOURCE logGroups | limit 1",
        "filter a in (SOURCE)",
        "filter a in (SOURCE | limit 1)",
    ],
    Mistake("a selection without its list", "Write values in brackets: namePrefix: ['/aws/lambda/']."): [
        "SOURCE logGroups(namePrefix: 'x')",
        "SOURCE logGroups(namePrefix: x)",
        "SOURCE logGroups(namePrefix = 'x')",
        "SOURCE logGroups(namePrefix)",
        "SOURCE logGroups(namePrefix:)",
        "SOURCE logGroups('x')",
    ],
    Mistake(
        "a join that lacks something",
        "Write join type=inner left=a right=b where a.key=b.key (SOURCE '/group').",
    ): [
        "join",
        "join | limit 1",
        "join left",
        "join left=",
        "join left=a right=b",
        "join left=a right=b | limit 1",
        "join left=a right=b (SOURCE 'x')",
        "join left=a right=b where",
        "join left=a right=b where a.k",
        "join left=a right=b where a.k=",
        "join left=a right=b where a.k=1",
        "join left=a right=b where a.k=b.k",
        "join left=a right=b where a.k=b.k | limit 1",
        "join left=a right=b where a.k=b.k SOURCE 'x'",
    ],
    Mistake("a subquery that does not begin with SOURCE", "Write in (SOURCE '/group' | fields x)."): [
        "filter a in (fields a)",
        "filter a in (",
        "filter a in ()",
        "join left=a right=b where a.k=b.k (fields a)",
        "join left=a right=b where a.k=b.k (",
        "join left=a right=b where a.k=b.k ()",
    ],
    Mistake("something behind estimate", "It stands alone and last: … | estimate."): [
        "estimate 1",
        "estimate a",
        "estimate limit 1",
    ],
    Mistake("by without a field", "Write what to group by: by bin(5m), status."): [
        "stats count(*) by",
        "stats count(*) by | limit 1",
    ],
    Mistake("as without a name", "Write the new name after it: as errors."): [
        "fields a as",
        "lookup t k as",
        "fields a as, b",
        "fields a as 1",
        'fields a as "x"',
        "fields a as | limit 1",
    ],
    Mistake("parse without names for its *", 'Name one field for each *: parse @message "user=*" as user.'): [
        'parse @message "a *"',
        'parse @message "a *" | limit 1',
        'parse "a *"',
        'parse "a *" | limit 1',
    ],
    Mistake("parse without a pattern", 'Write a glob, "user=*, *", or an expression with (?<name>…).'): [
        "parse @message",
        "parse @message | limit 1",
        "parse @message as x",
    ],
    COMMA: [
        "fields a,",
        "fields a,,b",
        "fields , a",
        "fields a, | limit 1",
        "sort a,",
        "dedup a,",
        "stats count(*),",
        "stats count(*) by a,",
    ],
    OPERATOR: [
        "filter a =",
        "filter a = | limit 1",
        "filter a >",
        "filter a = and b = 1",
        "filter a + ",
        "filter a *",
        "filter a /",
        "filter a ^",
        "filter a and",
        "filter a or",
        "filter not",
        "filter a and | limit 1",
        "filter a = = 1",
        "filter (a = )",
        "filter a == 1",
    ],
    PATTERN: [
        "filter a like",
        "filter a like b",
        "filter a not like",
        "filter a =~",
        "filter a like | limit 1",
    ],
    LIST: ["filter a in", "filter a in b", 'filter a in "b"', "filter a not in", 'filter a in ("b")'],
    Mistake("unnest without a name for an item", "Write unnest items into item."): [
        "unnest a",
        "unnest a into",
        "unnest a | limit 1",
        "unnest a as b",
    ],
    Mistake("an index that is no number", "Write which item, counted from 0: items[0]."): [
        "fields a[b]",
        'fields a["b"]',
        "fields a[]",
        "fields a[-1]",
    ],
    Mistake(
        "pattern without a field", "Name @message, a field that parse made, or a function that gives a text."
    ): [
        "pattern",
        "pattern | limit 1",
        'pattern "x"',
        "pattern 5",
    ],
    UNCLOSED: [
        "filter (a = 1",
        "filter (a = 1 | limit 1",
        "stats count(",
        "stats count(*",
        "stats count(a",
        "stats count(a | limit 1",
        'filter a in ["b"',
        "filter a in [",
        "filter f(a, b",
        "stats count( by b",
        "stats count(* by b",
        "stats count(a by b",
    ],
    PIPE: [
        "fields a limit 5",
        "fields a sort b",
        "filter a = 1 limit 5",
        "limit 5 sort a",
        "sort a desc limit 5",
        "fields a, b filter c",
        "stats count(*) by a sort b",
        "stats count(*) by bin(5m) sort b",
        "stats count(*) sort b",
        "fields a as b sort c",
    ],
    SIDE_BY_SIDE: [
        "fields a b",
        "fields a 'x'",
        "filter a 1",
        "sort a b",
        "fields a 5",
        "fields a into b",
        "parse @message /a/ b",
    ],
    # These three only with their very sign: what else stands there is another mistake, told above.
    Mistake("a star for all fields", "Name each field; @message is the whole event."): [
        "fields *",
        "fields a, *",
        "display *",
    ],
    Mistake("as after an expression", "Its fields are named inside it: /user=(?<user>\\w+)/."): [
        "parse @message /a/ as x",
    ],
    Mistake("in with an empty list", 'Write at least one value: in ["a"].'): [
        "filter a in []",
        "filter a not in []",
    ],
    CLOSING: [
        "fields a)",
        "filter a = 1)",
        "fields a]",
    ],
    Mistake("a comparison of a comparison", "Join two comparisons with and: 1 < a and a < 5."): [
        "filter 1 < a < 5"
    ],
}

BY_CHARACTER: dict[str, Mistake] = {
    "'": UNTERMINATED,
    '"': UNTERMINATED,
    "`": Mistake("a backtick that is not closed", "Put the whole name between backticks."),
    "“": Mistake("curly quotation marks", 'Use straight ones: "error".'),
    "”": Mistake("curly quotation marks", 'Use straight ones: "error".'),
    "‘": Mistake("curly quotation marks", "Use straight ones: 'error'."),
    "’": Mistake("curly quotation marks", "Use straight ones: 'error'."),
    "/": Mistake("an expression that is not closed", "Close it with /; write a slash inside as \\/."),
    "!": Mistake("no such operator", "Write not before a condition, or != between two values."),
    "&": Mistake("no such operator", "Write and."),
    "$": Mistake("a selector of filter patterns", "Name the field alone: requestParameters.userName."),
    "{": Mistake("braces", "A query has none; filter patterns have."),
    ";": Mistake("a semicolon", "A query is one chain of commands; end it without a sign."),
    **dict.fromkeys(
        "0123456789",
        Mistake(
            "a number with letters behind it",
            "Units of a period are ms, s, m, h, d, w, mo, q, y; a name that begins with a digit stands in backticks.",
        ),
    ),
}

# Words of SQL and of others that stand where none can.
BY_WORD: dict[str, Mistake] = {
    "is": Mistake("no such operator", "Write ispresent(field), or not ispresent(field)."),
    "between": Mistake("no such operator", "Write a >= 1 and a <= 5."),
    "contains": Mistake("no such operator", 'Write like "text".'),
    "group": Mistake("group by, which is SQL", "Write by alone: stats count(*) by status."),
    "order": Mistake("order by, which is SQL", "Write | sort field desc."),
    "having": Mistake(
        "having, which is SQL", "Name the value and filter behind: stats count(*) as n | filter n > 5."
    ),
}


def told_apart(mistake: Mistake, text: str, at: int, commands: set[str]) -> Mistake:
    """A mistake by its very word or sign, where examples cannot tell."""
    signs = text[max(at - 1, 0) : at + 1]
    if len(signs) == 2 and set(signs) <= set("=<>"):
        return NO_OPERATOR
    if signs == "||":
        return Mistake("no such operator", "Write or; a single | stands before a command.")
    if mistake not in (PIPE, SIDE_BY_SIDE):
        return mistake
    word = re.match(r"\w*", text[at:])
    assert word is not None
    return BY_WORD.get(word[0].lower()) or (PIPE if word[0].lower() in commands else SIDE_BY_SIDE)


def unexpected(text: str, at: int) -> Mistake:
    """What no example fits, by the sign at the place and the one before it."""
    sign, before = text[at], text[:at].rstrip()[-1:]
    if before == "|":
        return COMMAND
    if "," in (sign, before):
        return COMMA
    if sign in ")]":
        return CLOSING
    if sign in "=<>*/%^+":
        return LEFT
    return SIDE_BY_SIDE if before.isalnum() or before in ("_", ")", "]", "'", '"', "`", "/") else OTHER


# What AWS has and this version does not: refused by its name.
NOT_MODELED = frozenset(
    [
        "addtotals",
        "expand",
        "relevantfields",
        "autoregress",
        "logcompare",
        "filldown",
        "fillmissing",
        "cidrlookup",
        "outlier",
        "accum",
        "appendcols",
        "sessionize",
        "countfrequent",
    ]
)


def not_modeled(what: str) -> Mistake:
    """AWS has it, this version of cwlab has not."""
    return Mistake(f"{what} is not modeled in this version of cwlab", "Leave it out.")
