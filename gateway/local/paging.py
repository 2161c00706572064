"""Pages of a listing, and the tokens that lead from one to the next.

A token holds the place where a page ended: where its last entry stands in the order, not how many came before it, so
that what others write meanwhile neither repeats an entry nor hides one. It is signed with the operation and the rest of
the request, and fits no other.
"""

import base64
import binascii
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import orjson

from gateway.local.errors import ValidationError
from gateway.local.store import Store

DEFAULT = 10
"""Entries on a page when the request does not say."""

Rest = TypeVar("Rest")

_SIGNATURE = 12  # bytes
_APART = {"NextToken", "MaxResults"}


def token(operation: str, request: dict[str, Any], place: object) -> str:
    """Where the next page of this request begins, for the client to send back."""
    body = orjson.dumps(place)
    return base64.urlsafe_b64encode(_signature(operation, request, body) + body).decode()


def place(operation: str, request: dict[str, Any]) -> Any:
    """What the request's token says, None when it has none.

    Raises:
        ValidationError: the token is broken, or was not given by this operation for this request.
    """
    text = request.get("NextToken")
    if text is None:
        return None
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body = raw[_SIGNATURE:]
    if raw[:_SIGNATURE] != _signature(operation, request, body):
        raise ValidationError("Invalid NextToken")
    return orjson.loads(body)


def _signature(operation: str, request: dict[str, Any], body: bytes) -> bytes:
    asked = {member: value for member, value in request.items() if member not in _APART}
    seen = orjson.dumps([operation, asked], option=orjson.OPT_SORT_KEYS)
    return blake2b(body, digest_size=_SIGNATURE, key=blake2b(seen, digest_size=32).digest()).digest()


@dataclass(slots=True)
class Listing:
    """A SELECT being built: its columns, table, conditions and order.

    ``order`` are columns that together differ from row to row and are never NULL.
    """

    select: str
    table: str
    order: tuple[str, ...]
    descending: bool
    conditions: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def where(self, condition: str, *parameters: object) -> None:
        """Keep only the rows that meet the condition as well."""
        self.conditions.append(condition)
        self.parameters.extend(parameters)

    def page(self, store: Store, operation: str, request: dict[str, Any]) -> tuple[list[Any], str | None]:
        """The rows of the page that the request asks for, and the token of the next page if there is one.

        Raises:
            ValidationError: the request's token is not one of this listing's.
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
        return (  # the parts are literals of this package, and what a request says comes in as parameters
            f"SELECT {self.select}, {', '.join(self.order)} FROM {self.table}"  # noqa: S608
            f" WHERE {' AND '.join(self.conditions) or 1} ORDER BY {order} LIMIT ?"
        )


@dataclass(slots=True)
class UnderWay(Generic[Rest]):
    """What is left of the latest walks or searches that took long to begin, each under the token of its next page.

    One that is no longer here, or was another process's, is begun again and skipped up to that page.
    """

    most: int
    _kept: OrderedDict[str, Rest] = field(default_factory=OrderedDict)
    _count: int = 0

    def keep(self, token: str, rest: Rest) -> None:
        """Keep what is left, and forget what has waited longest if there is too much."""
        self._kept[token] = rest
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def take(self, token: str) -> Rest | None:
        """What was left before the page of this token; it is then no longer kept."""
        return self._kept.pop(token, None)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()

    def number(self) -> int:
        """A new number, to tell apart two that stopped at the same place."""
        self._count += 1
        return self._count
