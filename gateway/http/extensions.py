"""The response extensions that a request can ask for: its estimated cost, and the AWS calls that it made.

A request asks for them in its own `extensions` or, if its client cannot send any (such as GraphiQL), by a header.
"""

from collections.abc import Mapping
from typing import Any

from gateway.loaders import Loaders
from gateway.schema.execution import Outcome

_HEADER = "X-Gateway-Extensions"
COST = "cost"
AWS = "aws"


def wanted(extensions: Mapping[str, Any], headers: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the gateway's extensions that a request asks for."""
    named = {name.strip().lower() for name in headers.get(_HEADER, "").split(",")}
    return frozenset(name for name in (COST, AWS) if extensions.get(name) is True or name in named)


def extended(outcome: Outcome, names: frozenset[str], cost: int | None, max_cost: int, loaders: Loaders) -> Outcome:
    """Add the requested extensions to a response; without a cost, as of an invalid document, that one is left out."""
    extensions: dict[str, Any] = {}
    if COST in names and cost is not None:
        extensions[COST] = {"requested": cost, "max": max_cost}
    if AWS in names:
        extensions[AWS] = loaders.aws
    return outcome._replace(answer=outcome.answer | {"extensions": extensions}) if extensions else outcome
