"""Mistakes in a Metrics Insights query, by their name, each told by examples (see ``cwlab.naming``). The first that
fits is named. What AWS says to each is in ``parse``."""

from __future__ import annotations

from cwlab.naming import Mistake

_FUNCTIONS = "Functions: AVG, COUNT, MAX, MIN and SUM."
_S = "SELECT AVG(m) FROM n"
_WHERE = [
    f"{_S} WHERE a = 'b'",
    f"{_S} WHERE a = 'b' AND c = 'd'",
    f"{_S} WHERE a = 'b' AND c = 'd' AND e = 'f'",
]
_GROUP = [
    f"{_S} GROUP BY a",
    f'{_S} GROUP BY "a"',
    f"{_S} GROUP BY a, b",
    f"{_S} GROUP BY a, b, c",
    f"{_S} GROUP BY AWS.AccountId",
]
_ORDER = [f"{_S} ORDER BY MAX()", f"{_S} ORDER BY MAX() DESC"]
_LIMIT = [f"{_S} LIMIT 1"]


def _after(beginnings: list[str], *ends: str) -> list[str]:
    return [f"{beginning} {end}" for beginning in beginnings for end in ends]


BY_EXAMPLE: dict[Mistake, list[str]] = {
    Mistake("a query without FROM", 'Say where the metric is: FROM "AWS/EC2".'): [
        "SELECT AVG(m)",
        *_after(["SELECT AVG(m)"], "WHERE a = 'b'", "GROUP BY a", "ORDER BY MAX()", "LIMIT 1"),
    ],
    Mistake("a query without FROM's namespace", 'Say where the metric is: FROM "AWS/EC2".'): [
        "SELECT AVG(m) FROM",
        "SELECT AVG(m) FROM WHERE",
    ],
    Mistake("SCHEMA without a namespace", 'It comes first: SCHEMA("AWS/EC2", InstanceId).'): [
        "SELECT AVG(m) FROM SCHEMA()",
        "SELECT AVG(m) FROM SCHEMA",
        "SELECT AVG(m) FROM SCHEMA(",
    ],
    Mistake("more than one thing after SELECT", "A query has one function of one metric."): [
        "SELECT AVG(m), SUM(m)"
    ],
    Mistake("a name in single quotation marks", "Names stand in double ones, or in none."): [
        "SELECT AVG('m')",
        "SELECT AVG(m) FROM 'n'",
        "SELECT AVG(m) FROM SCHEMA('n')",
        "SELECT AVG(m) FROM SCHEMA(n, 'a')",
        *_after([_S], "GROUP BY 'a'", "GROUP BY a, 'b'", "WHERE 'a'", "WHERE a = 'b' AND 'c'"),
    ],
    Mistake(
        "a function without its metric", "Write the metric between the parentheses: AVG(CPUUtilization)."
    ): [
        "SELECT AVG() FROM n",
        "SELECT AVG FROM n",
        "SELECT AVG",
        "SELECT AVG(",
        "SELECT",
    ],
    Mistake("parentheses among the conditions", "Write conditions side by side with AND."): _after(
        [_S], "WHERE (", "WHERE a = 'b' AND ("
    ),
    Mistake("a value that is a number", "Values are text in single quotation marks: '5'."): _after(
        [_S], "WHERE a = 5"
    ),
    Mistake("no such comparison", "There are = and != only."): _after(
        [_S], "WHERE a IN", 'WHERE "a" IN', "WHERE a.b IN", "WHERE a 'b'", "WHERE a (", 'WHERE "a" ('
    ),
    Mistake("a condition that is not finished", "Write name = 'value'."): [
        *_after(
            [_S],
            "WHERE",
            "WHERE a",
            "WHERE a =",
            "WHERE a = 'b' AND",
            "WHERE AND",
            "WHERE GROUP",
            "WHERE a GROUP",
        ),
    ],
    Mistake("a group without a key", "Write a dimension after GROUP BY: GROUP BY InstanceId."): _after(
        [_S], "GROUP", "GROUP BY", "GROUP BY a,", "GROUP a"
    ),
    Mistake(
        "a function of something in ORDER BY", "Its parentheses stay empty: ORDER BY MAX() DESC."
    ): _after([_S], "ORDER BY MAX(m)", "ORDER BY MAX", "ORDER BY MAX DESC", "ORDER BY MAX LIMIT"),
    Mistake(
        "ORDER BY without a function", f"Order by what the series hold: ORDER BY AVG() DESC. {_FUNCTIONS}"
    ): _after([_S], "ORDER", "ORDER BY", "ORDER BY DESC", "ORDER MAX()"),
    Mistake("a LIMIT that is no whole number", "Write 1 to 500."): _after(
        [_S], "LIMIT", "LIMIT 'a'", "LIMIT 1.5", "LIMIT a"
    ),
    Mistake("a clause in the wrong place", "The order is SELECT, FROM, WHERE, GROUP BY, ORDER BY, LIMIT."): [
        *_after(_GROUP, "WHERE"),
        *_after(_ORDER, "GROUP BY", "WHERE"),
        *_after(_LIMIT, "GROUP BY", "ORDER BY", "WHERE"),
    ],
    Mistake("a keyword as a name", "Write it in double quotation marks."): [
        f"{before} {word}"
        for before in (
            "SELECT AVG(",
            "SELECT AVG(m) FROM SCHEMA(",
            "SELECT AVG(m) FROM SCHEMA(n,",
            f"{_S} WHERE a = 'b' AND",
            f"{_S} GROUP BY",
            f"{_S} GROUP BY a,",
        )
        for word in (
            "SELECT",
            "FROM",
            "SCHEMA",
            "WHERE",
            "AND",
            "GROUP",
            "BY",
            "ORDER",
            "ASC",
            "DESC",
            "LIMIT",
        )
    ],
    Mistake(
        "something after the end", "Take it out, or begin it with WHERE, GROUP BY, ORDER BY or LIMIT."
    ): _after(
        [_S, 'SELECT AVG(m) FROM "n"', "SELECT AVG(m) FROM SCHEMA(n)", *_WHERE, *_GROUP, *_ORDER, *_LIMIT],
        "nonsense",
        "'a'",
        '"a"',
        ",",
        "(",
    ),
    # Single words come after what their place is called otherwise.
    Mistake("OR", "Conditions are joined by AND only. Ask twice, or search with SEARCH."): _after(
        _WHERE, "OR"
    ),
    Mistake("HAVING", "There is no HAVING. Choose groups with ORDER BY and LIMIT."): _after(_GROUP, "HAVING"),
}
BY_CHARACTER: dict[str, Mistake] = {
    ";": Mistake("a semicolon", "A query ends without one."),
    "/": Mistake(
        "a namespace with a slash outside quotation marks", 'Write it in double ones: FROM "AWS/EC2".'
    ),
    "-": Mistake(
        "a name with a hyphen outside quotation marks", "Write names with signs in double quotation marks."
    ),
    ">": Mistake("no such comparison", "There are = and != only."),
    "<": Mistake("no such comparison", "There are = and != only."),
    "*": Mistake("a star", "Name one metric: COUNT(Requests) counts its observations."),
    "'": Mistake(
        "a value that is not closed", "Close it with a single quotation mark; inside it is written \\'."
    ),
    '"': Mistake(
        "a name that is not closed", 'Close it with a double quotation mark; inside it is written \\".'
    ),
}
OTHER = Mistake("not a query", "SELECT function(metric) FROM namespace WHERE … GROUP BY … ORDER BY … LIMIT …")
NO_FUNCTION = Mistake("no such function", _FUNCTIONS)
NO_QUOTES = Mistake("a value without single quotation marks", "Write 'value'; double ones are for names.")
NO_LIMIT = Mistake("a LIMIT that is no whole number", "Write 1 to 500.")
RESERVED = Mistake("a reserved word as a name", "Write it in double quotation marks.")
LOW_LIMIT = Mistake("a LIMIT of nothing", "Write 1 to 500.")
TOO_LONG = Mistake("an expression of more than 2,048 characters", "Shorten it: a query cannot be split.")
