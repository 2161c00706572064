"""The four kinds of vertex in the lineage graph, and the lineage groups in which accounts share them."""

from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import UNSET, Info

from gateway import arn as arns
from gateway.aws import kinds
from gateway.lineage.found import Direction
from gateway.lineage.types import canonical_type
from gateway.lineage.walk import Preference
from gateway.schema import questions
from gateway.schema.associations import HopFilterArgument, LineageConnection, hop
from gateway.schema.entity import (
    Described,
    MetadataProperties,
    Node,
    Property,
    Registered,
    Tag,
    UserContext,
    keyed,
    linked,
    member,
    metadata_properties,
    properties,
    who,
)
from gateway.schema.enums import ActionStatus, LineageType
from gateway.schema.lookup import connected, naming
from gateway.schema.paging import After, Connection, First
from gateway.schema.parts import (
    ActionSource,
    ArtifactSource,
    ContextSource,
    TrialComponentArtifact,
    TrialComponentMetricSummary,
    TrialComponentParameter,
    TrialComponentSource,
    TrialComponentStatus,
)
from gateway.schema.questions import question
from gateway.schema.scalars import Arn, is_given
from gateway.schema.walks import (
    DirectionArgument,
    FilterArgument,
    LineageGraph,
    MaxDepth,
    MaxVertices,
    PreferArgument,
    checked_walk,
    lineage_graph,
)

if TYPE_CHECKING:
    from gateway.schema.experiments import Trial
    from gateway.schema.pipelines import PipelineExecution
    from gateway.schema.registry import ModelPackage, ModelPackageGroup

Keys = Annotated[list[str] | None, strawberry.argument(description="Only these keys, in this order. Default: all.")]


@strawberry.federation.type(
    keys=["arn"],
    description="A group of lineage entities that the same accounts can see. Every account has a default one; others "
    "come from accounts that share theirs.",
)
class LineageGroup(Registered):
    """A lineage group, from DescribeLineageGroup."""

    kind = kinds.LINEAGE_GROUP

    @strawberry.field(description="Its name, unique in the account and region.")
    def name(self) -> str | None:  # never None, but one query can select the names of all nodes if their types agree
        """Return the name, which is a part of the ARN."""
        return arns.id_of(self.key)

    display_name: str | None = member("DisplayName", "The display name.")
    description: str | None = member("Description", "What it is for.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who last changed it.")


