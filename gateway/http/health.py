"""Whether the gateway is alive, and whether what it needs can be reached."""

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
"""Returns a word for the state of a part; if it raises or takes too long, the part is unreachable."""

_PROBE_SECONDS = 2.0
"""How long a probe may take."""
_CALL_SECONDS = 1.5
"""How long AWS may take to answer its probe's call."""
_REMEMBERED_SECONDS = 5.0
"""How long the probes' answers are remembered."""
_NEEDED = {"aws"}
"""Without these nothing can be answered; without another part, such as the cache, answers take longer."""

_WORDS = {Forbidden.code: DENIED, Throttled.code: THROTTLED, NotFound.code: OK}
"""What an error says of the state of AWS; any other says that it is unreachable."""


class Readiness:
    """The states of the parts that the gateway depends on."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        """Ask these probes, by the names of their parts."""
        self._probes = probes
        self._lock = asyncio.Lock()
        self._parts: dict[str, str] = {}
        self._until = 0.0

    async def parts(self) -> dict[str, str]:
        """Return the state of each part, a few seconds old at most."""
        async with self._lock:
            if time.monotonic() >= self._until:
                words = await asyncio.gather(*map(_word, self._probes.values()))
                self._learn(dict(zip(self._probes, words, strict=True)))
        return self._parts

    def _learn(self, parts: dict[str, str]) -> None:
        if parts != self._parts:
            _log.log(logging.INFO if ready(parts) else logging.WARNING, "readiness", extra={"fields": parts})
        self._parts, self._until = parts, time.monotonic() + _REMEMBERED_SECONDS


def ready(parts: Mapping[str, str]) -> bool:
    """Whether requests can be answered."""
    return not any(parts[name] == UNREACHABLE for name in _NEEDED & parts.keys())


async def _word(probe: Probe) -> str:
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await probe()
    except Exception:  # noqa: BLE001 - whatever it fails with, the part is unreachable
        return UNREACHABLE


def aws_probe(calls: Calls, instruments: Instruments) -> Probe:
    """Make the probe of AWS: one small read, to which any answer will do."""

    async def probe() -> str:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                await calls("DescribeLineageGroup", HOME, {"LineageGroupName": DEFAULT_GROUP}, Tally())
        except GatewayError as error:
            return _WORDS.get(error.code, UNREACHABLE)
        except TimeoutError:
            # It may have waited behind calls that AWS does answer: then it is the gateway that is busy.
            heard = instruments.heard_since(began)
            if heard is None:
                return UNREACHABLE
            return THROTTLED if heard == Throttled.code else OK
        return OK

    return probe


async def health(_: Request) -> JSONResponse:
    """Say that the process is alive, whatever AWS does."""
    return JSONResponse({"status": OK})


async def readiness(request: Request) -> JSONResponse:
    """Return the states of the parts, with a status that says whether to send requests here."""
    parts: dict[str, Any] = await request.app.state.readiness.parts()
    status = HTTPStatus.OK if ready(parts) else HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse({"status": "ready" if ready(parts) else "unready"} | parts, status)
