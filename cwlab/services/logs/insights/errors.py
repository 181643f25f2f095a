"""What is wrong with a query: MalformedQueryException with the place, and the mistake by its name."""

from __future__ import annotations

from cwlab.errors import AwsError
from cwlab.naming import Mistake


class QueryError(AwsError):
    """A query that Logs Insights refuses. The wording is ours; code, shape and offsets are AWS's.

    Args:
        text: the query.
        at: where in it, counted from 0.
        end: the first position after the place.
        mistake: what a person did there.

    >>> error = QueryError("limit x", 6, 7, Mistake("no number", "Write limit 20."))
    >>> error.message
    'no number at line 1, position 7. Write limit 20.'
    >>> print(error.pointer())
    limit x
          ^ no number. Write limit 20.
    """

    def __init__(self, text: str, at: int, end: int, mistake: Mistake) -> None:
        self.text, self.at, self.end, self.mistake = text, at, max(end, at + 1), mistake
        row = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1) + 1
        message = f"{mistake.name} at line {row}, position {column}. {mistake.remedy}"
        place = {"startCharOffset": at, "endCharOffset": self.end}
        super().__init__(
            "MalformedQueryException",
            message,
            fields={"queryCompileError": {"location": place, "message": message}},
        )
        self.add_note(self.pointer())

    def pointer(self) -> str:
        """The line of the query, a caret under the place, the mistake beside it."""
        first = self.text.rfind("\n", 0, self.at) + 1
        line = self.text[first:].split("\n", 1)[0]
        line = "".join(letter if letter.isprintable() else " " for letter in line)
        return f"{line}\n{' ' * (self.at - first)}^ {self.mistake}"
