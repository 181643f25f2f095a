"""Mistakes of syntax by their name, told by examples: a pattern that stops the parser where one of these does is the same
mistake (see ``cwlab.naming``).

The order counts: the first that fits is named.
"""

from __future__ import annotations

from cwlab.naming import Mistake

QUOTE_TERM = Mistake(
    "a term with a character that is no letter, digit or underscore",
    'Quote it: "err:" or "user@example.com".',
)
QUOTE_VALUE = Mistake(
    "a value with other characters than letters, digits, . and *", "Put it into quotation marks."
)
UNCLOSED_QUOTE = Mistake("a quotation mark that is not closed", 'Write " at the end of the text.')
UNCLOSED_REGEX = Mistake(
    "a regular expression that is not closed", "It stands between two % signs; \\x25 is a % inside."
)
SINGLE = Mistake("half an operator", "Write && for and, || for or.")
NEGATION = Mistake("a condition turned round", "There is no !(…). Write != or NOT EXISTS, and && for ||.")
FIELD_NAME = Mistake(
    "a name with another character than letters, digits and _", "Rename the field: it is your own name."
)
OTHER = Mistake("this cannot stand here", "See the user guide, Filter pattern syntax.")

LETTER = Mistake(
    "a character a regular expression may not have",
    "Letters, digits, space and :_#=@/;,- stand for themselves; \\x28 is ( and \\x29 is ).",
)
GROUP = Mistake("parentheses", "There are no groups; \\x28 is ( and \\x29 is ).")
MANY_BYTES = Mistake("a letter beyond ASCII", "Regular expressions are ASCII; . takes any character.")
NO_ESCAPE = Mistake(
    "a backslash before something that needs none",
    "Escape only ^ $ ? [ ] { } | \\ * + . and write \\xhh for others.",
)
NO_SUBJECT = Mistake("something to repeat is missing", "A count stands after what it counts.")
TWO_COUNTS = Mistake("two counts in a row", "One of * + ? {m,n} to a character.")
BOUNDS = Mistake("braces that are no count", "Write {2}, {2,5}, {2,} or {,5}; \\{ is a brace.")
BACKWARD = Mistake("a count from more to less", "Write the smaller number first.")
RANGE = Mistake("a range that runs backward", "Write the smaller character first: [a-z].")
TOO_LARGE = Mistake("an expression of more than 4,096 places", "Ask for smaller counts.")
INNER_ANCHOR = Mistake("an anchor in the middle", "^ opens a branch and $ closes it.")

NO_STEP = Mistake("a selector that names no member", "Write $.key, $.['a key'] or $[0].")
STEP = Mistake("a selector that cannot be read", "Write $.key, $.['a.key'], $.list[0], $.list[*] or $.*")
WILD = Mistake("two wildcards in one selector", "One [*] or .* to a selector.")
MANY_WILD = Mistake("more than three wildcards in a pattern", "Three selectors with [*] or .* at most.")
MANY_REGEX = Mistake("more than two regular expressions in a pattern", "Two at most; make two filters.")
TEXT_ORDER = Mistake("an order of texts", "< > <= >= compare numbers; texts are compared with = and !=.")
FOREIGN = Mistake("a condition on another field's name", "A condition stands in the field it is about.")
TWICE = Mistake("two fields of one name", "Give each field its own name, or none.")
TWO_RESTS = Mistake("two ellipses", "... may stand once.")
TOO_LONG = Mistake("a pattern of more than 1,024 characters", "Make it shorter, or make two filters.")

