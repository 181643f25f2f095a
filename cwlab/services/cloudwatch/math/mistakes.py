"""Mistakes of syntax, by their name, each told by examples: an expression that stops the parser at the same point
as one of these, at the same token, is the same mistake (Lark's ``match_examples``).

The order counts: the first that fits is named.
"""

from __future__ import annotations

from cwlab.naming import Mistake

UNCLOSED = Mistake("a parenthesis that is not closed", "Add ) after what belongs together.")
SIDE_BY_SIDE = Mistake("two things side by side", "Write an operator between them: 2 * m1.")
UNOPENED = Mistake("a closing sign that nothing opened", "Take it out, or open it earlier.")
STRAY_COMMA = Mistake("a comma outside a function or an array", "Put several series into brackets: [m1, m2].")

BY_EXAMPLE: dict[Mistake, list[str]] = {
    Mistake("nothing to compute", "Write an expression, such as m1 / m2 * 100."): ["", " "],
    Mistake("an operator without its right side", "Write a metric, a number or a function after it."): [
        "m1 +",
        "m1 *",
        "m1 ^",
        "m1 >",
        "m1 AND",
        "m1 OR",
        "-",
        "(m1 + )",
        "(m1 * )",
        "(m1 > )",
        "(m1 AND )",
        "SUM(m1 + )",
        "FILL(m1 * , 0)",
        "IF(m1 > , 1, 0)",
        "IF(m1 AND , 1, 0)",
        "[m1 + ]",
        "[m1 + , m2]",
        "m1 + * m2",
        "m1 * / m2",
        "m1 / / m2",
        "m1 > = m2",
        "m1 > < m2",
        "m1 AND AND m2",
        "m1 OR OR m2",
        "m1 AND OR m2",
        "m1 + + m2",
        "m1 * + m2",
        "m1 > + m2",
    ],
    Mistake("an operator without its left side", "Write a metric, a number or a function before it."): [
        "* m1",
        "+ m1",
        "/ m1",
        "^ 2",
        "> m1",
        "AND m1",
        "OR m1",
        "(* m1)",
        "(+ m1)",
        "(> m1)",
        "(AND m1)",
        "SUM(* m1)",
        "SUM(+ m1)",
        "SUM(> m1)",
    ],
    UNCLOSED: [
        "(m1",
        "SUM(m1",
        "SUM(",
        "(",
        "FILL(m1, 0",
        "FILL(m1, REPEAT",
        "SORT(m1, AVG",
        "(m1 + m2",
        "SUM([m1, m2]",
        "SUM([m1, m2)",
        "(m1]",
        "SUM(m1]",
    ],
    Mistake("a bracket that is not closed", "Add ] after the last series."): [
        "[m1",
        "[m1, m2",
        "[",
        "[m1)",
        "[m1 + m2",
    ],
    UNOPENED: [
        "m1)",
        "m1]",
        "SUM(m1))",
        "(m1 + m2))",
        "[m1]]",
        ")",
        "]",
    ],
    Mistake("empty parentheses or brackets", "Write what belongs between them."): [
        "()",
        "[]",
        "m1 + ()",
        "SUM([])",
    ],
    Mistake("an argument that is missing", "Write it before the comma, or take the comma out."): [
        "FILL(m1,)",
        "FILL(,0)",
        "FILL(m1,,0)",
        "SORT(m1, AVG,)",
        "[m1,]",
        "[,m1]",
        "[m1,,m2]",
    ],
    STRAY_COMMA: [
        "m1, m2",
        "(m1, m2)",
        "m1 + m2, m3",
    ],
    Mistake("a comparison of a comparison", "Join two comparisons with AND: 1 < m1 AND m1 < 5."): [
        "1 < m1 < 5",
        "m1 == m2 == m3",
        "(1 < m1 < 5)",
        "IF(1 < m1 < 5, 1)",
    ],
    Mistake(
        "a name in capitals", "Ids start with a lower-case letter; functions are followed by parentheses."
    ): [
        "M1",
        "M1 + 1",
        "M1 * 2",
        "M1 ^ 2",
        "M1 > 2",
        "M1 AND m2",
        "M1 OR m2",
        "M1, m2",
        "m1 + M2",
        "-M1",
        "SUM",
        "(M1)",
        "[M1]",
        "[m1, M2]",
        "m1 > M2",
        "m1 AND M2",
        "m1 * M2",
        "m1 + AVG",
        "SUM(M1 + 1)",
        "SUM(M1 * 2)",
        "IF(M1 > 2, 1)",
        "FILL(m1, M2 + 1)",
        "FILL(m1, M2 * 2)",
        "FILL(m1, M2 > 2)",
        "FILL(m1, M2 AND m1)",
        "FILL(m1, M2 OR m1)",
        "FILL(m1, M2 ^ 2)",
    ],
    SIDE_BY_SIDE: [
        "m1 m2",
        "2 m1",
        "2(m1)",
        "m1 2",
        "(m1)(m2)",
        "(m1) m2",
        "m1 SUM(m2)",
        "m1 [m2]",
        "m1 'a'",
        "SUM(m1) SUM(m2)",
        "SUM(m1 m2)",
        "SUM(m1 2)",
        "(m1 m2)",
        "[m1 m2]",
        "FILL(m1 0)",
        "FILL(m1 REPEAT)",
        "m1 NOT m2",
        "FILL(m1, REPEAT 0)",
    ],
}

