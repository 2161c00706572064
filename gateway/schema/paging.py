"""Relay connections over AWS's pages.

AWS returns one token per page, but a connection has one cursor per edge. A cursor contains the token of its edge's
page, the edge's position on that page, and hashes of the edge's item and of the items before it. So the gateway keeps
no state, cursors survive restarts, and a cursor finds its place again after its own item or earlier ones were added or
removed.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

import orjson
import strawberry
from strawberry import Info

from gateway.aws.kinds import MOST_RESULTS
from gateway.errors import UNANSWERED, BadUserInput, UpstreamUnavailable
from gateway.records import Page
from gateway.schema.scalars import check_range, is_given

T = TypeVar("T")
N = TypeVar("N")
P = TypeVar("P", bound=tuple[Any, ...])

_DEFAULT_FIRST = 50

_MARKS = 3
"""How many items a cursor has hashes of: its own, and some before it in case that one is removed."""

First = Annotated[int | None, strawberry.argument(description="Maximum number of items, 1 to 100.")]
After = Annotated[
    str | None,
    strawberry.argument(description="A cursor from this list: continue after that edge. Default: from the start."),
]


@strawberry.federation.type(shareable=True, description="The position of a page within its list.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = strawberry.field(description="Whether more edges follow; `after: endCursor` fetches them.")
    has_previous_page: bool = strawberry.field(description="Whether edges precede it: true when `after` was given.")
    start_cursor: str | None = strawberry.field(description="The first edge's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last edge's cursor; null on an empty page.")


@strawberry.type(description="One item of a list and its cursor.")
class Edge(Generic[N]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="Opaque; pass it as `after` to continue after this edge.")
    node: N = strawberry.field(description="The item.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[N]):
    """Relay's connection."""

    edges: list[Edge[N]] = strawberry.field(description="The items with their cursors.")
    nodes: list[N] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Whether more items follow, and from which cursor.")


class Window(NamedTuple, Generic[T]):
    """The items of a list that ``first`` and ``after`` select, each with its cursor."""

    items: list[tuple[str, T]]
    info: PageInfo


@dataclass(frozen=True, slots=True)
class Listing:
    """A paginated list from AWS: the scope of its cursors, how to fetch a page, and which items to keep."""

    scope: str
    fetch: Callable[[str | None, int], Awaitable[Page]]
    """Fetches the page at a token, with about the given number of items."""
    key: Callable[[Mapping[str, Any]], str]
    """Returns a string that identifies an item."""
    keep: Callable[[Mapping[str, Any]], bool] | None = None


async def window(info: Info, listing: Listing, first: int | None, after: str | None) -> Window[dict[str, Any]]:
    """Return the first ``first`` items after a cursor, fetching as many of AWS's pages as that takes.

    If AWS fails, returns the items fetched so far and adds the error to the response: a list is never null, so raising
    the error would null its parent. Raises BadUserInput if ``first`` is outside 1 to 100 or ``after`` is not a cursor
    of this list.
    """
    wanted = checked_first(first)
    resumed = is_given(after)
    token, index, marks = _read_cursor(listing.scope, after or "") if resumed else (None, 0, [])
    chosen: list[tuple[str, dict[str, Any]]] = []
    while True:
        try:
            page = await _fetch(listing, token, min(wanted + index, MOST_RESULTS), resumed=resumed and not chosen)
        except UNANSWERED as error:
            info.context.add_error(error, info)
            return _window(chosen, resumed=resumed, more=bool(chosen))
        skip = _items_to_skip(marks, listing, page) if marks else 0
        for number, item in enumerate(page.items[skip:], skip + 1):
            if listing.keep and not listing.keep(item):
                continue
            if len(chosen) == wanted:
                return _window(chosen, resumed=resumed, more=True)
            chosen.append((_cursor_after(listing, token, number, page), item))
        if page.next is None or (len(chosen) == wanted and not listing.keep):
            return _window(chosen, resumed=resumed, more=page.next is not None)
        token, index, marks = page.next, 0, []


def connection(window: Window[T], node: Callable[[T], N]) -> Connection[N]:
    """Return a connection over a window; ``node`` converts an item to its node."""
    edges = [Edge(cursor=cursor, node=node(item)) for cursor, item in window.items]
    return Connection(edges=edges, nodes=[edge.node for edge in edges], page_info=window.info)


