"""What an answer left out, and why."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from gateway.errors import BudgetExceeded, DeadlineExceeded, Forbidden, GatewayError, Throttled


class Reason(Enum):
    """Why a walk left something out."""

    MAX_DEPTH = "MAX_DEPTH"
    MAX_VERTICES = "MAX_VERTICES"
    CALL_BUDGET = "CALL_BUDGET"
    DEADLINE = "DEADLINE"
    ACCESS_DENIED = "ACCESS_DENIED"
    THROTTLED = "THROTTLED"
    UPSTREAM_ERROR = "UPSTREAM_ERROR"
    DANGLING = "DANGLING"


def reason_of(error: GatewayError) -> Reason:
    """Return why the answer to a failed call is missing."""
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
    """Return reasons in their order, each once."""
    return sorted(set(reasons), key=list(Reason).index)


class Coverage(NamedTuple):
    """What a walk left out, and why."""

    reasons: list[Reason]
    frontier: list[str]
    """Vertices beyond which there may be more, nearest first."""
    as_of: datetime

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not self.reasons
