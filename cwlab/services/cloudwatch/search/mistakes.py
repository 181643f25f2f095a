"""Mistakes in a search, by their name, each told by examples (see ``cwlab.naming``). The first that fits is named."""

from __future__ import annotations

from cwlab.naming import Mistake

BY_EXAMPLE: dict[Mistake, list[str]] = {
    Mistake("two equals signs", 'Write one: MetricName="Errors".'): ['a=="b"', "a==b"],
    Mistake("a property without a value", 'Write it after the equals sign: MetricName="Errors".'): [
        "a=",
        "a=)",
        "(a=)",
        "a= AND b",
        "a= OR b",
        "a=()",
    ],
    Mistake("a value without its property", 'Write one before the equals sign: MetricName="Errors".'): [
        '="a"',
        "=a",
        "{n} =a",
        "a AND =b",
        "(=a)",
    ],
    Mistake("an operator without its right side", "Write a term after AND, OR and NOT."): [
        "a AND",
        "a OR",
        "NOT",
        "a NOT",
        "(a AND)",
        "(a OR)",
        "(NOT)",
        "a AND OR b",
        "a OR OR b",
        "a AND AND b",
        "NOT OR a",
        "a=(b OR)",
    ],
    Mistake("an operator without its left side", "Write a term before AND and OR."): [
        "AND a",
        "OR a",
        "(AND a)",
        "(OR a)",
        "{n} AND a",
        "{n} OR a",
    ],
    Mistake("a parenthesis that is not closed", "Add ) after what belongs together."): [
        "(a",
        "(a OR b",
        "((a OR b)",
        'a=("b"',
        "a=(b OR c",
        "(",
    ],
    Mistake("a closing sign that nothing opened", "Take it out, or open it earlier."): [
        "a)",
        "(a))",
        ")",
        "a}",
        "}",
        '"a")',
    ],
    Mistake("empty parentheses", "Write what belongs between them."): ["()", "a ()", "a AND ()"],
    Mistake("a schema that is not closed", "Add } after the last dimension."): [
        "{n",
        '{"n"',
        "{n,d",
        "{n d",
        "{n,d a=b",
        "{",
        "{n,d (a)",
    ],
    Mistake("a schema without a namespace", "It begins with one: {AWS/EC2, InstanceId}."): ["{}", "{,d}"],
    Mistake("a dimension that is missing", "Write its name after the comma, or take the comma out."): [
        "{n,}",
        "{n,,d}",
    ],
    Mistake("a schema after a term", "Write the schema first: {AWS/EC2} cpu."): [
        "a {n}",
        '"a" {n}',
        "a=b {n}",
        "(a) {n}",
    ],
    Mistake(
        "a second schema", "A search has one. Join two searches with [ ] in the expression around them."
    ): [
        "{n} {m}",
        "{n} a {m}",
    ],
    Mistake("a property of a property", "Inside the parentheses stand values alone: Name=(a OR b)."): [
        "a=(b=c)",
        "a=b=c",
        'a="b"=c',
    ],
    Mistake("a comma between terms", "Write terms side by side, or OR between them."): [
        "a, b",
        "a,b",
        '"a", b',
        "(a), b",
    ],
}
BY_CHARACTER: dict[str, Mistake] = {
    '"': Mistake(
        "a quotation mark that is not closed", 'Close it with ". One that belongs to the name is written \\".'
    ),
}
OTHER = Mistake(
    "not a search", 'Write {namespace, dimension} and terms such as cpu, "Errors" or MetricName="Errors".'
)
TOO_LONG = Mistake("a search of more than 1,024 characters", "Use several, with [ ] around them.")
