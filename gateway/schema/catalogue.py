"""The root fields around the lineage graph: experiments, the model registry, pipelines and projects."""

from typing import Annotated

import strawberry
from strawberry import UNSET, Info

from gateway import arn as arns
from gateway.aws import kinds
from gateway.schema.arguments import (
    Account,
    Approval,
    ArnArgument,
    CreatedAfter,
    CreatedBefore,
    Name,
    NameContains,
    Order,
    Region,
    RegistryOrder,
    SortBy,
    argument,
)
from gateway.schema.enums import (
    CrossAccountFilterOption,
    ModelCardStatus,
    ModelPackageType,
    PipelineExecutionSort,
    SortOrder,
)
from gateway.schema.experiments import Experiment, Trial
from gateway.schema.lookup import by_arn, by_name, listed, place_asked
from gateway.schema.paging import After, Connection, First
from gateway.schema.pipelines import Pipeline, PipelineExecution, Project
from gateway.schema.registry import ModelCard, ModelPackage, ModelPackageGroup
from gateway.schema.scalars import checked_arn, checked_name, checked_part, checked_version, is_given


@strawberry.type(description="The root fields around the lineage graph.")
class Catalogue:
    """Root fields that `Query` inherits."""

    @strawberry.field(description="The experiment with this name; null when there is none.")
    async def experiment(self, info: Info, name: Name) -> Experiment | None:
        """Find an experiment."""
        return await by_name(info, Experiment, name)

    @strawberry.field(description="The trial with this name; null when there is none.")
    async def trial(self, info: Info, name: Name) -> Trial | None:
        """Find a trial."""
        return await by_name(info, Trial, name)

    @strawberry.field(description="The model package with this ARN, versioned or not; null when there is none.")
    async def model_package(self, info: Info, arn: ArnArgument) -> ModelPackage | None:
        """Find a model package."""
        return await by_arn(info, arn, ModelPackage)

    @strawberry.field(description="The model package group with this name; null when there is none.")
    async def model_package_group(self, info: Info, name: Name) -> ModelPackageGroup | None:
        """Find a model package group."""
        return await by_name(info, ModelPackageGroup, name)

    @strawberry.field(description="The model card with this name; null when there is none, or none in this version.")
    async def model_card(
        self,
        info: Info,
        name: Name,
        version: Annotated[int | None, argument("The version, counted from 1. Default: the latest.")] = UNSET,
    ) -> ModelCard | None:
        """Find a model card."""
        return await by_name(info, ModelCard, name, checked_version(version))

    @strawberry.field(description="The pipeline with this name; null when there is none.")
    async def pipeline(self, info: Info, name: Name) -> Pipeline | None:
        """Find a pipeline."""
        return await by_name(info, Pipeline, name)

    @strawberry.field(description="The pipeline execution with this ARN; null when there is none.")
    async def pipeline_execution(self, info: Info, arn: ArnArgument) -> PipelineExecution | None:
        """Find a pipeline execution."""
        return await by_arn(info, arn, PipelineExecution)

    @strawberry.field(description="The project with this name; null when there is none.")
    async def project(self, info: Info, name: Name) -> Project | None:
        """Find a project."""
        return await by_name(info, Project, name)

    @strawberry.field(description="The account's experiments. One call per page.")
    async def experiments(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[Experiment]:
        """List experiments."""
        return await listed(
            info,
            kinds.EXPERIMENT,
            first,
            after,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(
        description="The account's trials, or those of one experiment or with one trial component. One call per page; "
        "empty when there is no such experiment or trial component."
    )
    async def trials(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        experiment_name: Annotated[str | None, argument("Only those of this experiment.")] = UNSET,
        trial_component_name: Annotated[str | None, argument("Only those that contain this trial component.")] = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[Trial]:
        """List trials."""
        return await listed(
            info,
            kinds.TRIAL,
            first,
            after,
            ExperimentName=checked_name(experiment_name, "experimentName", kinds.EXPERIMENT),
            TrialComponentName=checked_name(trial_component_name, "trialComponentName", kinds.TRIAL_COMPONENT),
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(description="The account's model package groups. One call per page.")
    async def model_package_groups(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        name_contains: NameContains = UNSET,
        cross_account_filter_option: Annotated[
            CrossAccountFilterOption | None, argument("Whose groups to list. Default: the account's own.")
        ] = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: RegistryOrder = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[ModelPackageGroup]:
        """List model package groups."""
        return await listed(
            info,
            kinds.MODEL_PACKAGE_GROUP,
            first,
            after,
            NameContains=checked_part(name_contains, kinds.MODEL_PACKAGE_GROUP),
            CrossAccountFilterOption=cross_account_filter_option,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(
        description="The account's model packages, or the versions of one group. One call per page; empty when there "
        "is no such group."
    )
    async def model_packages(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        group_name: Annotated[
            str | None, argument("Only versions of the group with this name, or with this ARN if it is shared.")
        ] = UNSET,
        type: Annotated[
            ModelPackageType | None,
            argument("Versioned or not. Default: BOTH, or with `groupName` what that group has."),
        ] = UNSET,
        model_approval_status: Approval = UNSET,
        name_contains: NameContains = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: RegistryOrder = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[ModelPackage]:
        """List model packages."""
        if is_given(group_name):
            checked = checked_arn if arns.parse(group_name) else checked_name
            checked(group_name, "groupName", kinds.MODEL_PACKAGE_GROUP)
        elif not is_given(type):
            # AWS would leave out the versions of groups, which is nearly all that a registry holds.
            type = ModelPackageType.BOTH
        return await listed(
            info,
            kinds.MODEL_PACKAGE,
            first,
            after,
            ModelPackageGroupName=group_name,
            ModelPackageType=type,
            ModelApprovalStatus=model_approval_status,
            NameContains=checked_part(name_contains, kinds.MODEL_PACKAGE),
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(description="The account's model cards, each in its latest version. One call per page.")
    async def model_cards(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        name_contains: NameContains = UNSET,
        status: Annotated[ModelCardStatus | None, argument("Only those with this review status.")] = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = SortOrder.DESCENDING,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[ModelCard]:
        """List model cards."""
        return await listed(
            info,
            kinds.MODEL_CARD,
            first,
            after,
            NameContains=checked_part(name_contains, kinds.MODEL_CARD),
            ModelCardStatus=status,
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(description="The account's pipelines. One call per page.")
    async def pipelines(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        name_prefix: Annotated[str | None, argument("Only those whose names begin with this.")] = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: Order = SortOrder.DESCENDING,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[Pipeline]:
        """List pipelines."""
        return await listed(
            info,
            kinds.PIPELINE,
            first,
            after,
            PipelineNamePrefix=checked_name(name_prefix, "namePrefix", kinds.PIPELINE),
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(
        description="The executions of a pipeline. One call per page; empty when there is no such pipeline."
    )
    async def pipeline_executions(
        self,
        info: Info,
        pipeline_name: Annotated[str, argument("The pipeline's name.")],
        first: First = 50,
        after: After = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: Annotated[PipelineExecutionSort | None, argument("The sort key. Default: CREATION_TIME.")] = UNSET,
        sort_order: Order = SortOrder.DESCENDING,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[PipelineExecution]:
        """List pipeline executions."""
        return await listed(
            info,
            kinds.PIPELINE_EXECUTION,
            first,
            after,
            PipelineName=checked_name(pipeline_name, "pipelineName", kinds.PIPELINE),
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )

    @strawberry.field(description="The account's projects. One call per page.")
    async def projects(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        name_contains: NameContains = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_by: SortBy = UNSET,
        sort_order: RegistryOrder = UNSET,
        account: Account = UNSET,
        region: Region = UNSET,
    ) -> Connection[Project]:
        """List projects."""
        return await listed(
            info,
            kinds.PROJECT,
            first,
            after,
            NameContains=checked_part(name_contains, kinds.PROJECT),
            created=(created_after, created_before),
            SortBy=sort_by,
            SortOrder=sort_order,
            place=await place_asked(info, account, region),
        )
