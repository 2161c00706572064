"""Coverage: what the result of a walk is missing, and why."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from gateway.errors import BudgetExceeded, DeadlineExceeded, Forbidden, GatewayError, Throttled


class Reason(Enum):
    """A reason why the result of a walk is incomplete."""

    MAX_DEPTH = "MAX_DEPTH"
    MAX_VERTICES = "MAX_VERTICES"
    CALL_BUDGET = "CALL_BUDGET"
    DEADLINE = "DEADLINE"
    ACCESS_DENIED = "ACCESS_DENIED"
    THROTTLED = "THROTTLED"
    UPSTREAM_ERROR = "UPSTREAM_ERROR"
    DANGLING = "DANGLING"


def reason_of(error: GatewayError) -> Reason:
    """Return the reason that corresponds to the error of a failed call."""
    match error:
        case BudgetExceeded():
            return Reason.CALL_BUDGET
        case DeadlineExceeded():
            return Reason.DEADLINE
        case Forbidden():
            return Reason.ACCESS_DENIED
        case Throttled():
            return Reason.THROTTLED
        case _:
            return Reason.UPSTREAM_ERROR


def ordered(reasons: Iterable[Reason]) -> list[Reason]:
    """Return the distinct reasons in the order of the enum."""
    return sorted(set(reasons), key=list(Reason).index)


class Coverage(NamedTuple):
    """Whether the result of a walk is complete and, if not, why and where."""

    reasons: list[Reason]
    frontier: list[str]
    """The vertices beyond which there may be more, nearest first."""
    as_of: datetime

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.reasons
