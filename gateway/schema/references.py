"""Resolves a federation router's references to entities, which consist of a type name and an ARN."""

from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import strawberry
from strawberry import Info
from strawberry.federation.schema import FederationAny
from strawberry.schema.name_converter import NameConverter

from gateway.aws import kinds
from gateway.aws.kinds import Kind, unpinned
from gateway.errors import BadUserInput, NotFound
from gateway.loaders import Loaders
from gateway.schema.arguments import argument
from gateway.schema.entity import Described, shown
from gateway.schema.experiments import Experiment, Trial
from gateway.schema.lineage import Action, Artifact, Context, LineageEntity, LineageGroup, TrialComponent
from gateway.schema.pending import looked_up
from gateway.schema.pipelines import Pipeline, PipelineExecution, Project
from gateway.schema.registry import ModelCard, ModelPackage, ModelPackageGroup
from gateway.schema.scalars import checked_arn

if TYPE_CHECKING:
    from gateway.schema.subgraph import Subgraph

_Entity = Annotated[
    Artifact
    | Context
    | Action
    | TrialComponent
    | LineageGroup
    | Experiment
    | Trial
    | ModelPackage
    | ModelPackageGroup
    | ModelCard
    | Pipeline
    | PipelineExecution
    | Project,
    strawberry.union("_Entity", description="An entity that other subgraphs can refer to by its ARN."),
]

Referable = dict[str, tuple[Kind, ...]]
"""The kinds that a reference may resolve to, by its `__typename`."""

_ARGUMENT = "representations"


@strawberry.type(name="_Service", description="The gateway as a subgraph of Apollo Federation.")
class Service:
    """The subgraph's schema."""

    sdl: str = strawberry.field(description="The schema with the directives of Apollo Federation.")


@strawberry.type(description="What a router asks of a subgraph.")
class References:
    """The root fields that Apollo Federation specifies."""

    @strawberry.field(
        name="_entities",
        description="The entities that other subgraphs refer to, in the order of the references, with null and an "
        "error for one that is malformed or leads to nothing. At most one Describe each; several of a kind that AWS "
        "describes together take one call per 100. More references than the gateway is set to take are BAD_USER_INPUT.",
    )
    def entities(
        self,
        info: Info,
        representations: Annotated[list[FederationAny], argument("References: `__typename` and `arn`, nothing else.")],
    ) -> list[_Entity | None]:
        """Resolve references; each is awaited separately, so that a failure affects only its own item."""
        subgraph = cast("Subgraph", info.schema)
        if len(representations) > subgraph.most_references:
            raise BadUserInput(
                f"must be at most {subgraph.most_references:,}, not {len(representations):,}.", _ARGUMENT
            )
        return [_entity(info.context, one, subgraph.referable) for one in representations]  # type: ignore[misc] # graphql-core awaits them

    @strawberry.field(name="_service", description="What a router composes this subgraph from.")
    def service(self, info: Info) -> Service:
        """Return the printed schema."""
        return Service(sdl=cast("Subgraph", info.schema).sdl)


async def _entity(loaders: Loaders, reference: Any, referable: Referable) -> Any:
    wanted, arn = _checked(reference, referable)
    checked_arn(arn, _ARGUMENT, *wanted)
    if arn != unpinned(arn):
        raise BadUserInput("an ARN must not name a version.", _ARGUMENT)
    return await looked_up(shown(loaders, arn), _found)


async def _found(entity: Described) -> Described:
    # The router already has the ARN; what it needs is whether the entity exists.
    await entity.loaders.entities.load(entity.kind, entity.key)
    if entity.record.missing:
        raise NotFound("there is nothing with this ARN.")
    return entity


def _checked(reference: Any, referable: Referable) -> tuple[tuple[Kind, ...], str]:
    """Return the kinds that a reference may resolve to, and its ARN; raises BadUserInput if it is malformed."""
    match reference:
        case {"__typename": str(name), **key} if name in referable:
            pass
        case _:
            raise BadUserInput("`__typename` must name an entity of this subgraph.", _ARGUMENT)
    match key:
        case {"arn": str(arn), **more} if not more:
            return referable[name], arn
        case _:
            raise BadUserInput("the key must be `arn`, a string, and nothing else.", _ARGUMENT)


def referable(names: NameConverter) -> Referable:
    """Return the kinds for each name of a type that references may use: every entity type, and the vertex interface."""
    members, _ = get_args(_Entity)
    kinds_of = {LineageEntity: kinds.LINEAGE, **{entity: (entity.kind,) for entity in get_args(members)}}
    return {names.from_type(entity.__strawberry_definition__): found for entity, found in kinds_of.items()}