@strawberry.federation.interface(
    keys=["arn"],
    description="A vertex of the lineage graph. Its identity (id, arn, lineageType) never fails; the rest is null "
    "when the entity lacks it, no longer exists, or (with an error) could not be described.",
)
class LineageEntity(Described, Node):
    """The interface of the four kinds of vertex."""

    @strawberry.field(description="Its ARN.")
    def arn(self) -> Arn:
        """Return the ARN."""
        return Arn(self.key)

    @strawberry.field(description="Which of the four kinds of vertex it is.")
    def lineage_type(self) -> LineageType:
        """Return the kind."""
        return LineageType(self.kind.name)

    name: str | None = member(attrgetter("name_path"), "Its name. Artifacts may have none, or share one.")
    type: str | None = member(
        attrgetter("type_path"),
        "Its type: DataSet, Model, Image, Endpoint, ModelDeployment, SageMakerTrainingJob and so on, or any word its "
        "creator chose.",
        canonical_type,
    )
    source_uri: str | None = member(
        attrgetter("source_path"),
        "Where the thing it represents is: an S3 URI, an image, the ARN of a job or an endpoint.",
    )
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who last changed it.")
    lineage_group_arn: Arn | None = member("LineageGroupArn", "ARN of the lineage group that it belongs to.")

    @strawberry.field(description="The code and process that made it. Contexts have none.")
    def metadata_properties(self) -> MetadataProperties | None:
        """Return the metadata properties."""
        return metadata_properties(self)

    @strawberry.field(description="The lineage group that it belongs to.")
    def lineage_group(self) -> LineageGroup | None:
        """Return the group, without describing it."""
        group: LineageGroup | None = self.read(
            "LineageGroupArn", lambda arn: LineageGroup(loaders=self.loaders, key=arn)
        )
        return group

    @strawberry.field(description="The whole graph reachable from here, as deep as `maxDepth`.")
    async def lineage(  # noqa: PLR0913, PLR0917 - a walk has these arguments
        self,
        info: Info,
        direction: DirectionArgument = Direction.BOTH,
        max_depth: MaxDepth = 10,
        max_vertices: MaxVertices = 1000,
        filter: FilterArgument = UNSET,
        prefer: PreferArgument = Preference.FEWER_CALLS,
    ) -> LineageGraph:
        """Walk from here."""
        walked = checked_walk(self.loaders, [self.key], direction, max_depth, max_vertices, prefer)
        return await lineage_graph(info, walked, filter)

    datasets: Connection["Artifact"] = question(
        questions.DATASETS,
        Direction.UPSTREAM,
        "The datasets that went into it or, with DOWNSTREAM, that came from it.",
    )
    images: Connection["Artifact"] = question(
        questions.IMAGES, Direction.UPSTREAM, "The container images used to make it."
    )
    models: Connection["Artifact"] = question(
        questions.MODELS, Direction.DOWNSTREAM, "The models that came from it: model files and model packages."
    )
    endpoints: Connection["Context"] = question(
        questions.ENDPOINTS, Direction.DOWNSTREAM, "The endpoints that serve it or what came from it."
    )
    actions: Connection["Action"] = question(
        questions.ACTIONS, Direction.DOWNSTREAM, "The actions taken on it: deployments, approvals and the like."
    )
    artifacts: Connection["Artifact"] = question(
        questions.ARTIFACTS, Direction.UPSTREAM, "All artifacts that it came from."
    )
    trial_components: Connection["TrialComponent"] = question(
        questions.TRIAL_COMPONENTS, Direction.UPSTREAM, "All runs that it came from."
    )
    training_jobs: Connection["TrialComponent"] = question(
        questions.TRAINING_JOBS, Direction.UPSTREAM, "The training jobs that it came from."
    )
    processing_jobs: Connection["TrialComponent"] = question(
        questions.PROCESSING_JOBS, Direction.UPSTREAM, "The processing jobs that it came from."
    )
    transform_jobs: Connection["TrialComponent"] = question(
        questions.TRANSFORM_JOBS, Direction.UPSTREAM, "The transform jobs that it came from."
    )

    @strawberry.field(
        description="The experiment trials that used it, or what came from it. One walk, plus one Search per 100 runs "
        "on it and one for the trials."
    )
    async def trials(
        self,
        info: Info,
        direction: DirectionArgument = Direction.DOWNSTREAM,
        first: First = 50,
        after: After = UNSET,
    ) -> Connection[Annotated["Trial", strawberry.lazy("gateway.schema.experiments")]]:
        """Return the trials."""
        return await questions.trials(info, self, direction, first, after)

    @strawberry.field(
        description="The pipeline executions that it came from, nearest first. One walk, plus one Search per 100 runs "
        "on it and one ListTags for each run whose tags name no execution."
    )
    async def pipeline_executions(
        self, info: Info, direction: DirectionArgument = Direction.UPSTREAM
    ) -> list[Annotated["PipelineExecution", strawberry.lazy("gateway.schema.pipelines")]] | None:
        """Return the pipeline executions."""
        return await questions.pipeline_executions(info, self, direction)

    @strawberry.field(description="Its AWS tags. At most one ListTags call.")
    async def tags(self) -> list[Tag] | None:
        """Return the tags."""
        return await self.loaders.belongings.tags(self.key)  # type: ignore[return-value] # shown as AWS sent them

    @strawberry.field(description="What it came from: one hop against the arrows, newest association first.")
    async def upstream(
        self, info: Info, first: First = 50, after: After = UNSET, filter: HopFilterArgument = UNSET
    ) -> LineageConnection:
        """Return the sources of the associations that end here."""
        return await hop(info, self, "upstream", first, after, filter)

    @strawberry.field(description="What came from it: one hop along the arrows, newest association first.")
    async def downstream(
        self, info: Info, first: First = 50, after: After = UNSET, filter: HopFilterArgument = UNSET
    ) -> LineageConnection:
        """Return the destinations of the associations that begin here."""
        return await hop(info, self, "downstream", first, after, filter)


@strawberry.federation.type(
    keys=["arn"], description="Something with a URI that a run used or made: a dataset, an image, a model."
)
class Artifact(LineageEntity):
    """A vertex from DescribeArtifact."""

    kind = kinds.ARTIFACT

    source: ArtifactSource | None = member("Source", "What it represents.")

    @strawberry.field(description="The model package that it represents; null when its source is not one.")
    def model_package(self) -> Annotated["ModelPackage", strawberry.lazy("gateway.schema.registry")] | None:
        """Return the model package, without describing it."""
        found: ModelPackage | None = _represented(self, kinds.MODEL_PACKAGE)
        return found

    @strawberry.field(description="Properties set by its creator.")
    def properties(self, keys: Keys = UNSET) -> list[Property] | None:
        """Return the properties."""
        return _properties(self, keys)


