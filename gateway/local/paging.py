"""Keyset pagination of listings, and their tokens.

A token holds the sort key of a page's last entry, not an offset, so that concurrent writes neither repeat an entry nor
hide one. It is signed with the operation and the rest of the request, and is invalid for any other.
"""

import base64
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import orjson

from gateway.local.errors import ValidationError
from gateway.local.store import Store

DEFAULT = 10
"""Page size if the request has no ``MaxResults``."""

Rest = TypeVar("Rest")

_SIGNATURE = 12  # bytes
_UNSIGNED = {"NextToken", "MaxResults"}


def token(operation: str, request: dict[str, Any], place: object) -> str:
    """Encode a place as the token of the next page of this request."""
    body = orjson.dumps(place)
    return base64.urlsafe_b64encode(_signature(operation, request, body) + body).decode()


def place(operation: str, request: dict[str, Any]) -> Any:
    """Decode the place in the request's token; None if the request has no token.

    Raises:
        ValidationError: the token is malformed, or belongs to another operation or request.
    """
    text = request.get("NextToken")
    if text is None:
        return None
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    body = raw[_SIGNATURE:]
    if raw[:_SIGNATURE] != _signature(operation, request, body):
        raise ValidationError("Invalid NextToken")
    return orjson.loads(body)


def _signature(operation: str, request: dict[str, Any], body: bytes) -> bytes:
    signed = {member: value for member, value in request.items() if member not in _UNSIGNED}
    context = orjson.dumps([operation, signed], option=orjson.OPT_SORT_KEYS)
    return blake2b(body, digest_size=_SIGNATURE, key=blake2b(context, digest_size=32).digest()).digest()


@dataclass(slots=True)
class Listing:
    """A builder of a SELECT statement: its columns, table, conditions and order.

    The columns in ``order`` must together be unique, and never NULL.
    """

    select: str
    table: str
    order: tuple[str, ...]
    descending: bool
    conditions: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def where(self, condition: str, *parameters: object) -> None:
        """Add a condition, combined with the others by AND."""
        self.conditions.append(condition)
        self.parameters.extend(parameters)

    def page(self, store: Store, operation: str, request: dict[str, Any]) -> tuple[list[Any], str | None]:
        """Return the rows of the requested page, and the token of the next page if there is one.

        Raises:
            ValidationError: the request's token is not one of this listing.
        """
        last = place(operation, request)
        if last is not None:
            marks = ", ".join("?" * len(self.order))
            self.where(f"({', '.join(self.order)}) {'<' if self.descending else '>'} ({marks})", *last)
        limit = request.get("MaxResults", DEFAULT)
        found = store.rows(self._sql(), [*self.parameters, limit + 1])
        rows = found[:limit]
        return rows, token(operation, request, rows[-1][-len(self.order) :]) if len(found) > limit else None

    def _sql(self) -> str:
        direction = "DESC" if self.descending else "ASC"
        order = ", ".join(f"{column} {direction}" for column in self.order)
        return (  # all parts are literals of this package; values of a request are passed as parameters
            f"SELECT {self.select}, {', '.join(self.order)} FROM {self.table}"  # noqa: S608
            f" WHERE {' AND '.join(self.conditions) or 1} ORDER BY {order} LIMIT ?"
        )


@dataclass(slots=True)
class UnderWay(Generic[Rest]):
    """A cache of unfinished walks or searches, which are expensive to restart, by the token of their next page.

    One that is not in the cache, or was started by another process, is restarted and skipped up to that page.
    """

    capacity: int
    _kept: OrderedDict[str, Rest] = field(default_factory=OrderedDict)
    _count: int = 0

    def keep(self, token: str, rest: Rest) -> None:
        """Store what remains, and evict the oldest entry if there are too many."""
        self._kept[token] = rest
        if len(self._kept) > self.capacity:
            self._kept.popitem(last=False)

    def take(self, token: str) -> Rest | None:
        """Remove and return what remains from the page with this token on, or None."""
        return self._kept.pop(token, None)

    def clear(self) -> None:
        """Remove all entries."""
        self._kept.clear()

    def number(self) -> int:
        """A new number, which makes the tokens of two walks or searches at the same place differ."""
        self._count += 1
        return self._count