def nothing(first: int | None, after: str | None) -> Connection[Any]:
    """Return an empty connection; raises BadUserInput if ``first`` is out of range."""
    checked_first(first)
    return connection(_window([], resumed=is_given(after), more=False), lambda item: item)


def cut(scope: str, items: Sequence[P], first: int | None, after: str | None, node: Callable[[P], N]) -> Connection[N]:
    """Return a connection over a complete, sorted list.

    A cursor contains the item itself, so it stays valid when the list changes.
    """
    wanted = checked_first(first)
    resumed = is_given(after)
    begin = bisect_right(items, _read_item(scope, after or "", items)) if resumed else 0
    chosen = [(_write_cursor(scope, *item), item) for item in items[begin : begin + wanted]]
    return connection(_window(chosen, resumed=resumed, more=begin + wanted < len(items)), node)


def checked_first(first: int | None) -> int:
    """Return ``first``, or its default if null; raises BadUserInput if it is outside 1 to 100."""
    if first is None:
        return _DEFAULT_FIRST
    check_range(first, 1, MOST_RESULTS, "first")
    return first


async def _fetch(listing: Listing, token: str | None, size: int, *, resumed: bool) -> Page:
    try:
        return await listing.fetch(token, size)
    except BadUserInput as error:
        if resumed:
            # AWS accepted the filters when the cursor was created, so what it rejects now is the cursor's token.
            raise BadUserInput("AWS no longer accepts this cursor; start again without it.", "after") from error
        if token:
            raise UpstreamUnavailable("AWS no longer accepts its own token for the next page.") from error
        raise


def _window(chosen: list[tuple[str, T]], *, resumed: bool, more: bool) -> Window[T]:
    info = PageInfo(
        has_next_page=more,
        has_previous_page=resumed,
        start_cursor=chosen[0][0] if chosen else None,
        end_cursor=chosen[-1][0] if chosen else None,
    )
    return Window(chosen, info)


def scope(*parts: object) -> str:
    """Return a hash of everything that determines a list, so that its cursors are rejected by other lists."""
    return blake2s(repr(parts).encode(), digest_size=6).hexdigest()


def _cursor_after(listing: Listing, token: str | None, number: int, page: Page) -> str:
    """Return the cursor of item ``number`` of a page, counted from 1; the last item's is the start of the next page."""
    if number == len(page.items) and page.next:
        return _write_cursor(listing.scope, page.next, 0)
    marked = reversed(page.items[max(0, number - _MARKS) : number])
    return _write_cursor(listing.scope, token, number, *(scope(listing.key(item)) for item in marked))


def _items_to_skip(marks: Sequence[str], listing: Listing, page: Page) -> int:
    """Return how many of a page's items to skip: up to the first of the cursor's items that is still on it.

    If none is, returns 0, as others may be gone too: repeating items is better than omitting one.
    """
    places = {scope(listing.key(item)): place for place, item in enumerate(page.items, 1)}
    return next((places[mark] for mark in marks if mark in places), 0)


def _read_cursor(scope: str, cursor: str) -> tuple[str | None, int, list[str]]:
    match _read_place(scope, cursor):
        case [str() | None as token, 0]:
            return token, 0, []
        case [str() | None as token, int() as index, str() as mark, *before] if 1 <= index <= MOST_RESULTS:
            return token, index, [mark, *map(str, before)]
        case _:
            raise BadUserInput("not a cursor.", "after")


def _read_item(scope: str, cursor: str, items: Sequence[P]) -> tuple[Any, ...]:
    """Return the item in a cursor; raises BadUserInput if it cannot be compared with ``items``."""
    item = tuple(_read_place(scope, cursor))
    if items and [type(part) for part in item] != [type(part) for part in items[0]]:
        raise BadUserInput("not a cursor.", "after")
    return item


def _write_cursor(scope: str, *place: object) -> str:
    return urlsafe_b64encode(orjson.dumps([scope, *place])).decode().rstrip("=")


def _read_place(scope: str, cursor: str) -> list[Any]:
    try:
        place: list[Any]
        of, *place = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        raise BadUserInput("not a cursor.", "after") from None
    if of != scope:
        raise BadUserInput("a cursor of another list.", "after")
    return place