TEXT: dict[Mistake, list[str]] = {
    Mistake("a sign without its term", "Write the term after it: -WARN, ?ERROR."): [
        "-",
        "?",
        "a -",
        "a ?",
        "- ?a",
    ],
}
JSON: dict[Mistake, list[str]] = {
    Mistake("nothing to compare", 'Write a condition: { $.level = "ERROR" }.'): ["{", "{ }", "{ ( )", "{ ("],
    Mistake("a brace that is not closed", "Write } at the end."): [
        "{ $.a = 1",
        "{ $.a = x",
        '{ $.a = "x"',
        "{ $.a = %x%",
        "{ $.a IS NULL",
        "{ $.a NOT EXISTS",
        "{ ($.a = 1)",
    ],
    Mistake("a parenthesis that is not closed", "Write ) after what belongs together."): [
        "{ ($.a = 1",
        "{ ($.a = 1 }",
        "{ ($.a IS NULL }",
        "{ ($.a NOT EXISTS }",
        "{ (($.a = 1) }",
    ],
    Mistake("one equals sign is enough", "Write =."): ["{ $.a == 1 }", "{ $.a = = 1 }"],
    Mistake("a comparison of two members", "A member is compared with a number or a text."): [
        "{ $.a = $.b }",
        "{ $.a > $.b }",
    ],
    Mistake("an operator without its value", 'Write a number or a "text" after it.'): [
        "{ $.a = }",
        "{ $.a =",
        "{ $.a > && }",
        "{ $.a = ) }",
    ],
    Mistake("IS NOT does not exist", "Write $.a = * for a member with a value, or != with one."): [
        "{ $.a IS NOT NULL }",
        "{ $.a IS NOT TRUE }",
    ],
    Mistake("EXISTS does not exist", "Write $.a = *; only NOT EXISTS is a test."): ["{ $.a EXISTS }"],
    Mistake("IS without its constant", "Write IS NULL, IS TRUE or IS FALSE."): [
        "{ $.a IS }",
        "{ $.a IS 1 }",
        "{ $.a IS x }",
    ],
    Mistake("NOT without EXISTS", "Write NOT EXISTS."): ["{ $.a NOT }", "{ $.a NOT NULL }", "{ $.a NOT x }"],
    Mistake("two conditions side by side", "Write && or || between them."): [
        "{ $.a = 1 $.b = 2 }",
        "{ ($.a = 1) ($.b = 2) }",
        "{ $.a IS NULL $.b = 2 }",
        "{ $.a NOT EXISTS $.b = 1 }",
        "{ ($.a = 1) $.b = 2 }",
        "{ $.a = 1 ($.b = 1) }",
        "{ ($.a = 1 $.b = 2) }",
    ],
    Mistake("a value of several words", 'Put it into quotation marks: "two words".'): [
        "{ $.a = b c }",
        '{ $.a = "b" "c" }',
        "{ $.a = b 1 }",
    ],
    Mistake("a word in place of an operator", "Write && for and, || for or."): [
        "{ $.a = 1 and $.b = 2 }",
        "{ $.a = x and $.b = 2 }",
        '{ $.a = "x" or $.b = 2 }',
        "{ $.a NOT EXISTS or $.b = 1 }",
    ],
    Mistake(
        "a selector without its test",
        'Write what it should be: $.level = "ERROR"; $.level = * takes any value.',
    ): [
        "{ $.a }",
        "{ $.a && $.b = 1 }",
        "{ ($.a) }",
        "{ $.a",
        "{ $.a x }",
        '{ $.a "x" }',
        "{ $.a 1 }",
    ],
    Mistake("a condition that does not begin with $", "Members are named from the root: $.level."): [
        "{ a = 1 }",
        "{ .a = 1 }",
        '{ "a" = 1 }',
        "{ 1 = $.a }",
        "{ %a% }",
        "{ $.a = 1 && b = 2 }",
        "{ (b = 2) }",
    ],
    Mistake("an operator that joins nothing", "Write a condition on both sides of && and ||."): [
        "{ $.a = 1 && }",
        "{ $.a = 1 || }",
        "{ && $.a = 1 }",
        "{ $.a = 1 && && $.b = 2 }",
        "{ $.a = 1 && || $.b = 2 }",
        "{ $.a = 1 || && $.b = 2 }",
        "{ $.a = 1 || || $.b = 2 }",
        "{ ( && $.a = 1 ) }",
        "{ $.a = 1 && ) }",
    ],
    Mistake("something after the last brace", "A pattern ends with its brace."): [
        "{ $.a = 1 } x",
        "{ $.a = 1 } }",
    ],
    Mistake("a closing sign that nothing opened", "Take it out, or open it earlier."): [
        "{ $.a = 1) }",
        "{ ) }",
    ],
}
SPACE: dict[Mistake, list[str]] = {
    Mistake("a bracket that is not closed", "Write ] after the last field."): [
        "[",
        "[a",
        "[a, b",
        "[a,",
        "[a=1",
        "[a=x",
        '[a="x"',
        "[...",
        "[a=%x%",
    ],
    Mistake("two names side by side", "Write a comma between fields."): [
        "[a b]",
        "[a=1 b]",
        "[a=x b]",
        "[... a]",
        "[a ...]",
    ],
    Mistake("one equals sign is enough", "Write =."): ["[a == 1]"],
    Mistake("an operator without its value", 'Write a number or a "text" after it.'): [
        "[a=]",
        "[a=,b]",
        "[a=",
        "[a=1 && a=]",
    ],
    Mistake("an operator that joins nothing", "Write a condition on both sides of && and ||."): [
        "[a=1 &&]",
        "[a=1 ||]",
        "[a && b]",
        "[a=1 && , b]",
        "[&& a=1]",
    ],
    Mistake("a condition without its field's name", "Repeat the name: status=404 || status=410."): [
        "[a=404 || 410]",
        "[a=x || y]",
        "[=1]",
        "[a=1 && 2]",
        '["a"]',
        "[%a%]",
    ],
    Mistake("something after the last bracket", "A pattern ends with its bracket."): [
        "[a] x",
        "[a] ]",
        "[a]]",
        "[]x",
    ],
}
REGEX: dict[Mistake, list[str]] = {
    NO_SUBJECT: [
        "*a",
        "+",
        "?",
        "a|*",
        "{2}",
        "^*",
    ],
    TWO_COUNTS: [
        "a**",
        "a+?",
        "a{2}{3}",
        "a*+",
        "a??",
    ],
    INNER_ANCHOR: ["a^", "a^b", "$a", "a$b", "^^", "$$", "a$*"],
}
