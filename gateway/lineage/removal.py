"""Deletes a vertex and, on request, first its associations and its memberships of trials."""

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
"""The number of concurrent deletions: AWS throttles them early, and a failure prevents those not yet started."""


@dataclass(slots=True)
class Removal:
    """What has been deleted, which may be only a part."""

    arn: str
    associations: list[Edge] = field(default_factory=list)
    trials: list[str] = field(default_factory=list)
    """The names of the trials that the trial component was removed from."""
    deleted: bool = False
    """Whether the vertex itself was deleted."""
    error: GatewayError | None = None
    """Why it was not."""


async def remove(loaders: Loaders, kind: Kind, arn: str, *, disassociate: bool) -> Removal:
    """Delete a vertex and, with ``disassociate``, first its associations and its memberships of trials.

    Failures are raised. With ``disassociate``, they are instead returned, together with what was deleted before, unless
    the vertex does not exist.
    """
    loaders.forget()  # the current associations are needed, not those that an earlier field has loaded
    found = await own(loaders, kind, arn)
    removal = Removal(found.arn)
    try:
        if disassociate:
            await _disassociate(loaders, kind, removal, found)
        await loaders.write(f"Delete{kind.name}", found.place, **found.parameters)
        removal.deleted = True
    except GatewayError as error:
        absent = isinstance(error, NotFound) and not (removal.associations or removal.trials)
        if absent or not disassociate:
            raise
        removal.error = error
    return removal


class Own(NamedTuple):
    """The ARN of a vertex as AWS spells it, the place for writes to it, and the parameters that identify it there."""

    arn: str
    place: Place
    parameters: dict[str, str]


async def own(loaders: Loaders, kind: Kind, arn: str) -> Own:
    """Return what a write to a vertex needs; the case of letters in ``arn`` may differ from AWS's.

    Most writes take a name instead of an ARN, and an account with which the vertex is only shared may have a vertex of
    its own by that name. Therefore this raises NotFound unless the vertex belongs to the account of the call.
    """
    place = loaders.known.place_of(arn)
    if kind.parameter == kind.arn:
        return Own(arn, place, {kind.arn: arn})
    name = arns.id_of(arn)
    found = await loaders.entities.find(kind, name, place)
    if found is None or found.lower() != arn.lower():
        raise NotFound(f"The account has no {kind.name} with this ARN.")
    return Own(found, place, {kind.parameter: name})


async def artifact_of(loaders: Loaders, source: dict[str, Any]) -> str:
    """Return the ARN of the artifact that has exactly this source; raises NotFound if there is none."""
    async for page in loaders.listings.pages(ARTIFACT, {"SourceUri": source["SourceUri"]}):
        for summary in page.items:
            if _types(summary["Source"]) == _types(source):
                arn: str = summary[ARTIFACT.arn]
                return arn
    raise NotFound("No artifact has this source.")


def _types(source: dict[str, Any]) -> set[tuple[str, str]]:
    return {(given["SourceIdType"], given["Value"]) for given in source.get("SourceTypes") or ()}


async def _disassociate(loaders: Loaders, kind: Kind, removal: Removal, found: Own) -> None:
    """Delete the vertex's associations, and remove a trial component from its trials."""
    edges = {(edge.source, edge.destination): edge for edge in await loaders.associations.around(removal.arn)}

    async def dissociate(edge: Edge) -> None:
        await loaders.write("DeleteAssociation", found.place, SourceArn=edge.source, DestinationArn=edge.destination)

    async def leave(trial: str) -> None:
        await loaders.write("DisassociateTrialComponent", found.place, TrialName=trial, **found.parameters)

    await _delete_all(list(edges.values()), dissociate, removal.associations)
    if kind is TRIAL_COMPONENT:
        await _delete_all([name for _, name in await loaders.belongings.trials(removal.arn)], leave, removal.trials)


async def _delete_all(items: Sequence[T], delete: Callable[[T], Awaitable[None]], deleted: list[T]) -> None:
    """Delete items, a few at a time, and add them to ``deleted``; stops after the first group with a failure."""

    async def gone(item: T) -> None:
        with suppress(NotFound):
            await delete(item)

    for begin in range(0, len(items), _AT_ONCE):
        some = items[begin : begin + _AT_ONCE]
        outcomes = await asyncio.gather(*map(gone, some), return_exceptions=True)
        deleted += [item for item, outcome in zip(some, outcomes, strict=True) if outcome is None]
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
