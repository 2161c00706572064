"""Lookups for root fields and links: one entity by its name or ARN, or a page of a list."""

import asyncio
import contextlib
import re
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from strawberry import Info

from gateway.aws.kinds import Kind, pinned
from gateway.aws.places import Place
from gateway.errors import UNANSWERED, BadUserInput, Forbidden
from gateway.loaders import Loaders
from gateway.records import Page
from gateway.schema.entity import Described, shown
from gateway.schema.paging import Connection, Listing, connection, nothing, scope, window
from gateway.schema.pending import looked_up
from gateway.schema.scalars import checked_arn, checked_name, is_given

D = TypeVar("D", bound=Described)

_ACCOUNT = re.compile("[0-9]{12}")
_REGION = re.compile("[a-z]{2,10}(?:-[a-z0-9]{1,20}){1,4}")


async def existing(loaders: Loaders, key: str) -> Any:
    """Describe the entity and return it; None if AWS reports that it does not exist.

    If the Describe call fails for another reason, the entity is returned nevertheless: the fields that its ARN
    determines have values, and the others report the error.
    """
    entity: Described | None = shown(loaders, key)
    return await looked_up(entity, _found) if entity else None


async def _found(entity: Described) -> Described | None:
    with contextlib.suppress(*UNANSWERED):
        await entity.loaders.entities.load(entity.kind, entity.key)
    return None if entity.record.missing else entity


async def by_arn(info: Info, arn: str, *shows: type[D]) -> D | None:
    """Return the entity with this ARN, which must be of the kind of one of ``shows``; None when there is none."""
    checked_arn(arn, "arn", *(one.kind for one in shows))
    found: D | None = await existing(info.context, arn)
    return found


async def by_name(info: Info, shows: type[D], name: str, version: int | None = None) -> D | None:
    """Return the entity with this name, in ``version`` if its kind has versions; None when there is none."""
    loaders: Loaders = info.context
    kind = shows.kind
    wanted = pinned(checked_name(name, "name", kind), version)

    async def found(entity: Described) -> Described | None:
        key = await loaders.entities.load_named(kind, wanted)
        if key == entity.key:
            return entity
        return shown(loaders, key) if key else None

    if expected := loaders.entities.expected(kind, wanted):
        entity: D | None = await looked_up(shown(loaders, expected), found)
        return entity
    key = await loaders.entities.find(kind, wanted)
    return shown(loaders, key) if key else None


async def by_either(info: Info, shows: type[D], name: str | None, arn: str | None) -> D | None:
    """Return the entity by its name or its ARN, exactly one of which must be given."""
    if is_given(name) == is_given(arn):
        raise BadUserInput("give exactly one of `name` and `arn`.", "name")
    return await (by_name(info, shows, name) if is_given(name) else by_arn(info, arn or "", shows))


async def belonging(
    info: Info, entity: Described, kind: Kind, first: int | None, after: str | None, **parameters: Any
) -> Connection[Any]:
    """Return a page of the entities of ``kind`` that belong to ``entity``, by List in its account and region.

    If the gateway may not query these, the page is empty, and the error is added to the response.
    """
    try:
        place: Place | None = entity.place
    except Forbidden as error:
        info.context.add_error(error, info)
        place = None
    return await listed(info, kind, first, after, place=place, **parameters)


async def listed(  # noqa: PLR0913 - a list has these parts
    info: Info,
    kind: Kind,
    first: int | None,
    after: str | None,
    *,
    place: Place | None,
    created: tuple[datetime | None, datetime | None] = (None, None),
    **filters: Any,
) -> Connection[Any]:
    """Return a page of the entities of a kind, from its List operation with those parameters that are given.

    The page is empty if ``place`` is None.
    """
    if place is None:
        return nothing(first, after)
    bounds = dict(zip((f"{kind.created}After", f"{kind.created}Before"), created, strict=True))
    loaders: Loaders = info.context
    parameters = given(**filters, **bounds)
    listing = Listing(
        scope(kind.list, place, sorted(parameters.items())),
        lambda token, size: loaders.listings.page(kind, parameters, token, size, place),
        kind.key,
    )
    return await connected(info, kind, listing, first, after)


async def place_asked(info: Info, account: str | None, region: str | None) -> Place | None:
    """Return the place that a list's arguments name; raises BadUserInput if one of them is malformed.

    If the gateway may not query it, or cannot find out whether it may, returns None and adds the error to the response.
    """
    if is_given(account) and not _ACCOUNT.fullmatch(account):
        raise BadUserInput("not the 12 digits of an account.", "account")
    if is_given(region) and not _REGION.fullmatch(region):
        raise BadUserInput("not the name of a region.", "region")
    loaders: Loaders = info.context
    try:
        return await loaders.known.place_named(account or None, region or None)
    except UNANSWERED as error:
        loaders.add_error(error, info)
        return None


async def connected(info: Info, kind: Kind, listing: Listing, first: int | None, after: str | None) -> Connection[Any]:
    """Return a page of the entities in a listing."""
    chosen = await window(info, listing, first, after)
    return connection(chosen, lambda item: shown(info.context, kind.key(item)))


def searching(entity: Described, kind: Kind, name: str, value: str) -> Listing:
    """Return a listing of the entities whose property ``name`` has this value, by Search where ``entity`` is."""
    return Listing(
        scope("Search", entity.key, kind.name, name, value),
        lambda token, size: entity.loaders.listings.search(kind, name, value, token, size, entity.place),
        kind.key,
    )


def naming(
    loaders: Loaders, kind: Kind, find_names: Callable[[], Awaitable[Iterable[tuple[Place, str]]]], *belonging: str
) -> Listing:
    """Return a listing of the entities with certain places and names, without those that no longer exist.

    ``belonging`` identifies the list, for its cursors. The token of the next page is the last name of a page, so that
    it stays valid when names are added or removed.
    """

    async def fetch(token: str | None, size: int) -> Page:
        names = sorted(await find_names(), key=_label)
        start = bisect_right(names, token or "", key=_label)
        chosen = names[start : start + size]
        keys = await asyncio.gather(
            *(loaders.entities.find(kind, name, place, together=True) for place, name in chosen)
        )
        more = start + size < len(names)
        return Page([{kind.arn: key} for key in keys], _label(chosen[-1]) if more else None)

    return Listing(scope(kind.name, *belonging), fetch, kind.key, lambda item: bool(item[kind.arn]))


async def standing_for(loaders: Loaders, shows: type[D], source: str) -> D | None:
    """Return the vertex of a type whose source is this ARN or URI; the newest if there are several."""
    found = await loaders.listings.with_source(shows.kind, source, 1)
    return shown(loaders, found[0]) if found else None


def given(**parameters: Any) -> dict[str, Any]:
    """Return those parameters that are neither null nor absent, with AWS's values for enums."""
    return {name: getattr(value, "value", value) for name, value in parameters.items() if is_given(value)}


def _label(named: tuple[Place, str]) -> str:
    place, name = named
    return f"{name} {place.text}"
