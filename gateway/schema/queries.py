"""The root fields of the lineage graph: one vertex, several, or a list of them."""

from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET, Info

from gateway.aws import kinds
from gateway.lineage.found import Direction
from gateway.lineage.types import canonical_type
from gateway.lineage.walk import Preference
from gateway.schema.arguments import (
    Account,
    ActionType,
    ArnArgument,
    ArnOrNone,
    ArtifactType,
    ContextType,
    CreatedAfter,
    CreatedBefore,
    Name,
    NameOrNone,
    Order,
    Region,
    RegistryOrder,
    SortBy,
    SourceUri,
    argument,
)
from gateway.schema.associations import Association, association, association_listing
from gateway.schema.catalogue import Catalogue
from gateway.schema.enums import AssociationSort, AssociationType
from gateway.schema.lineage import (
    Action,
    Artifact,
    Context,
    LineageEntity,
    LineageGroup,
    TrialComponent,
)
from gateway.schema.lookup import by_arn, by_either, by_name, given, listed, place_asked
from gateway.schema.nodes import Nodes
from gateway.schema.paging import After, Connection, First, connection, nothing, window
from gateway.schema.references import References
from gateway.schema.resolve import resolve
from gateway.schema.scalars import Arn, checked_arn, checked_name, is_given
from gateway.schema.walks import (
    DirectionArgument,
    FilterArgument,
    LineageGraph,
    LineagePaths,
    MaxDepth,
    MaxVertices,
    PreferArgument,
    checked_walk,
    lineage_graph,
    lineage_paths,
)

if TYPE_CHECKING:
    from gateway.loaders import Loaders

_DESCRIPTION = "The root of all queries."


