"""How long an invocation has taken: steps of the code, sleeps and calls, in virtual time.

Source: Lambda developer guide, "Configure Lambda function memory": 1,769 MB is one vCPU, CPU grows with memory.
"""

from __future__ import annotations

STEP_NS = 30  # one step (a node of the syntax tree) on one vCPU
ONE_CPU_MB = 1769
BUDGET = 10_000_000  # steps after which a function counts as one that never ends, so that it runs into its time-out


class Stop(BaseException):
    """The environment ends the invocation. Not an Exception, so that a function's own handlers do not catch it."""


class TimedOut(Stop):
    """The function's timeout has passed."""


class Killed(Stop):
    """It needed more memory than it has."""


class Meter:
    """The time of one invocation, in microseconds since it began.

    Args:
        timeout_us: when it is stopped.
        memory_mb: decides how fast it computes, and how big a value may be.
        start_us: what the environment took before the first step.
    """

    __slots__ = ("_limit", "_steps", "_waited_us", "memory_bytes", "step_ns", "timeout_us")

    def __init__(self, timeout_us: int, memory_mb: int, start_us: int = 0) -> None:
        self.timeout_us = timeout_us
        self.memory_bytes = memory_mb << 20
        self.step_ns = STEP_NS * ONE_CPU_MB // min(memory_mb, ONE_CPU_MB)
        self._waited_us = start_us
        self._steps = 0
        self._limit = 0
        self._set_limit()

    def _set_limit(self) -> None:
        left_us = self.timeout_us - self._waited_us
        self._limit = min(BUDGET, left_us * 1000 // self.step_ns)

    @property
    def elapsed_us(self) -> int:
        """Microseconds so far; never more than the timeout."""
        return min(self._waited_us + self._steps * self.step_ns // 1000, self.timeout_us)

    def step(self, n: int) -> bool:
        """``n`` steps of code. Always True, so that it can stand in a condition.

        Raises:
            TimedOut: at the timeout, and again at each step after it.
        """
        self._steps += n
        if self._steps > self._limit:
            self.stop()
        return True

    def wait(self, us: int) -> None:
        """A sleep, or a call to a service.

        Raises:
            TimedOut: it would end after the timeout.
        """
        self._waited_us += max(0, us)
        self._set_limit()
        if self._steps > self._limit or self._waited_us >= self.timeout_us:
            self.stop()

    def stop(self) -> None:
        """End here."""
        self._waited_us, self._limit = self.timeout_us, -1
        raise TimedOut

    def settle(self, us: int) -> None:
        """Say how long it took after all, where counting would not give the same everywhere."""
        self._waited_us, self._steps = us, 0

    @property
    def timed_out(self) -> bool:
        return self._limit < 0

    def hold(self, size: int) -> None:
        """A value of about ``size`` bytes is about to be made.

        Raises:
            Killed: it is more than a quarter of the function's memory, which has to hold what it is made of as well.
        """
        if size > self.memory_bytes // 4:
            raise Killed