# Deep inside an expression the parser may be at a point no example reaches: then the token alone tells.
BY_TOKEN: dict[str, Mistake] = {
    "$END": UNCLOSED,
    "RPAR": UNOPENED,
    "RSQB": UNOPENED,
    "COMMA": STRAY_COMMA,
    "LPAR": SIDE_BY_SIDE,
    "LSQB": SIDE_BY_SIDE,
    "ID": SIDE_BY_SIDE,
    "NAME": SIDE_BY_SIDE,
    "NUMBER": SIDE_BY_SIDE,
    "STRING": SIDE_BY_SIDE,
}

# What the lexer stops at: a character no expression can hold there.
BY_CHARACTER: dict[str, Mistake] = {
    "=": Mistake("one equals sign", "Compare with ==; expressions name nothing."),
    "%": Mistake("no such operator", "There is no remainder; for a percentage multiply by 100."),
    "!": Mistake("no such operator", "There is no NOT; compare with == 0."),
    "&": Mistake("one ampersand", "Write && or AND."),
    "|": Mistake("one bar", "Write || or OR."),
    "'": Mistake("a string that is not closed", "Close it with the same quotation mark."),
    '"': Mistake("a string that is not closed", "Close it with the same quotation mark."),
    "“": Mistake("curly quotation marks", 'Use straight ones: "errors".'),
    "”": Mistake("curly quotation marks", 'Use straight ones: "errors".'),
    "‘": Mistake("curly quotation marks", "Use straight ones: 'errors'."),
    "’": Mistake("curly quotation marks", "Use straight ones: 'errors'."),
    "_": Mistake("an id that starts with an underscore", "Ids start with a lower-case letter."),
    "{": Mistake("braces", "Series go into brackets: [m1, m2]. A schema in braces goes into SEARCH('…')."),
    "}": Mistake("braces", "Series go into brackets: [m1, m2]. A schema in braces goes into SEARCH('…')."),
    "−": Mistake("a minus sign from a word processor", "Type a plain hyphen."),
    "–": Mistake("a dash", "Type a plain hyphen for minus."),
    "×": Mistake("a multiplication sign", "Type * for times."),
    "÷": Mistake("a division sign", "Type / for divided by."),
    "$": Mistake("a variable of another tool", "Write the id as it is: m1."),
}
SQL = Mistake(
    "a Metrics Insights query in metric math", "Give it a query of its own; math may use that query's id."
)
NO_NOT = Mistake("no such operator", "There is no NOT; compare with == 0.")
OTHER_CHARACTER = Mistake("a character that means nothing here", "Take it out.")
OTHER = Mistake(
    "not an expression", "Metrics, numbers, functions, and + - * / ^ == != < <= > >= AND OR between them."
)