@strawberry.type(description=_DESCRIPTION)
class Query(References, Catalogue):
    """The root type of queries."""

    @strawberry.field(description="The vertex of the lineage graph with this ARN; null when there is none.")
    async def entity(self, info: Info, arn: ArnArgument) -> LineageEntity | None:
        """Find a vertex of any kind."""
        return await by_arn(info, arn, Artifact, Context, Action, TrialComponent)

    @strawberry.field(
        description="The entities that represent what a reference names: the URI, ARN or URL of an S3 object (with or "
        "without its trailing slash), an image, the ARN or name of a job, endpoint, model package, package group, "
        "trial component or lineage entity, or the ARN of a pipeline execution, its id, or `pipeline/id`. Makes the "
        "cheapest calls that can answer: one for an image and most ARNs, three for `pipeline/id`, six for an S3 "
        "URI, nine for an object's ARN or URL, seven for a bare name. Capital letters cost a few more, since "
        "SageMaker writes many ARNs in lower case whatever the name."
    )
    async def resolve(
        self, info: Info, reference: Annotated[str, argument("The exact reference to look for.")], first: First = 50
    ) -> list[LineageEntity]:
        """Find the entities that represent a reference."""
        return await resolve(info, reference, first)

    @strawberry.field(description="The artifact with this ARN; null when there is none.")
    async def artifact(self, info: Info, arn: ArnArgument) -> Artifact | None:
        """Find an artifact."""
        return await by_arn(info, arn, Artifact)

    @strawberry.field(description="The context with this name or ARN; null when there is none.")
    async def context(self, info: Info, name: NameOrNone = UNSET, arn: ArnOrNone = UNSET) -> Context | None:
        """Find a context."""
        return await by_either(info, Context, name, arn)

    @strawberry.field(description="The action with this name or ARN; null when there is none.")
    async def action(self, info: Info, name: NameOrNone = UNSET, arn: ArnOrNone = UNSET) -> Action | None:
        """Find an action."""
        return await by_either(info, Action, name, arn)

    @strawberry.field(description="The trial component with this name or ARN; null when there is none.")
    async def trial_component(
        self, info: Info, name: NameOrNone = UNSET, arn: ArnOrNone = UNSET
    ) -> TrialComponent | None:
        """Find a trial component."""
        return await by_either(info, TrialComponent, name, arn)

    @strawberry.field(description="The lineage group with this name; null when there is none.")
    async def lineage_group(self, info: Info, name: Name) -> LineageGroup | None:
        """Find a lineage group."""
        return await by_name(info, LineageGroup, name)

    @strawberry.field(description="The account's lineage groups. One call per page.")
    async def lineage_groups(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: RegistryOrder = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[LineageGroup]:
        """List lineage groups."""
        return await listed(
            info,
            kinds.LINEAGE_GROUP,
            first,
            after,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(description="The account's artifacts. One call per page.")
    async def artifacts(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        source_uri: SourceUri = UNSET,
        type: ArtifactType = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_order: Order = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[Artifact]:
        """List artifacts."""
        return await listed(
            info,
            kinds.ARTIFACT,
            first,
            after,
            SourceUri=source_uri,
            ArtifactType=type,
            created=(created_after, created_before),
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(description="The account's contexts. One call per page.")
    async def contexts(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        source_uri: SourceUri = UNSET,
        type: ContextType = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[Context]:
        """List contexts."""
        return await listed(
            info,
            kinds.CONTEXT,
            first,
            after,
            SourceUri=source_uri,
            ContextType=type,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(description="The account's actions. One call per page.")
    async def actions(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        source_uri: SourceUri = UNSET,
        type: ActionType = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[Action]:
        """List actions."""
        return await listed(
            info,
            kinds.ACTION,
            first,
            after,
            SourceUri=source_uri,
            ActionType=type,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(
        description="The account's trial components, or those of one experiment, one trial or one source. One call "
        "per page; empty when there is no such experiment or trial."
    )
    async def trial_components(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        experiment_name: Annotated[str | None, argument("Only those in a trial of this experiment.")] = UNSET,
        trial_name: Annotated[str | None, argument("Only those in this trial.")] = UNSET,
        source_arn: Annotated[str | None, argument("Only those whose source is the job with this ARN.")] = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[TrialComponent]:
        """List trial components."""
        return await listed(
            info,
            kinds.TRIAL_COMPONENT,
            first,
            after,
            ExperimentName=checked_name(experiment_name, "experimentName", kinds.EXPERIMENT),
            TrialName=checked_name(trial_name, "trialName", kinds.TRIAL),
            SourceArn=source_arn,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(description="Associations, by either end or all in the account. At most one call per page.")
    async def associations(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        source_arn: Annotated[Arn | None, argument("Only those that start from this vertex.")] = UNSET,
        destination_arn: Annotated[Arn | None, argument("Only those that point to this vertex.")] = UNSET,
        source_type: Annotated[
            str | None,
            argument("Only those whose source has this type; TrainingJob and SageMakerTrainingJob are the same."),
        ] = UNSET,
        destination_type: Annotated[
            str | None, argument("Only those whose destination has this type, likewise in either spelling.")
        ] = UNSET,
        type: Annotated[AssociationType | None, argument("Only those of this type.")] = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: Annotated[AssociationSort | None, argument("The sort key. Default: CREATION_TIME.")] = UNSET,
        sort_order: Order = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[Association]:
        """List associations."""
        parameters = given(
            SourceArn=checked_arn(source_arn, "sourceArn", *kinds.LINEAGE),
            DestinationArn=checked_arn(destination_arn, "destinationArn", *kinds.LINEAGE),
            SourceType=source_type and canonical_type(source_type),
            DestinationType=destination_type and canonical_type(destination_type),
            AssociationType=type,
            CreatedAfter=created_after,
            CreatedBefore=created_before,
            SortBy=sort_by,
            SortOrder=sort_order,
        )
        loaders: Loaders = info.context
        place = None
        if is_given(account) or is_given(region):
            place = await place_asked(info, account, region)
            if place is None:
                return nothing(first, after)
        chosen = await window(info, association_listing(loaders, parameters, place=place), first, after)
        return connection(chosen, lambda summary: association(loaders, summary))

    @strawberry.field(description="The whole graph reachable from some vertices: one walk, shared by all starts.")
    async def lineage(
        self,
        info: Info,
        start: Annotated[list[Arn], argument("ARNs of 1 to 100 vertices to start from.")],
        direction: DirectionArgument = Direction.BOTH,
        max_depth: MaxDepth = 10,
        max_vertices: MaxVertices = 1000,
        filter: FilterArgument = UNSET,
        prefer: PreferArgument = Preference.FEWER_CALLS,
    ) -> LineageGraph:
        """Walk from several vertices."""
        walked = checked_walk(info.context, start, direction, max_depth, max_vertices, prefer)
        return await lineage_graph(info, walked, filter)

    @strawberry.field(
        description="The ways from one vertex to another along the arrows: every shortest one, then longer ones. "
        "Walks half-way from each end."
    )
    async def paths(
        self,
        info: Info,
        start: Annotated[
            Arn, strawberry.argument(name="from", description="ARN of the vertex that the paths start from.")
        ],
        end: Annotated[Arn, strawberry.argument(name="to", description="ARN of the vertex that they lead to.")],
        max_depth: Annotated[int, argument("Maximum number of associations in a path, 0 to 100.")] = 10,
        first: Annotated[int, argument("Maximum number of paths, 1 to 100.")] = 10,
    ) -> LineagePaths:
        """Find the paths between two vertices."""
        return await lineage_paths(info.context, start, end, max_depth, first)


@strawberry.type(name="Query", description=_DESCRIPTION)
class NodeQuery(Nodes, Query):
    """The root type of queries, with Relay's fields."""
