"""What is unusual about patterns: five rules that can be checked by hand, as steps of a chain.

AWS uses machine learning and names five kinds, not how it decides. Source: user guide, anomaly. Here the time from the first
to the last text is cut into ``PARTS`` equal parts; the last ``LATE`` of them are *late*. With fewer than ``LEAST`` texts, or
within fewer ms than parts, nothing is unusual.

    Pattern frequency   a pattern's texts in one part are more than ``SIGMAS`` standard deviations, and ``LEAST_CHANGE`` texts
                        or more, from their mean in the other parts. A deviation is at least that of chance, the root of
                        the mean, and 1. Not of a pattern that is new.
    New pattern         all of its texts are late.
    Token variation     a token that is no number, time or UUID had at most ``FEW`` values in ``LEAST`` texts or more that are
                        not late, and has another in a late one.
    Numerical token     the mean of a token's numbers in one part, ``LEAST_CHANGE`` or more, is more than ``SIGMAS`` standard
                        deviations of those in the other parts, ``LEAST`` or more, from their mean. A deviation is at least
                        a hundredth of the mean. Numbers must have one unit. Where the means rise from part to part, in
                        ``COUNTER`` or more, it is a counter and not judged.
    HTTP error code     a number after the word status or code, or after HTTP/1.1": how many in one part are 400 to 599, judged
                        as frequencies are, upwards only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cwlab.services.logs.insights.patterns import Grouped, step, union
from cwlab.services.logs.insights.tree import number, text, tree

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

    from cwlab.services.logs.insights.chain import Chain

KINDS = ("Pattern frequency", "New pattern", "Token variation", "Numerical token", "HTTP error code")
PARTS, LATE = 10, 2
LEAST = 20
LEAST_CHANGE = 5
SIGMAS = 3
FEW = 5
COUNTER = 4
_CODE = r"""(?i)(?:status|code|HTTP/<Number-\d+>")[^<>\w]{0,4}<[A-Za-z]+-(\d+)>"""


def found(chain: Chain, grouped: Grouped) -> str:
    """Add the steps of the rules; the table of what is unusual: pattern, rank and name of the kind, token ('' for none),
    sentence and deviation (in standard deviations, null where there is none)."""
    timed = step(
        chain,
        """SELECT n.pattern, s.skeleton, s.found,
                  LEAST(:last, CAST(floor((s.ts - e.early) * :parts / e.wide) AS BIGINT)) AS part
           FROM shaped AS s JOIN named AS n ON n.skeleton = s.skeleton
           JOIN (SELECT MIN(ts) AS early, MAX(ts) - MIN(ts) + 1 AS wide, COUNT(*) AS every FROM shaped) AS e
           ON e.every >= :least AND e.wide >= :parts""",
        {"shaped": grouped.shaped, "named": grouped.named},
        last=number(PARTS - 1),
        parts=number(PARTS),
        least=number(LEAST),
    )
    tokens = step(
        chain,
        """SELECT t.pattern, t.part, p.token, p.kinds, COALESCE(list_extract(t.found, p.nth), p.word) AS value,
                  list_contains(regexp_extract_all(t.pattern, :code, 1), CAST(p.number AS TEXT)) AS is_code
           FROM timed AS t JOIN places AS p ON p.skeleton = t.skeleton WHERE p.kinds NOT IN ('T', 'U')""",
        {"timed": timed, "places": grouped.places},
        code=text(_CODE),
    )
    new = _new(chain, timed)
    counts = step(
        chain,
        """SELECT pattern, '' AS token, part, COUNT(*) AS events FROM timed
           WHERE pattern NOT IN (SELECT pattern FROM fresh) GROUP BY ALL""",
        {"timed": timed, "fresh": new},
    )
    errors = step(
        chain,
        """SELECT pattern, token, part, COUNT(*) AS events FROM tokens
           WHERE is_code AND TRY_CAST(value AS BIGINT) BETWEEN 400 AND 599 GROUP BY ALL""",
        {"tokens": tokens},
    )
    return union(
        chain,
        [
            _counted(chain, counts, 1, tree("events || ' events'"), tree("TRUE")),
            new,
            _varied(chain, tokens),
            _numeric(chain, tokens),
            _counted(
                chain, errors, 5, tree("token || ': ' || events || ' error codes'"), tree("events > mean")
            ),
        ],
    )


def _new(chain: Chain, timed: str) -> str:
    return step(
        chain,
        """SELECT pattern, 2 AS rank, :kind AS kind, '' AS token, CAST(NULL AS DOUBLE) AS deviation,
                  'First seen in part ' || (MIN(part) + 1) || :of || '.' AS sentence
           FROM timed GROUP BY pattern HAVING MIN(part) >= :late""",
        {"timed": timed},
        kind=text(KINDS[1]),
        of=_of(),
        late=number(PARTS - LATE),
    )


def _counted(chain: Chain, counts: str, rank: int, what: Expression, condition: Expression) -> str:
    """The most unusual part of each pattern and token, by how many there are, where one is.

    Args:
        counts: pattern, token, part and events, where there are any.
        what: the beginning of the sentence.
        condition: of what can be unusual; it may name events and mean.
    """
    every = step(
        chain,
        """SELECT k.pattern, k.token, r.part, COALESCE(c.events, 0) AS events
           FROM (SELECT DISTINCT pattern, token FROM counts) AS k
           CROSS JOIN (SELECT unnest(range(:parts)) AS part) AS r
           LEFT JOIN counts AS c ON c.pattern = k.pattern AND c.token = k.token AND c.part = r.part""",
        {"counts": counts},
        parts=number(PARTS),
    )
    others = step(
        chain,
        """SELECT *, (SUM(events) OVER (PARTITION BY pattern, token) - events) / :others AS mean,
                  (SUM(events * events) OVER (PARTITION BY pattern, token) - events * events) / :others AS square
           FROM every""",
        {"every": every},
        others=number(PARTS - 1),
    )
    judged = step(
        chain,
        """SELECT *, abs(events - mean) / greatest(sqrt(greatest(square - mean * mean, 0)), sqrt(mean), 1) AS deviation
           FROM others WHERE abs(events - mean) >= :change AND :condition""",
        {"others": others},
        change=number(LEAST_CHANGE),
        condition=condition,
    )
    return step(
        chain,
        """SELECT pattern, :rank AS rank, :kind AS kind, token, deviation,
                  :what || ' in part ' || (part + 1) || :of || ', ' || round(mean, 1) || ' on average in the others.' AS sentence
           FROM judged WHERE deviation > :sigmas
           QUALIFY row_number() OVER (PARTITION BY pattern, token ORDER BY deviation DESC, part) = 1""",
        {"judged": judged},
        rank=number(rank),
        kind=text(KINDS[rank - 1]),
        what=what,
        of=_of(),
        sigmas=number(SIGMAS),
    )


def _varied(chain: Chain, tokens: str) -> str:
    firsts = step(
        chain,
        """SELECT pattern, token, value, MIN(part) AS first_part, COUNT(*) FILTER (WHERE part < :late) AS early
           FROM tokens WHERE kinds <> 'N' AND NOT is_code GROUP BY pattern, token, value""",
        {"tokens": tokens},
        late=number(PARTS - LATE),
    )
    return step(
        chain,
        """SELECT pattern, 3 AS rank, :kind AS kind, token, CAST(NULL AS DOUBLE) AS deviation,
                  token || ' has a value not seen before part ' || :late || ': '
                  || MIN(left(value, 100)) FILTER (WHERE first_part >= :late) || '.' AS sentence
           FROM firsts GROUP BY pattern, token
           HAVING SUM(early) >= :least AND COUNT(*) FILTER (WHERE first_part < :late) <= :few
           AND COUNT(*) FILTER (WHERE first_part >= :late) > 0""",
        {"firsts": firsts},
        kind=text(KINDS[2]),
        late=number(PARTS - LATE),
        least=number(LEAST),
        few=number(FEW),
    )


def _numeric(chain: Chain, tokens: str) -> str:
    numbers = step(
        chain,
        """SELECT pattern, token, part, TRY_CAST(regexp_extract(value, '^[0-9]+([.][0-9]+)?') AS DOUBLE) AS x,
                  ltrim(value, '0123456789.') AS unit
           FROM tokens WHERE kinds = 'N' AND NOT is_code""",
        {"tokens": tokens},
    )
    centers = step(
        chain,
        "SELECT pattern, token, AVG(x) AS center FROM numbers GROUP BY pattern, token HAVING COUNT(DISTINCT unit) = 1",
        {"numbers": numbers},
    )
    parts = step(  # from the middle, or squares of large numbers would leave nothing of small differences
        chain,
        """SELECT n.pattern, n.token, n.part, c.center, COUNT(*) AS size, SUM(n.x - c.center) AS total,
                  SUM((n.x - c.center) * (n.x - c.center)) AS squares
           FROM numbers AS n JOIN centers AS c ON c.pattern = n.pattern AND c.token = n.token GROUP BY ALL""",
        {"numbers": numbers, "centers": centers},
    )
    others = step(
        chain,
        """SELECT *, SUM(size) OVER (PARTITION BY pattern, token) - size AS rest,
                  (SUM(total) OVER (PARTITION BY pattern, token) - total)
                  / NULLIF(SUM(size) OVER (PARTITION BY pattern, token) - size, 0) AS mean,
                  (SUM(squares) OVER (PARTITION BY pattern, token) - squares)
                  / NULLIF(SUM(size) OVER (PARTITION BY pattern, token) - size, 0) AS square,
                  COUNT(*) OVER (PARTITION BY pattern, token) AS there,
                  total / size > lag(total / size) OVER (PARTITION BY pattern, token ORDER BY part) AS rises
           FROM parts""",
        {"parts": parts},
    )
    judged = step(
        chain,
        """SELECT *, abs(total / size - mean) / greatest(sqrt(greatest(square - mean * mean, 0)), abs(mean + center) / 100,
                  0.000001) AS deviation
           FROM others WHERE size >= :change AND rest >= :least
           AND (pattern, token) NOT IN (
               SELECT (pattern, token) FROM others WHERE there >= :counter GROUP BY pattern, token HAVING bool_and(rises)
           )""",
        {"others": others},
        counter=number(COUNTER),
        change=number(LEAST_CHANGE),
        least=number(LEAST),
    )
    return step(
        chain,
        """SELECT pattern, 4 AS rank, :kind AS kind, token, deviation,
                  token || ': ' || round(total / size + center, 1) || ' on average in part ' || (part + 1) || :of || ', '
                  || round(mean + center, 1) || ' in the others.' AS sentence
           FROM judged WHERE deviation > :sigmas
           QUALIFY row_number() OVER (PARTITION BY pattern, token ORDER BY deviation DESC, part) = 1""",
        {"judged": judged},
        kind=text(KINDS[3]),
        of=_of(),
        sigmas=number(SIGMAS),
    )


def _of() -> Expression:
    return text(f" of {PARTS}")
