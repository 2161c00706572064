"""Experiments and trials, which group trial components."""

from datetime import datetime

import strawberry
from strawberry import UNSET, Info

from gateway import arn as arns
from gateway.aws import kinds
from gateway.schema.entity import MetadataProperties, Tagged, UserContext, member, metadata_properties, shown, who
from gateway.schema.lineage import TrialComponent
from gateway.schema.lookup import belonging
from gateway.schema.paging import After, Connection, First
from gateway.schema.scalars import Arn


@strawberry.type(description="What an experiment was created from.")
class ExperimentSource:
    """An experiment's source."""

    source_arn: Arn | None = member("SourceArn", "Its ARN.")
    source_type: str | None = member("SourceType", "What kind of thing it is.")


@strawberry.type(description="What a trial was created from.")
class TrialSource:
    """A trial's source."""

    source_arn: Arn | None = member("SourceArn", "Its ARN.")
    source_type: str | None = member("SourceType", "What kind of thing it is.")


@strawberry.federation.type(keys=["arn"], description="A set of trials that pursue one question.")
class Experiment(Tagged):
    """An experiment, from DescribeExperiment."""

    kind = kinds.EXPERIMENT

    name: str | None = member("ExperimentName", "Its name, unique in the account and region regardless of case.")
    display_name: str | None = member("DisplayName", "The display name.")
    source: ExperimentSource | None = member("Source", "What it was created from.")
    description: str | None = member("Description", "A description by its creator.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who last changed it.")

    # The listings get the name from the ARN, which may be in another case: they ignore case.

    @strawberry.field(description="Its trials, newest first. One call per page.")
    async def trials(self, info: Info, first: First = 50, after: After = UNSET) -> Connection["Trial"]:
        """List the trials."""
        return await belonging(info, self, kinds.TRIAL, first, after, ExperimentName=arns.id_of(self.key))

    @strawberry.field(description="The runs in any of its trials, newest first. One call per page.")
    async def trial_components(self, info: Info, first: First = 50, after: After = UNSET) -> Connection[TrialComponent]:
        """List the trial components."""
        return await belonging(info, self, kinds.TRIAL_COMPONENT, first, after, ExperimentName=arns.id_of(self.key))


@strawberry.federation.type(
    keys=["arn"], description="The runs of one attempt: the jobs that prepared the data, trained and evaluated."
)
class Trial(Tagged):
    """A trial, from DescribeTrial."""

    kind = kinds.TRIAL

    name: str | None = member("TrialName", "Its name, unique in the account and region regardless of case.")
    display_name: str | None = member("DisplayName", "The display name.")
    experiment_name: str | None = member("ExperimentName", "Name of the experiment that it belongs to.")
    source: TrialSource | None = member("Source", "What it was created from.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who last changed it.")

    @strawberry.field(description="The code and process that made it.")
    def metadata_properties(self) -> MetadataProperties | None:
        """Return the metadata properties."""
        return metadata_properties(self)

    @strawberry.field(
        description="The experiment that it belongs to. One call for up to 100: a trial has only its name, which "
        "the ARN may spell differently."
    )
    async def experiment(self) -> Experiment | None:
        """Find the experiment."""
        name = await self.loaded("ExperimentName")
        key = await self.loaders.entities.find(kinds.EXPERIMENT, name, self.place, together=True) if name else None
        return shown(self.loaders, key) if key else None

    @strawberry.field(description="The runs in it, newest first. One call per page.")
    async def trial_components(self, info: Info, first: First = 50, after: After = UNSET) -> Connection[TrialComponent]:
        """List the trial components."""
        return await belonging(info, self, kinds.TRIAL_COMPONENT, first, after, TrialName=arns.id_of(self.key))
