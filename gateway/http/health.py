"""Liveness and readiness: whether the process runs, and whether AWS and the cache can be reached."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from gateway.aws.calls import Calls, Tally
from gateway.aws.kinds import DEFAULT_GROUP
from gateway.aws.places import HOME
from gateway.errors import Forbidden, GatewayError, NotFound, Throttled
from gateway.observability import Instruments

_log = logging.getLogger("gateway.http")

OK = "ok"
DENIED = "denied"
THROTTLED = "throttled"
UNREACHABLE = "unreachable"

Probe = Callable[[], Awaitable[str]]
"""Returns the state of a dependency; if it raises or times out, the dependency is unreachable."""

_PROBE_SECONDS = 2.0
"""Timeout for a probe."""
_CALL_SECONDS = 1.5
"""Timeout for the AWS call of a probe."""
_REMEMBERED_SECONDS = 5.0
"""How long the probes' results are cached."""
_REQUIRED = {"aws"}
"""The gateway is not ready without these; without another dependency, such as the cache, it is only slower."""

_STATES = {Forbidden.code: DENIED, Throttled.code: THROTTLED, NotFound.code: OK}
"""The state of AWS by the code of an error; any other error means that it is unreachable."""


class Readiness:
    """The states of the gateway's dependencies."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        """Run these probes, by the names of the dependencies."""
        self._probes = probes
        self._lock = asyncio.Lock()
        self._parts: dict[str, str] = {}
        self._until = 0.0

    async def parts(self) -> dict[str, str]:
        """Return the state of each dependency, at most five seconds old."""
        async with self._lock:
            if time.monotonic() >= self._until:
                states = await asyncio.gather(*map(_state, self._probes.values()))
                self._update(dict(zip(self._probes, states, strict=True)))
        return self._parts

    def _update(self, parts: dict[str, str]) -> None:
        if parts != self._parts:
            _log.log(logging.INFO if ready(parts) else logging.WARNING, "readiness", extra={"fields": parts})
        self._parts, self._until = parts, time.monotonic() + _REMEMBERED_SECONDS


def ready(parts: Mapping[str, str]) -> bool:
    """Whether the gateway can serve requests."""
    return not any(parts[name] == UNREACHABLE for name in _REQUIRED & parts.keys())


async def _state(probe: Probe) -> str:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await probe()
    except Exception:  # noqa: BLE001 - whatever it raises, the dependency is unreachable
        return UNREACHABLE


def aws_probe(calls: Calls, instruments: Instruments) -> Probe:
    """Return the probe of AWS: one small call, for which even an error response shows that AWS is reachable."""

    async def probe() -> str:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                await calls("DescribeLineageGroup", HOME, {"LineageGroupName": DEFAULT_GROUP}, Tally())
        except GatewayError as error:
            return _STATES.get(error.code, UNREACHABLE)
        except TimeoutError:
            # The call may have waited behind others to which AWS does respond: then only the gateway is busy.
            outcome = instruments.heard_since(began)
            if outcome is None:
                return UNREACHABLE
            return THROTTLED if outcome == Throttled.code else OK
        return OK

    return probe


async def health(_: Request) -> JSONResponse:
    """Report that the process is alive, whatever the state of AWS."""
    return JSONResponse({"status": OK})


async def readiness(request: Request) -> JSONResponse:
    """Report the states of the dependencies; status 503 tells a load balancer not to send requests here."""
    parts: dict[str, Any] = await request.app.state.readiness.parts()
    status = HTTPStatus.OK if ready(parts) else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse({"status": "ready" if ready(parts) else "unready"} | parts, status)
