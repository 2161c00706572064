"""What an answer tells of itself on request: its cost, and the calls that it took.

A request asks by its own `extensions`, or by a header where it can have none, as from GraphiQL.
"""

from collections.abc import Mapping
from typing import Any

from gateway.loaders import Loaders
from gateway.schema.execution import Outcome

HEADER = "X-Gateway-Extensions"
COST = "cost"
AWS = "aws"


def wanted(extensions: Mapping[str, Any], headers: Mapping[str, str]) -> frozenset[str]:
    """Return those of the gateway's extensions that a request asks for."""
    named = {name.strip().lower() for name in headers.get(HEADER, "").split(",")}
    return frozenset(name for name in (COST, AWS) if extensions.get(name) is True or name in named)


def extended(outcome: Outcome, names: frozenset[str], cost: int | None, most: int, loaders: Loaders) -> Outcome:
    """Add to an answer what was asked for; the cost of an invalid document is not known."""
    told: dict[str, Any] = {}
    if COST in names and cost is not None:
        told[COST] = {"requested": cost, "max": most}
    if AWS in names:
        told[AWS] = loaders.aws
    return outcome._replace(answer=outcome.answer | {"extensions": told}) if told else outcome
