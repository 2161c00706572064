"""The errors that clients see, each with its code.

    GatewayError                INTERNAL
    ├── BadUserInput            BAD_USER_INPUT         an argument is malformed or out of range
    ├── Unauthenticated         UNAUTHENTICATED        the request has no valid credentials
    │   └── UnknownCredentials                         the request has credentials, but they are invalid or revoked
    ├── Forbidden               FORBIDDEN              the caller may not do this, or AWS denies the gateway the call
    ├── NotFound                NOT_FOUND              the subject of a call or of a reference does not exist
    ├── Conflict                CONFLICT               the current state does not allow the change
    ├── Throttled               THROTTLED              AWS or the gateway itself enforced a rate limit
    ├── UpstreamUnavailable     UPSTREAM_UNAVAILABLE   AWS failed, timed out or could not be reached
    │   └── Unsupported                                AWS does not have the operation in this region
    ├── UnknownDocument         PERSISTED_QUERY_NOT_FOUND      no trusted document has this hash
    │   └── NoTrustedDocuments  PERSISTED_QUERY_NOT_SUPPORTED  the gateway has no trusted documents at all
    ├── BudgetExceeded          BUDGET_EXCEEDED        the request reached one of its limits, such as its AWS calls
    │   └── TooCostly                                  the operation's estimated cost exceeds the limit
    └── DeadlineExceeded        DEADLINE_EXCEEDED      the request took longer than allowed

Each class defines its ``extensions.code``. Fields that read return null on NotFound. All other errors, and any NotFound
of a mutation or of a router's entity reference, reach the client as one coded error at the path of the field. Two codes
have no class here, because graphql-core raises those errors: GRAPHQL_PARSE_FAILED and GRAPHQL_VALIDATION_FAILED.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"


class GatewayError(Exception):
    """The base class; raised itself only for internal, unexpected errors."""

    code: ClassVar[str] = "INTERNAL"

    @property
    def extensions(self) -> dict[str, Any]:
        """The error's `extensions` in the response; graphql-core reads this attribute."""
        return {"code": self.code}


class BadUserInput(GatewayError):  # noqa: N818 - named after its code, as all of them are
    """An argument is malformed or out of range."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, argument: str | None = None) -> None:
        """Create it with a message and, where known, the argument's name in the schema."""
        super().__init__(f"{argument}: {message}" if argument else message)
        self.argument = argument

    @property
    def extensions(self) -> dict[str, Any]:
        """The code and, where known, the argument."""
        return {"code": self.code} | ({"argument": self.argument} if self.argument else {})


class Unauthenticated(GatewayError):  # noqa: N818
    """The request has no credentials, or invalid ones."""

    code = "UNAUTHENTICATED"


class UnknownCredentials(Unauthenticated):
    """The request has credentials, but they are unknown, expired or revoked."""


class Forbidden(GatewayError):  # noqa: N818
    """The caller may not do this, or AWS denies the gateway this call."""

    code = "FORBIDDEN"


class NotFound(GatewayError):  # noqa: N818
    """The subject of a call, or of a reference from another subgraph, does not exist."""

    code = "NOT_FOUND"


class Conflict(GatewayError):  # noqa: N818
    """The current state does not allow the change: the item already exists, is in use, or would exceed a quota."""

    code = "CONFLICT"


class Throttled(GatewayError):  # noqa: N818
    """AWS kept throttling a call, or the caller exceeded one of the gateway's own rate limits."""

    code = "THROTTLED"

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        """Create it with a message and, where known, the seconds after which to retry."""
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def extensions(self) -> dict[str, Any]:
        """The code and, where known, `retryAfter` in seconds."""
        return {"code": self.code} | ({"retryAfter": self.retry_after} if self.retry_after else {})


class UpstreamUnavailable(GatewayError):  # noqa: N818
    """AWS failed, timed out or could not be reached."""

    code = "UPSTREAM_UNAVAILABLE"


class Unsupported(UpstreamUnavailable):
    """AWS does not have the operation in this region."""


class UnknownDocument(GatewayError):  # noqa: N818
    """No trusted document has this hash; Apollo clients recognise the message and then send the whole document."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self, message: str = "PersistedQueryNotFound") -> None:
        """Create it, by default with the message that Apollo clients expect."""
        super().__init__(message)


class NoTrustedDocuments(UnknownDocument):
    """The gateway has no trusted documents at all; Apollo clients then stop sending hashes."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"

    def __init__(self) -> None:
        """Create it with the message that Apollo clients expect."""
        super().__init__("PersistedQueryNotSupported")


class BudgetExceeded(GatewayError):  # noqa: N818
    """The request reached one of its limits, such as the number of AWS calls."""

    code = "BUDGET_EXCEEDED"


class TooCostly(BudgetExceeded):
    """The operation's estimated cost exceeds the limit; none of it is executed."""

    def __init__(self, cost: int, most: int) -> None:
        """Create it with the operation's cost and the highest allowed cost."""
        super().__init__(
            f"The operation may cost {cost:,}; at most {most:,} is allowed. Ask for fewer items, or for less of each."
        )
        self.cost = cost
        self.most = most

    @property
    def extensions(self) -> dict[str, Any]:
        """The code, and the requested and the maximum cost."""
        return {"code": self.code, "cost": {"requested": self.cost, "max": self.most}}


class DeadlineExceeded(GatewayError):  # noqa: N818
    """The request took longer than allowed."""

    code = "DEADLINE_EXCEEDED"


UNANSWERED = (BudgetExceeded, DeadlineExceeded, Forbidden, Throttled, UpstreamUnavailable)
"""Errors after which it is unknown what exists, since there is no response from AWS."""


def failed(outcomes: Iterable[object]) -> list[GatewayError]:
    """Return the GatewayErrors among gathered outcomes, the first of each code; raises any other exception."""
    failures: dict[str, GatewayError] = {}
    for outcome in outcomes:
        if isinstance(outcome, GatewayError):
            failures.setdefault(outcome.code, outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
    return list(failures.values())
