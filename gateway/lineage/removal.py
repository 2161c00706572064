"""Deleting a vertex: first its associations and memberships, where that is asked, and then the vertex itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from gateway import arn as arns
from gateway.aws.kinds import ARTIFACT, TRIAL_COMPONENT, Kind
from gateway.aws.places import Place
from gateway.errors import GatewayError, NotFound
from gateway.loaders import Loaders
from gateway.records import Edge

T = TypeVar("T")

_AT_ONCE = 5
"""Deletions under way at a time: AWS throttles them early, and a failure stops those that have not begun."""


@dataclass(slots=True)
class Removal:
    """What has been deleted, which may be less than was asked."""

    arn: str
    associations: list[Edge] = field(default_factory=list)
    trials: list[str] = field(default_factory=list)
    """Names of the trials that a trial component was taken out of."""
    deleted: bool = False
    """Whether the vertex itself is gone."""
    error: GatewayError | None = None
    """Why it is not."""


async def remove(loaders: Loaders, kind: Kind, arn: str, *, disassociate: bool) -> Removal:
    """Delete a vertex and, if so told, its associations and its memberships of trials before it.

    A failure is raised; with ``disassociate`` it is part of the result, beside what was deleted before it, unless there
    was no such vertex.
    """
    removal = Removal(arn)
    loaders.forget()  # its associations are those of now, not those that an earlier field has read
    found = await own(loaders, kind, arn)
    try:
        if disassociate:
            await _free(loaders, kind, removal, found)
        await loaders.write(f"Delete{kind.name}", found.place, **found.parameters)
        removal.deleted = True
    except GatewayError as error:
        absent = isinstance(error, NotFound) and not (removal.associations or removal.trials)
        if absent or not disassociate:
            raise
        removal.error = error
    return removal


class Own(NamedTuple):
    """Where a vertex is written to, and the parameters that name it there."""

    place: Place
    parameters: dict[str, str]


async def own(loaders: Loaders, kind: Kind, arn: str) -> Own:
    """Return how a write names a vertex.

    Most writes take a name and no ARN, and an account that only has the vertex shared with it may have another of that
    name: NotFound unless the vertex belongs to the account that is asked.
    """
    place = loaders.known.place_of(arn)
    if kind.parameter == kind.arn:
        return Own(place, {kind.arn: arn})
    name = arns.id_of(arn)
    found = await loaders.entities.find(kind, name, place)
    if found is None or found.lower() != arn.lower():
        raise NotFound(f"The account has no {kind.name} with this ARN.")
    return Own(place, {kind.parameter: name})


async def artifact_of(loaders: Loaders, source: dict[str, Any]) -> str:
    """Return the ARN of the artifact that has exactly this source; NotFound when there is none."""
    async for page in loaders.listings.pages(ARTIFACT, {"SourceUri": source["SourceUri"]}):
        for summary in page.items:
            if _types(summary["Source"]) == _types(source):
                arn: str = summary[ARTIFACT.arn]
                return arn
    raise NotFound("No artifact has this source.")


def _types(source: dict[str, Any]) -> set[tuple[str, str]]:
    return {(given["SourceIdType"], given["Value"]) for given in source.get("SourceTypes") or ()}


async def _free(loaders: Loaders, kind: Kind, removal: Removal, found: Own) -> None:
    """Delete the vertex's associations, and take a trial component out of its trials."""
    edges = {(edge.source, edge.destination): edge for edge in await loaders.associations.around(removal.arn)}

    async def dissociate(edge: Edge) -> None:
        await loaders.write("DeleteAssociation", found.place, SourceArn=edge.source, DestinationArn=edge.destination)

    async def leave(trial: str) -> None:
        await loaders.write("DisassociateTrialComponent", found.place, TrialName=trial, **found.parameters)

    await _take(list(edges.values()), dissociate, removal.associations)
    if kind is TRIAL_COMPONENT:
        await _take([name for _, name in await loaders.belongings.trials(removal.arn)], leave, removal.trials)


async def _take(items: Sequence[T], take: Callable[[T], Awaitable[None]], taken: list[T]) -> None:
    """Take items away, a few at a time, and note which are gone; stop at a failure, once those under way are done."""

    async def gone(item: T) -> None:
        with suppress(NotFound):
            await take(item)

    for begin in range(0, len(items), _AT_ONCE):
        some = items[begin : begin + _AT_ONCE]
        outcomes = await asyncio.gather(*map(gone, some), return_exceptions=True)
        taken += [item for item, outcome in zip(some, outcomes, strict=True) if outcome is None]
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
