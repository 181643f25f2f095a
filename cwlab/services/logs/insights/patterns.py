"""Texts grouped into patterns, as steps of a chain: deterministic, and each step can be read.

1. Each dynamic token (``shapes``) of a text becomes one sign, and a run of spaces one space: its skeleton.
2. Words of equally long skeletons that are equal but for one word: where there is a dynamic token among them, or where they
   are ``MANY``, that word is dynamic too. So root, admin and test at one place become a token. Done twice, so that two
   words can vary. A word that tells the severity never varies.
3. A dynamic token is named by the kinds of all its values, and by its place among the pattern's dynamic tokens.

AWS uses machine learning and does not say how. Source: user guide, pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cwlab.services.logs.insights import shapes
from cwlab.services.logs.insights.tree import array, column, number, text, tree

if TYPE_CHECKING:
    from sqlglot.expressions import Expression, Select

    from cwlab.services.logs.insights.chain import Chain
    from cwlab.services.logs.insights.values import Value

MANY = 5  # words at one place of otherwise equal texts that make it a dynamic token
SIGN = "\x1a"  # stands for a dynamic token; a text's own becomes a question mark
_LETTER = r"\w\x{80}-\x{10FFFF}"  # beyond ASCII all are: to tell letters there costs more than all the rest
_WORD = rf"[{_LETTER}]+(?:[.-]+[{_LETTER}]+)*"
_PIECE = rf"{_WORD}|{SIGN}|[^{SIGN}{_LETTER}]+"
_BEGINS_WORD = rf"^[{_LETTER}]"
SEVERITIES = {  # labels, and the words that tell them
    "Error": "FATAL|CRITICAL|SEVERE|EMERG|EMERGENCY|ALERT|ERROR|ERR",
    "Warning": "WARN|WARNING",
    "Info": "INFO|NOTICE",
    "Debug": "DEBUG|TRACE",
}
_LEVELS = "|".join(SEVERITIES.values()).split("|")


class Texts(NamedTuple):
    """Where texts are that patterns are made of: the tables of rows of events, and the column.

    Args:
        tables: with these rows; several where windows are compared, in their order.
        value: the text, in all of them.
        steps: how many steps the chain had then.
    """

    tables: tuple[str, ...]
    value: Value
    steps: int


class Grouped(NamedTuple):
    """Tables that ``group`` has made.

    Args:
        shaped: a row for each text: ts, place, of_window (which table it is from, counted from 0), skeleton, found (the
            values of its dynamic tokens) and kinds (a letter for each).
        counted: skeleton, kinds and how many texts have both (``events``).
        named: skeleton and its pattern.
        places: for each dynamic token of a pattern and each of its skeletons: skeleton, number (the token's), token (its
            name), kinds (the letters of all its values) and where its value is: nth of ``found``, or word where that is null.
    """

    shaped: str
    counted: str
    named: str
    places: str


class Patterned(NamedTuple):
    """What the command pattern has done, for the commands that follow it."""

    texts: Texts
    grouped: Grouped


def group(chain: Chain, texts: Texts) -> Grouped:
    """Add the steps that give each text its pattern."""
    shaped = _shaped(chain, texts)
    counted = step(
        chain, "SELECT skeleton, kinds, COUNT(*) AS events FROM shaped GROUP BY ALL", {"shaped": shaped}
    )
    first = _numbered(chain, counted, "skeleton")
    words = _words(chain, first)
    second, once = _varied(chain, words)
    third, twice = _varied(chain, _words(chain, second))
    became = step(
        chain,
        """SELECT f.skeleton, f.id, t.became FROM first AS f JOIN once AS o ON o.id = f.id
           JOIN twice AS t ON t.id = o.became""",
        {"first": first, "once": once, "twice": twice},
    )
    return Grouped(shaped, counted, *_named(chain, counted, words, became, _words(chain, third)))


def _shaped(chain: Chain, texts: Texts) -> str:

    each = [
        select(
            """SELECT ts, place, :window AS of_window, replace(:value, :sign, '?') AS content FROM rows
               WHERE :value IS NOT NULL""",
            {"rows": table},
            window=number(n),
            value=texts.value.sql,
            sign=text(SIGN),
        )
        for n, table in enumerate(texts.tables)
    ]
    contents = _step_of(chain, _union(each))
    found = step(
        chain,
        """SELECT ts, place, of_window, regexp_extract_all(content, :dynamic) AS found,
                  regexp_replace(content, :dynamic, :sign, 'g') AS marked FROM contents""",
        {"contents": contents},
        dynamic=text(shapes.DYNAMIC),
        sign=text(SIGN),
    )
    return step(
        chain,
        """SELECT ts, place, of_window, found, list_transform(found, LAMBDA each : :kind) AS kinds,
                  CASE WHEN contains(marked, '  ') THEN regexp_replace(marked, ' {2,}', ' ', 'g') ELSE marked END AS skeleton
           FROM found_in""",
        {"found_in": found},
        kind=shapes.kind(column("each")),
    )


def _numbered(chain: Chain, table: str, skeleton: str) -> str:
    """Each skeleton once, with a number instead of which the text, as long as a message may be, would stand at each word."""
    return step(
        chain,
        """SELECT skeleton, row_number() OVER (ORDER BY skeleton) AS id
           FROM (SELECT DISTINCT :skeleton AS skeleton FROM skeletons) AS a""",
        {"skeletons": table},
        skeleton=column(skeleton),
    )


def _words(chain: Chain, skeletons: str) -> str:
    """The pieces of each skeleton, and numbers by which skeletons are found that differ in one piece."""
    # The place goes into the hashed text: hash(word, i) mixes so little that the same word at two places cancels out.
    return step(
        chain,
        """SELECT id, i, word, size, hash(i || ' ' || word) AS own, bit_xor(hash(i || ' ' || word)) OVER (PARTITION BY id) AS whole,
                  word = :sign OR (regexp_matches(word, :begins) AND NOT list_contains(:levels, upper(word))) AS may_vary
           FROM (SELECT id, generate_subscripts(words, 1) AS i, unnest(words) AS word, len(words) AS size
                 FROM (SELECT id, regexp_extract_all(skeleton, :piece) AS words FROM skeletons) AS a) AS b""",
        {"skeletons": skeletons},
        sign=text(SIGN),
        begins=text(_BEGINS_WORD),
        levels=array(*map(text, _LEVELS)),
        piece=text(_PIECE),
    )


def _varied(chain: Chain, words: str) -> tuple[str, str]:
    """Skeletons with a sign where words vary, and which one each skeleton has become."""
    vary = step(
        chain,
        """SELECT size, i, xor(whole, own) AS others FROM words WHERE may_vary GROUP BY ALL
           HAVING COUNT(*) >= :many OR (COUNT(*) > 1 AND bool_or(word = :sign))""",
        {"words": words},
        many=number(MANY),
        sign=text(SIGN),
    )
    made = step(
        chain,
        """SELECT w.id, array_to_string(list(CASE WHEN v.size IS NULL THEN w.word ELSE :sign END ORDER BY w.i), '') AS skeleton
           FROM words AS w LEFT JOIN vary AS v
           ON w.may_vary AND v.size = w.size AND v.i = w.i AND v.others = xor(w.whole, w.own) GROUP BY w.id""",
        {"words": words, "vary": vary},
        sign=text(SIGN),
    )
    after = _numbered(chain, made, "skeleton")
    return after, step(
        chain,
        "SELECT m.id, a.id AS became FROM made AS m JOIN after AS a ON a.skeleton = m.skeleton",
        {"made": made, "after": after},
    )


def _named(chain: Chain, counted: str, words: str, became: str, pieces: str) -> tuple[str, str]:
    tokens = step(
        chain,
        "SELECT id, i, row_number() OVER (PARTITION BY id ORDER BY i) AS nth FROM words WHERE word = :sign",
        {"words": words},
        sign=text(SIGN),
    )
    kinds = step(
        chain,
        """SELECT p.id, p.i, array_to_string(list(DISTINCT COALESCE(list_extract(c.kinds, t.nth), 'W') ORDER BY
                  COALESCE(list_extract(c.kinds, t.nth), 'W')), '') AS kinds
           FROM pieces AS p JOIN became AS b ON b.became = p.id
           JOIN (SELECT DISTINCT skeleton, kinds FROM counted) AS c ON c.skeleton = b.skeleton
           LEFT JOIN tokens AS t ON t.id = b.id AND t.i = p.i WHERE p.word = :sign GROUP BY p.id, p.i""",
        {"pieces": pieces, "became": became, "counted": counted, "tokens": tokens},
        sign=text(SIGN),
    )
    numbered = step(
        chain,
        "SELECT *, row_number() OVER (PARTITION BY id ORDER BY i) AS number FROM kinds",
        {"kinds": kinds},
    )
    names = step(
        chain,
        "SELECT *, '<' || :name || '-' || number || '>' AS token FROM numbered",
        {"numbered": numbered},
        name=shapes.name(column("kinds")),
    )
    texts = step(
        chain,
        """SELECT p.id, array_to_string(list(COALESCE(n.token, p.word) ORDER BY p.i), '') AS pattern
           FROM pieces AS p LEFT JOIN names AS n ON n.id = p.id AND n.i = p.i GROUP BY p.id""",
        {"pieces": pieces, "names": names},
    )
    named = step(
        chain,
        """SELECT c.skeleton, COALESCE(t.pattern, '') AS pattern FROM (SELECT DISTINCT skeleton FROM counted) AS c
           LEFT JOIN became AS b ON b.skeleton = c.skeleton LEFT JOIN texts AS t ON t.id = b.became""",
        {"counted": counted, "became": became, "texts": texts},
    )
    places = step(
        chain,
        """SELECT b.skeleton, n.number, n.token, n.kinds, t.nth, w.word FROM became AS b
           JOIN names AS n ON n.id = b.became JOIN words AS w ON w.id = b.id AND w.i = n.i
           LEFT JOIN tokens AS t ON t.id = b.id AND t.i = n.i""",
        {"became": became, "names": names, "words": words, "tokens": tokens},
    )
    return named, places


def select(source: str, tables: dict[str, str], **holes: Expression) -> Select:
    """A SELECT from a template; its tables' names stand for those of the chain."""
    from sqlglot import exp

    made = tree(source, **holes)
    for table in made.find_all(exp.Table):
        if table.name in tables:
            table.set("this", exp.to_identifier(tables[table.name]))
    assert isinstance(made, exp.Select)
    return made


def step(chain: Chain, source: str, tables: dict[str, str], **holes: Expression) -> str:
    """Add a SELECT from a template to a chain; the name of its table."""
    return _step_of(chain, select(source, tables, **holes))


def union(chain: Chain, tables: list[str]) -> str:
    """Add a step with the rows of all these tables, which have the same columns, by name; the name of its table."""
    return _step_of(
        chain, _union([select("SELECT * FROM one", {"one": table}) for table in tables], by_name=True)
    )


def _union(queries: list[Select], by_name: bool = False) -> Expression:
    from sqlglot import exp

    made: Expression = queries[0]
    for more in queries[1:]:
        made = exp.Union(this=made, expression=more, distinct=False, by_name=by_name)
    return made


def _step_of(chain: Chain, query: Expression) -> str:
    chain.step(query)
    return chain.last()