@strawberry.federation.type(
    keys=["arn"], description="A grouping of other entities, such as an endpoint or a model package group."
)
class Context(LineageEntity):
    """A vertex from DescribeContext."""

    kind = kinds.CONTEXT

    source: ContextSource | None = member("Source", "What it represents.")
    description: str | None = member("Description", "A description by its creator.")

    @strawberry.field(description="The model package group that it represents; null when its source is not one.")
    def model_package_group(
        self,
    ) -> Annotated["ModelPackageGroup", strawberry.lazy("gateway.schema.registry")] | None:
        """Return the model package group, without describing it."""
        found: ModelPackageGroup | None = _represented(self, kinds.MODEL_PACKAGE_GROUP)
        return found

    @strawberry.field(description="Properties set by its creator.")
    def properties(self, keys: Keys = UNSET) -> list[Property] | None:
        """Return the properties."""
        return _properties(self, keys)


@strawberry.federation.type(keys=["arn"], description="Something that was done, such as a deployment or an approval.")
class Action(LineageEntity):
    """A vertex from DescribeAction."""

    kind = kinds.ACTION

    source: ActionSource | None = member("Source", "What it was done to.")
    description: str | None = member("Description", "A description by its creator.")
    status: ActionStatus | None = member("Status", "Its status.")

    @strawberry.field(
        description="The model package that it was done to, such as the one approved; null when there is none."
    )
    def model_package(self) -> Annotated["ModelPackage", strawberry.lazy("gateway.schema.registry")] | None:
        """Return the model package, without describing it."""
        found: ModelPackage | None = _represented(self, kinds.MODEL_PACKAGE)
        return found

    @strawberry.field(description="Properties set by its creator.")
    def properties(self, keys: Keys = UNSET) -> list[Property] | None:
        """Return the properties."""
        return _properties(self, keys)


@strawberry.federation.type(
    keys=["arn"], description="One run: a training, processing or transform job, or one tracked by hand."
)
class TrialComponent(LineageEntity):
    """A vertex from DescribeTrialComponent."""

    kind = kinds.TRIAL_COMPONENT

    display_name: str | None = member("DisplayName", "The display name.")
    source: TrialComponentSource | None = member("Source", "The job that it represents.")
    sources: list[TrialComponentSource] | None = member("Sources", "All jobs that it represents.")
    status: TrialComponentStatus | None = member("Status", "The run's status.")
    start_time: datetime | None = member("StartTime", "When the run began.")
    end_time: datetime | None = member("EndTime", "When the run ended.")
    parameters: list[TrialComponentParameter] | None = member("Parameters", "The run's settings, by key.", keyed)
    input_artifacts: list[TrialComponentArtifact] | None = member("InputArtifacts", "What it read, by key.", keyed)
    output_artifacts: list[TrialComponentArtifact] | None = member("OutputArtifacts", "What it wrote, by key.", keyed)
    metrics: list[TrialComponentMetricSummary] | None = member("Metrics", "What it measured.")

    @strawberry.field(
        description="The trials that it is part of, by name. For a single trial component, one ListTrials; for "
        "several, one Search per 100 of them and one per 100 trials."
    )
    async def parent_trials(
        self, info: Info, first: First = 50, after: After = UNSET
    ) -> Connection[Annotated["Trial", strawberry.lazy("gateway.schema.experiments")]]:
        """Return the trials that contain it; the field `trials` has those that used it or what came from it."""
        trials = partial(self.loaders.belongings.trials, self.key)
        return await connected(info, kinds.TRIAL, naming(self.loaders, kinds.TRIAL, trials, self.key), first, after)

    @strawberry.field(
        description="The pipeline execution that it ran in; null when it ran in none. Found by its tags or, failing "
        "that, by its job's: one Search per 100 trial components or one ListTags, plus one ListTags per job asked."
    )
    async def pipeline_execution(
        self,
    ) -> Annotated["PipelineExecution", strawberry.lazy("gateway.schema.pipelines")] | None:
        """Return the pipeline execution, without describing it."""
        arn = await self.loaders.belongings.pipeline_execution(self.key)
        return linked(self.loaders, kinds.PIPELINE_EXECUTION, arn) if arn else None


def _properties(entity: LineageEntity, keys: list[str] | None) -> list[Property] | None:
    chosen: list[Property] | None = entity.read(
        "Properties", lambda values: properties(values, keys if is_given(keys) else None)
    )
    return chosen


def _represented(entity: LineageEntity, kind: kinds.Kind) -> Any:
    return entity.read("Source.SourceUri", lambda uri: linked(entity.loaders, kind, uri))
