"""The root fields: one entity, several, or a list of them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry import UNSET, Info

from gateway import arn as arns
from gateway.aws import kinds
from gateway.errors import BadUserInput
from gateway.lineage import plan
from gateway.loaders import Loaders
from gateway.schema.entity import Node
from gateway.schema.enums import AssociationSort, AssociationType, NameOrCreationTime, SortOrder
from gateway.schema.lineage import (
    Action,
    Artifact,
    Association,
    Context,
    LineageEntity,
    LineageGroup,
    TrialComponent,
    association,
    association_ends,
    association_listing,
    vertex,
)
from gateway.schema.paging import After, Connection, First, Listing, connection, scope, window
from gateway.schema.scalars import Arn, checked_arn, checked_name, is_given

N = TypeVar("N", bound=Node)

MOST_IDS = 100
"""Ids that one `nodes` field takes."""


def _argument(description: str) -> Any:
    return strawberry.argument(description=description)


ArnArgument = Annotated[Arn, _argument("Its ARN.")]
NameOrNone = Annotated[str | None, _argument("Its name; give this or `arn`.")]
ArnOrNone = Annotated[Arn | None, _argument("Its ARN; give this or `name`.")]
SourceUri = Annotated[str | None, _argument("Only those that stand for exactly this URI or ARN.")]
Type = Annotated[str | None, _argument("Only those of this type, such as DataSet.")]
CreatedAfter = Annotated[datetime | None, _argument("Only those created at this moment or later.")]
CreatedBefore = Annotated[datetime | None, _argument("Only those created at this moment or earlier.")]
SortBy = Annotated[NameOrCreationTime | None, _argument("What to sort by; left out: CREATION_TIME.")]
Order = Annotated[SortOrder | None, _argument("Which way to sort; left out: DESCENDING.")]


@strawberry.type(description="Where every question about lineage begins.")
class Query:
    """The root of the schema."""

    @strawberry.field(description="Whatever has this id; null when nothing has. One call.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, _argument("An id that this API handed out.")]
    ) -> Node | None:
        """Find a node again."""
        return await _node(info.context, id, "id")

    @strawberry.field(description="Whatever has these ids, in their order, with null for what does not exist.")
    def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], _argument("Up to 100 ids that this API handed out.")],
    ) -> list[Node | None]:
        """Find several nodes again; each is awaited by itself, so that one failure costs one slot."""
        if len(ids) > MOST_IDS:
            raise BadUserInput(f"at most {MOST_IDS}, not {len(ids)}.", "ids")
        found: Any = [_node(info.context, one, "ids") for one in ids]
        return found  # type: ignore[no-any-return]

    @strawberry.field(description="The vertex of the lineage graph with this ARN; null when there is none.")
    async def entity(self, info: Info, arn: ArnArgument) -> LineageEntity | None:
        """Find a vertex of any kind."""
        checked_arn(arn, "arn", *kinds.LINEAGE)
        return await _existing(vertex(info.context, arn))

    @strawberry.field(description="The artifact with this ARN; null when there is none.")
    async def artifact(self, info: Info, arn: ArnArgument) -> Artifact | None:
        """Find an artifact."""
        checked_arn(arn, "arn", kinds.ARTIFACT)
        return await _existing(Artifact(loaders=info.context, key=arn))

    @strawberry.field(description="The context with this name or ARN; null when there is none.")
    async def context(self, info: Info, name: NameOrNone = UNSET, arn: ArnOrNone = UNSET) -> Context | None:
        """Find a context."""
        return await _named(Context, info.context, name, arn)

    @strawberry.field(description="The action with this name or ARN; null when there is none.")
    async def action(self, info: Info, name: NameOrNone = UNSET, arn: ArnOrNone = UNSET) -> Action | None:
        """Find an action."""
        return await _named(Action, info.context, name, arn)

    @strawberry.field(description="The trial component with this name or ARN; null when there is none.")
    async def trial_component(
        self, info: Info, name: NameOrNone = UNSET, arn: ArnOrNone = UNSET
    ) -> TrialComponent | None:
        """Find a trial component."""
        return await _named(TrialComponent, info.context, name, arn)

    @strawberry.field(description="The lineage group with this name; null when there is none.")
    async def lineage_group(self, info: Info, name: Annotated[str, _argument("Its name.")]) -> LineageGroup | None:
        """Find a lineage group."""
        arn = await info.context.find(kinds.LINEAGE_GROUP, checked_name(name, "name", kinds.LINEAGE_GROUP))
        return LineageGroup(loaders=info.context, key=arn) if arn else None

    @strawberry.field(description="The account's artifacts. One call a page.")
    async def artifacts(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        source_uri: SourceUri = UNSET,
        type: Type = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_order: Order = UNSET,
    ) -> Connection[Artifact]:
        """List artifacts, newest first."""
        return await _listed(
            Artifact,
            info.context,
            first,
            after,
            SourceUri=source_uri,
            ArtifactType=type,
            created=(created_after, created_before),
            SortOrder=sort_order,
        )

    @strawberry.field(description="The account's contexts. One call a page.")
    async def contexts(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        source_uri: SourceUri = UNSET,
        type: Type = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = UNSET,
    ) -> Connection[Context]:
        """List contexts."""
        return await _listed(
            Context,
            info.context,
            first,
            after,
            SourceUri=source_uri,
            ContextType=type,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
        )

    @strawberry.field(description="The account's actions. One call a page.")
    async def actions(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        source_uri: SourceUri = UNSET,
        type: Type = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = UNSET,
    ) -> Connection[Action]:
        """List actions."""
        return await _listed(
            Action,
            info.context,
            first,
            after,
            SourceUri=source_uri,
            ActionType=type,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
        )

    @strawberry.field(
        description="The account's trial components, of one experiment, one trial or one source at most. One call a "
        "page; empty where there is no such experiment or trial."
    )
    async def trial_components(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        experiment_name: Annotated[str | None, _argument("Only those in a trial of this experiment.")] = UNSET,
        trial_name: Annotated[str | None, _argument("Only those in this trial.")] = UNSET,
        source_arn: Annotated[str | None, _argument("Only those that stand for the job with this ARN.")] = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = UNSET,
    ) -> Connection[TrialComponent]:
        """List trial components."""
        for argument, value in {"experimentName": experiment_name, "trialName": trial_name}.items():
            if is_given(value):
                checked_name(value, argument, kinds.TRIAL_COMPONENT)
        return await _listed(
            TrialComponent,
            info.context,
            first,
            after,
            ExperimentName=experiment_name,
            TrialName=trial_name,
            SourceArn=source_arn,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
        )

    @strawberry.field(description="Associations, by either end or all of the account's. At most one call a page.")
    async def associations(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        source_arn: Annotated[Arn | None, _argument("Only those that leave this vertex.")] = UNSET,
        destination_arn: Annotated[Arn | None, _argument("Only those that reach this vertex.")] = UNSET,
        source_type: Annotated[str | None, _argument("Only those whose source has this type.")] = UNSET,
        destination_type: Annotated[str | None, _argument("Only those whose destination has this type.")] = UNSET,
        type: Annotated[AssociationType | None, _argument("Only those of this type.")] = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: Annotated[AssociationSort | None, _argument("What to sort by; left out: CREATION_TIME.")] = UNSET,
        sort_order: Order = UNSET,
    ) -> Connection[Association]:
        """List associations."""
        for argument, arn in {"sourceArn": source_arn, "destinationArn": destination_arn}.items():
            if is_given(arn):
                checked_arn(arn, argument, *kinds.LINEAGE)
        parameters = _given(
            SourceArn=source_arn,
            DestinationArn=destination_arn,
            SourceType=source_type,
            DestinationType=destination_type,
            AssociationType=type,
            SortBy=sort_by,
            SortOrder=sort_order,
        )
        loaders: Loaders = info.context
        bounds, keep = plan.created(created_after or None, created_before or None)
        chosen = await window(association_listing(loaders, parameters | bounds, keep), first, after)
        return connection(chosen, lambda summary: association(loaders, summary))


async def _node(loaders: Loaders, id: str, argument: str) -> Node | None:
    arn = arns.parse(id)
    if arn is None:
        return await _association(loaders, id, argument)
    if arn.resource == kinds.LINEAGE_GROUP.resource:
        found = await loaders.find(kinds.LINEAGE_GROUP, id)
        return LineageGroup(loaders=loaders, key=id) if found else None
    checked_arn(id, argument, *kinds.LINEAGE, kinds.LINEAGE_GROUP)
    return await _existing(vertex(loaders, id))


async def _association(loaders: Loaders, id: str, argument: str) -> Association | None:
    ends = association_ends(id)
    if not ends:
        raise BadUserInput("not an id that this API handed out.", argument)
    page = await loaders.associations({"SourceArn": ends[0], "DestinationArn": ends[1]}, None)
    return association(loaders, page.items[0]) if page.items else None


async def _named(entity_type: Callable[..., N], loaders: Loaders, name: str | None, arn: str | None) -> N | None:
    """Find an entity by exactly one of its name and its ARN."""
    kind: kinds.Kind = entity_type.kind  # type: ignore[attr-defined]
    if is_given(name) == is_given(arn):
        raise BadUserInput("give exactly one of `name` and `arn`.", "name")
    if is_given(name):
        found = await loaders.find(kind, checked_name(name, "name", kind))
        return entity_type(loaders=loaders, key=found) if found else None
    checked_arn(arn or "", "arn", kind)
    return await _existing(entity_type(loaders=loaders, key=arn))


async def _existing(entity: N) -> N | None:
    """Return the entity if AWS has it, which takes describing it."""
    record = await entity.loaders.describe(entity.kind, entity.key)  # type: ignore[attr-defined]
    return None if record.missing else entity


async def _listed(
    entity_type: Callable[..., N],
    loaders: Loaders,
    first: int | None,
    after: str | None,
    *,
    created: tuple[datetime | None, datetime | None],
    **asked: Any,
) -> Connection[N]:
    kind: kinds.Kind = entity_type.kind  # type: ignore[attr-defined]
    bounds, keep = plan.created(created[0] or None, created[1] or None)
    parameters = _given(**asked) | bounds
    listing = Listing(
        scope(kind.list, sorted(parameters.items())),
        lambda token, size: loaders.listing(kind, parameters, token, size),
        keep,
    )
    chosen = await window(listing, first, after)
    return connection(chosen, lambda summary: entity_type(loaders=loaders, key=summary[kind.arn]))


def _given(**asked: Any) -> dict[str, Any]:
    """Keep the parameters that were given, with AWS's words for enumerations."""
    return {name: getattr(value, "value", value) for name, value in asked.items() if is_given(value)}
