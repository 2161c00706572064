"""How badly the service behaves: slow, throttling, faulty or denying, as it was told to."""

import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from fnmatch import fnmatchcase

_OPERATION = re.compile(r"([A-Z][A-Za-z*?]*|\*):")


class Fault(Enum):
    """What happens to a request instead of its answer."""

    INTERNAL = auto()
    UNAVAILABLE = auto()
    DROPPED = auto()


@dataclass(slots=True)
class Behaviour:
    """What to do to requests before they are carried out; may be changed while the service runs.

    ``latency_ms`` milliseconds pass before every answer; past ``throttle_tps`` requests a second they are throttled;
    a share ``fault_rate`` (0 to 1) of them fails, half with a 5xx and half by a dropped connection. ``deny`` holds
    patterns of ARNs and names, each alone or after an operation's name and a colon; ``unknown`` the operations that
    the service claims not to have, as SageMaker does where a region lacks them. Credentials of an assumed role last
    for ``credential_seconds``; left out: for as long as asked.
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
        """Behave well from here on."""
        self.latency_ms, self.throttle_tps, self.fault_rate, self.deny, self.unknown = 0, None, 0.0, (), ()
        self.credential_seconds = None
        self._tokens = self._filled = 0.0

    def throttles(self) -> bool:
        """Count a request against the rate; whether it is one too many."""
        if self.throttle_tps is None:
            return False
        now = time.monotonic()
        most = max(1.0, self.throttle_tps)
        self._tokens = min(most, self._tokens + (now - self._filled) * self.throttle_tps)
        self._filled = now
        if self._tokens < 1:
            return True
        self._tokens -= 1
        return False

    def fault(self) -> Fault | None:
        """What goes wrong with this request, usually nothing."""
        if random.random() >= self.fault_rate:  # noqa: S311 - chance, not secrecy
            return None
        return random.choice((Fault.INTERNAL, Fault.UNAVAILABLE, Fault.DROPPED, Fault.DROPPED))  # noqa: S311

    def denies(self, operation: str, resources: Sequence[str]) -> str | None:
        """The first of the resources that the operation may not touch; ``*`` stands for a request that names none."""
        for resource in resources or ("*",):
            for named, glob in self._patterns():
                # A search touches whatever it finds: a pattern for it denies it as a whole.
                covered = fnmatchcase(resource, glob) or named == operation == "Search"
                if covered and fnmatchcase(operation, named):
                    return resource
        return None

    def hides(self, arn: str, name: str | None) -> bool:
        """Whether Search leaves out this entity: a pattern covers it that is not for another operation."""
        return any(
            fnmatchcase("Search", named) and (fnmatchcase(arn, glob) or fnmatchcase(name or arn, glob))
            for named, glob in self._patterns()
        )

    def _patterns(self) -> Iterator[tuple[str, str]]:
        for pattern in self.deny:
            head = _OPERATION.match(pattern)
            yield (head[1], pattern[head.end() :]) if head else ("*", pattern)
