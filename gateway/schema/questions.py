"""Common questions about lineage: which datasets, models, endpoints or jobs are upstream or downstream of a vertex.

The field of a question walks the whole graph in one direction and selects from the vertices found. Fields with the same
start and direction share one walk per request. If calls of the walk fail, their errors are added to the response,
beside the data.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import strawberry
from strawberry import UNSET, Info

from gateway.aws import kinds
from gateway.aws.kinds import Kind, kind_at
from gateway.aws.places import Place
from gateway.errors import (
    UNANSWERED,
    BudgetExceeded,
    DeadlineExceeded,
    Forbidden,
    GatewayError,
    Throttled,
    UpstreamUnavailable,
    failed,
)
from gateway.lineage.coverage import Reason
from gateway.lineage.describing import Describing
from gateway.lineage.found import Direction, Found
from gateway.lineage.types import type_of
from gateway.lineage.walk import Walk
from gateway.loaders import Loaders
from gateway.schema.entity import Described, linked, shown, uncovered
from gateway.schema.lookup import connected, naming
from gateway.schema.paging import After, Connection, First, cut, scope
from gateway.schema.walks import DEEPEST, MOST_VERTICES, DirectionArgument

T = TypeVar("T")


class Wanted(NamedTuple):
    """What a question selects: vertices of a kind, and of a type unless it is None."""

    kind: Kind
    type: str | None = None

    def fits(self, loaders: Loaders, arn: str) -> bool:
        """Whether a walked vertex is of this kind and type."""
        return kind_at(arn) is self.kind and self.type in {None, type_of(loaders.known.record(arn), self.kind)}


DATASETS = Wanted(kinds.ARTIFACT, "DataSet")
IMAGES = Wanted(kinds.ARTIFACT, "Image")
MODELS = Wanted(kinds.ARTIFACT, "Model")
ARTIFACTS = Wanted(kinds.ARTIFACT)
ENDPOINTS = Wanted(kinds.CONTEXT, "Endpoint")
ACTIONS = Wanted(kinds.ACTION)
TRIAL_COMPONENTS = Wanted(kinds.TRIAL_COMPONENT)
TRAINING_JOBS = Wanted(kinds.TRIAL_COMPONENT, "SageMakerTrainingJob")
PROCESSING_JOBS = Wanted(kinds.TRIAL_COMPONENT, "SageMakerProcessingJob")
TRANSFORM_JOBS = Wanted(kinds.TRIAL_COMPONENT, "SageMakerTransformJob")


def question(wanted: Wanted, towards: Direction, description: str) -> Any:
    """Declare a question's field; its default direction is ``towards``."""

    # Without a return annotation, strawberry takes the type that the field is declared with.
    async def answer(  # type: ignore[no-untyped-def] # noqa: ANN202
        self: Any,
        info: Info,
        direction: DirectionArgument = towards,
        first: First = 50,
        after: After = UNSET,
    ):
        return await _found(info, self, wanted, direction, first, after)

    return strawberry.field(
        resolver=answer, description=f"{description} One walk per direction, shared by such fields."
    )


async def _found(  # noqa: PLR0913, PLR0917 - a question has these parts
    info: Info, start: Described, wanted: Wanted, direction: Direction, first: int | None, after: str | None
) -> Connection[Any]:
    """Return a page of the wanted vertices, nearest first and then by ARN, without the start."""
    walked = await _whole_walk(info, start, direction)
    mirrors, depths = walked.found.mirrors, walked.found.depths
    fitting = [arn for arn in walked.nearest() if arn != start.key and wanted.fits(start.loaders, arn)]
    page = cut(
        scope("question", start.key, direction.value, wanted.kind.name, wanted.type),
        # Another mirror may represent the vertex in the request for the next page.
        sorted((depths[arn], min(mirrors.of(arn))) for arn in fitting),
        first,
        after,
        lambda place: shown(start.loaders, mirrors.one(place[1])),
    )
    needs = uncovered(info, ("nodes",), ("edges", "node"))
    await Describing(walked, needs).describe(node.key for node in page.nodes)
    return page


