"""What is wrong with a filter pattern: AWS's message, and beside it the place and the mistake by its name."""

from __future__ import annotations

from cwlab.errors import AwsError
from cwlab.naming import Mistake

INVALID = "Invalid filter pattern"


class PatternError(AwsError):
    """A filter pattern that CloudWatch Logs refuses (InvalidParameterException).

    Args:
        text: the pattern.
        at: where in it, counted from 0.
        mistake: what a person did there.
        message: AWS's words. Observed: "Invalid filter pattern", "Invalid character(s) in term '…'".

    >>> error = PatternError("{ $.a == 1 }", 7, Mistake("one equals sign is enough", "Write =."))
    >>> error.message
    'Invalid filter pattern'
    >>> print(error.pointer())
    { $.a == 1 }
           ^ one equals sign is enough. Write =.
    """

    def __init__(self, text: str, at: int, mistake: Mistake, message: str = INVALID) -> None:
        super().__init__("InvalidParameterException", message)
        self.text, self.at, self.mistake = text, at, mistake
        self.add_note(self.pointer())

    def pointer(self) -> str:
        """The pattern on one line, a caret under the place, the mistake beside it."""
        line = "".join(letter if letter.isprintable() else " " for letter in self.text)
        return f"{line}\n{' ' * self.at}^ {self.mistake}"
