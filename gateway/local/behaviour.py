"""Simulated misbehaviour of the local service: latency, throttling, faults, denied and missing operations."""

import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from fnmatch import fnmatchcase

_OPERATION = re.compile(r"([A-Z][A-Za-z*?]*|\*):")

_RANDOM = random.Random()  # noqa: S311 - not used for security
"""Not the module's own, which a program that embeds the service may have seeded."""


class Fault(Enum):
    """A fault that a request gets instead of its response."""

    INTERNAL = auto()
    UNAVAILABLE = auto()
    DROPPED = auto()


@dataclass(slots=True)
class Behaviour:
    """The misbehaviour to simulate before a request is executed; may be changed while the service runs.

    Attributes:
        latency_ms: Delay before every response, in milliseconds.
        throttle_tps: Requests per second beyond which requests are throttled; None means no limit.
        fault_rate: Fraction of requests (0 to 1) that fail: half with a 5xx, half by a dropped connection.
        deny: Patterns of ARNs and names to deny, each alone or after an operation's name and a colon.
        unknown: Operations to report as unknown, as SageMaker does in regions that lack them.
        credential_seconds: Lifetime of the credentials of an assumed role; None means as long as requested.
    """

    latency_ms: float = 0
    throttle_tps: float | None = None
    fault_rate: float = 0.0
    deny: Sequence[str] = ()
    unknown: Sequence[str] = ()
    credential_seconds: float | None = None
    _tokens: float = field(default=0.0, init=False, repr=False)
    _filled: float = field(default=0.0, init=False, repr=False)

    def reset(self) -> None:
        """Stop all simulated misbehaviour."""
        self.latency_ms, self.throttle_tps, self.fault_rate, self.deny, self.unknown = 0, None, 0.0, (), ()
        self.credential_seconds = None
        self._tokens = self._filled = 0.0

    def throttles(self) -> bool:
        """Take a token from the bucket for a request, and return whether the request must be throttled."""
        if self.throttle_tps is None:
            return False
        now = time.monotonic()
        capacity = max(1.0, self.throttle_tps)
        self._tokens = min(capacity, self._tokens + (now - self._filled) * self.throttle_tps)
        self._filled = now
        if self._tokens < 1:
            return True
        self._tokens -= 1
        return False

    def fault(self) -> Fault | None:
        """Pick the fault of a request at random; None for no fault."""
        if _RANDOM.random() >= self.fault_rate:
            return None
        return _RANDOM.choice((Fault.INTERNAL, Fault.UNAVAILABLE, Fault.DROPPED, Fault.DROPPED))

    def denies(self, operation: str, resources: Sequence[str]) -> str | None:
        """The first of the resources on which the operation is denied, or None.

        A request without resources counts as one for ``*``.
        """
        for resource in resources or ("*",):
            for named, glob in self._patterns():
                # A search names no resource, so a pattern that begins with `Search:` denies all searches.
                matches = fnmatchcase(resource, glob) or named == operation == "Search"
                if matches and fnmatchcase(operation, named):
                    return resource
        return None

    def hides(self, arn: str, name: str | None) -> bool:
        """Whether Search omits this entity, because a pattern that applies to Search matches it."""
        return any(
            fnmatchcase("Search", named) and (fnmatchcase(arn, glob) or fnmatchcase(name or arn, glob))
            for named, glob in self._patterns()
        )

    def _patterns(self) -> Iterator[tuple[str, str]]:
        for pattern in self.deny:
            head = _OPERATION.match(pattern)
            yield (head[1], pattern[head.end() :]) if head else ("*", pattern)
