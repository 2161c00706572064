"""What can go wrong, as a client sees it.

    GatewayError                INTERNAL
    ├── BadUserInput            BAD_USER_INPUT         an argument that cannot be what it says
    ├── Unauthenticated         UNAUTHENTICATED        nobody that the gateway knows asks
    │   └── UnknownCredentials                         what the caller shows is not, or no longer, known
    ├── Forbidden               FORBIDDEN              the caller may not ask this, or AWS denies the gateway the call
    ├── NotFound                NOT_FOUND              what a call or a reference was about does not exist
    ├── Conflict                CONFLICT               a change that what is there does not allow
    ├── Throttled               THROTTLED              AWS, or the gateway itself, said "too fast"
    ├── UpstreamUnavailable     UPSTREAM_UNAVAILABLE   AWS failed, timed out or could not be reached
    │   └── Unsupported                                AWS does not have the operation in this region
    ├── UnknownDocument         PERSISTED_QUERY_NOT_FOUND      no trusted document has this hash
    │   └── NoTrustedDocuments  PERSISTED_QUERY_NOT_SUPPORTED  the gateway has no trusted documents at all
    ├── BudgetExceeded          BUDGET_EXCEEDED        the request's share of AWS calls is used up
    │   └── TooCostly                                  the operation would cost more than any may
    └── DeadlineExceeded        DEADLINE_EXCEEDED      the request took longer than it may

Each class carries its ``extensions.code``. A field that reads turns NotFound into null; the rest, and what a mutation
or a router's reference meets, reach the client as one coded error at the field that asked. Two codes have no class
here, because graphql-core raises them: GRAPHQL_PARSE_FAILED and GRAPHQL_VALIDATION_FAILED.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"


class GatewayError(Exception):
    """The base class; by itself, something that the gateway did not expect."""

    code: ClassVar[str] = "INTERNAL"

    @property
    def extensions(self) -> dict[str, Any]:
        """What GraphQL sends beside the message; graphql-core looks for it by this name."""
        return {"code": self.code}


class BadUserInput(GatewayError):  # noqa: N818 - named after its code, as all of them are
    """An argument that is malformed or out of its range."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, argument: str | None = None) -> None:
        """Say what is wrong, and with which argument (by its name in the schema) where that is known."""
        super().__init__(f"{argument}: {message}" if argument else message)
        self.argument = argument

    @property
    def extensions(self) -> dict[str, Any]:
        """The code and, where known, the argument."""
        return {"code": self.code} | ({"argument": self.argument} if self.argument else {})


class Unauthenticated(GatewayError):  # noqa: N818
    """The caller shows no credentials, or none that the gateway knows."""

    code = "UNAUTHENTICATED"


class UnknownCredentials(Unauthenticated):
    """The caller shows credentials that the gateway does not know, or no longer takes."""


class Forbidden(GatewayError):  # noqa: N818
    """The caller may not ask this, or AWS denies the gateway this call."""

    code = "FORBIDDEN"


class NotFound(GatewayError):  # noqa: N818
    """What a call, or a reference from another subgraph, was about does not exist."""

    code = "NOT_FOUND"


class Conflict(GatewayError):  # noqa: N818
    """A change that the current state does not allow: it exists already, is in use, or would exceed a quota."""

    code = "CONFLICT"


class Throttled(GatewayError):  # noqa: N818
    """AWS kept refusing a call because too many are made, or the gateway refuses a caller who asks too much."""

    code = "THROTTLED"

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        """Say who refuses, and after how many seconds to try again, where that is known."""
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def extensions(self) -> dict[str, Any]:
        """The code and, where known, the seconds."""
        return {"code": self.code} | ({"retryAfter": self.retry_after} if self.retry_after else {})


class UpstreamUnavailable(GatewayError):  # noqa: N818
    """AWS failed, timed out or could not be reached."""

    code = "UPSTREAM_UNAVAILABLE"


class Unsupported(UpstreamUnavailable):
    """AWS does not have the operation in this region."""


class UnknownDocument(GatewayError):  # noqa: N818
    """No trusted document has this hash; Apollo's clients know the message and send the whole document then."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self, message: str = "PersistedQueryNotFound") -> None:
        """Say so as Apollo does."""
        super().__init__(message)


class NoTrustedDocuments(UnknownDocument):
    """The gateway has no trusted documents at all; Apollo's clients then send no more hashes."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"

    def __init__(self) -> None:
        """Say so as Apollo does."""
        super().__init__("PersistedQueryNotSupported")


class BudgetExceeded(GatewayError):  # noqa: N818
    """The request's share of AWS calls is used up."""

    code = "BUDGET_EXCEEDED"


class TooCostly(BudgetExceeded):
    """The operation would cost more than any may; nothing of it is executed."""

    def __init__(self, cost: int, most: int) -> None:
        """Say what it would cost, and what is allowed."""
        super().__init__(
            f"The operation may cost {cost:,}; at most {most:,} is allowed. Ask for fewer items, or for less of each."
        )
        self.cost = cost
        self.most = most

    @property
    def extensions(self) -> dict[str, Any]:
        """The code, and both costs."""
        return {"code": self.code, "cost": {"requested": self.cost, "max": self.most}}


class DeadlineExceeded(GatewayError):  # noqa: N818
    """The request took longer than it may."""

    code = "DEADLINE_EXCEEDED"


def failed(outcomes: Iterable[object]) -> list[GatewayError]:
    """Return the errors among gathered outcomes, each code once; raises any that is no GatewayError."""
    failures: dict[str, GatewayError] = {}
    for outcome in outcomes:
        if isinstance(outcome, GatewayError):
            failures.setdefault(outcome.code, outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
    return list(failures.values())