async def trials(
    info: Info, start: Described, direction: Direction, first: int | None, after: str | None
) -> Connection[Any]:
    """Return a page of the trials that contain runs on the walk, including the start."""
    found = await _of_each_run(info, start, direction, start.loaders.belongings.trials)

    async def names() -> set[tuple[Place, str]]:
        return {name for some in found for name in some}

    listing = naming(start.loaders, kinds.TRIAL, names, start.key, direction.value)
    return await connected(info, kinds.TRIAL, listing, first, after)


async def pipeline_executions(info: Info, start: Described, direction: Direction) -> list[Any]:
    """Return the pipeline executions of the runs on the walk, including the start; nearest first."""
    arns_found = await _of_each_run(info, start, direction, start.loaders.belongings.pipeline_execution)
    found = (linked(start.loaders, kinds.PIPELINE_EXECUTION, arn) for arn in dict.fromkeys(arns_found) if arn)
    return [execution for execution in found if execution]


async def _of_each_run(
    info: Info, start: Described, direction: Direction, load: Callable[[str], Awaitable[T]]
) -> list[T]:
    """Return the results of ``load`` for each trial component on a walk; adds its errors to the response."""
    walked = await _whole_walk(info, start, direction)
    runs = [arn for arn in walked.nearest() if kind_at(arn) is kinds.TRIAL_COMPONENT]
    answers = await asyncio.gather(*map(load, runs), return_exceptions=True)
    for failure in failed(answers):
        start.loaders.add_error(failure, info)
    return [answer for answer in answers if not isinstance(answer, BaseException)]


async def _whole_walk(info: Info, start: Described, direction: Direction) -> Walk:
    """Walk as far as the limits allow, once per request; adds why the walk is incomplete to the response's errors."""
    walked, failures = await start.loaders.once(("walk", start.key, direction), lambda: _walk(start, direction))
    for error in [*failures, *_failures(walked.coverage().reasons)]:
        start.loaders.add_error(error, info)
    return walked


async def _walk(start: Described, direction: Direction) -> tuple[Walk, list[GatewayError]]:
    """Walk from a vertex; also return why further starts are missing."""
    starts, failures = [start.key], list[GatewayError]()
    if start.kind is kinds.ACTION and direction is Direction.UPSTREAM:
        try:
            starts += await _approved(start)
        except UNANSWERED as error:
            failures.append(error)
    found = Found(starts, direction, DEEPEST)
    return await Walk(start.loaders, found, MOST_VERTICES).run(), failures


async def _approved(action: Described) -> list[str]:
    """Return the artifacts of the model package that an action approves, if it does.

    In SageMaker, an approval's association leads to the model package, so the package's inputs are not upstream of the
    approval. Users expect them there, so the walk starts from the package's artifacts too.
    """
    source = await action.loaded(kinds.ACTION.source_path) or ""
    if kind_at(source) is not kinds.MODEL_PACKAGE:
        return []
    return await action.loaders.listings.with_source(kinds.ARTIFACT, source, place=action.place)


def _failures(reasons: Iterable[Reason]) -> list[GatewayError]:
    errors = {
        Reason.MAX_DEPTH: BudgetExceeded(f"There is more beyond the {DEEPEST} associations that were followed."),
        Reason.MAX_VERTICES: BudgetExceeded(f"There are more than the {MOST_VERTICES:,} vertices that were looked at."),
        Reason.CALL_BUDGET: BudgetExceeded("The request reached its limit of AWS calls before the walk ended."),
        Reason.DEADLINE: DeadlineExceeded("The request ran out of time before the walk ended."),
        Reason.ACCESS_DENIED: Forbidden("AWS denied the gateway part of this walk."),
        Reason.THROTTLED: Throttled("AWS throttled this walk before it ended; try again later."),
        Reason.UPSTREAM_ERROR: UpstreamUnavailable("AWS failed before this walk ended."),
    }
    return [errors[reason] for reason in reasons if reason in errors]
