"""What is wrong with an expression: AWS's message, and beside it the place and the mistake by its name."""

from __future__ import annotations

from cwlab.errors import AwsError
from cwlab.naming import Mistake


class MathError(AwsError):
    """A metric math expression that AWS would refuse (code ``ValidationError``).

    Args:
        reason: in AWS's words where they are known.
        column: where in the expression, counted from 1; None when it is not about one place.
        mistake: what a person did there.
        whole: the reason is the whole message; otherwise it becomes ``Error in expression '<id>': <reason>``.
        id: the query whose expression it is.
        text: the expression.

    >>> error = MathError("Invalid syntax", 4, Mistake("one equals sign", "Compare with =="), id="e1", text="m1 = 2")
    >>> error.message
    "Error in expression 'e1': Invalid syntax"
    >>> print(error.pointer())
    m1 = 2
       ^ one equals sign. Compare with ==
    """

    def __init__(
        self,
        reason: str,
        column: int | None = None,
        mistake: Mistake | None = None,
        *,
        whole: bool = False,
        id: str | None = None,
        text: str | None = None,
    ) -> None:
        self.reason, self.column, self.mistake, self.whole = reason, column, mistake, whole
        self.id, self.text = id, text
        super().__init__(
            "ValidationError", reason if whole or id is None else f"Error in expression '{id}': {reason}"
        )

    def located(self, id: str, text: str, column: int | None = None) -> MathError:
        """The same error, of that query; the column given here counts when the error knows none."""
        return MathError(self.reason, self.column or column, self.mistake, whole=self.whole, id=id, text=text)

    def pointer(self) -> str:
        """The expression on one line, a caret under the place, the mistake beside it; empty when there is no place."""
        if self.text is None or self.column is None:
            return str(self.mistake or "")
        line = "".join(" " if letter.isspace() else letter for letter in self.text)
        caret = " " * (self.column - 1) + "^"
        return f"{line}\n{caret} {self.mistake or self.reason}"
