"""Pipelines, their executions, and projects."""

from datetime import datetime

import strawberry
from strawberry import UNSET, Info

from gateway.aws import kinds
from gateway.schema.arguments import Order
from gateway.schema.entity import Property, Registered, Tagged, UserContext, member, who
from gateway.schema.enums import PipelineExecutionStatus, PipelineStatus, ProjectStatus, SortOrder
from gateway.schema.lineage import TrialComponent
from gateway.schema.lookup import belonging, connected, searching
from gateway.schema.paging import After, Connection, First
from gateway.schema.scalars import Arn, Long


@strawberry.type(description="How much of a pipeline runs at once.")
class ParallelismConfiguration:
    """ParallelismConfiguration."""

    max_parallel_execution_steps: int | None = member("MaxParallelExecutionSteps", "The most steps that run at once.")


@strawberry.federation.type(
    keys=["arn"], description="A machine learning workflow of steps: preparing data, training, registering a model."
)
class Pipeline(Tagged):
    """A pipeline, from DescribePipeline."""

    kind = kinds.PIPELINE

    name: str | None = member("PipelineName", "Its name, unique in the account and region.")
    display_name: str | None = member("PipelineDisplayName", "The display name.")
    definition: str | None = member("PipelineDefinition", "Its steps, as the JSON that SageMaker stores.")
    description: str | None = member("PipelineDescription", "A description by its creator.")
    role_arn: str | None = member("RoleArn", "ARN of the IAM role that its executions use.")
    status: PipelineStatus | None = member("PipelineStatus", "Its status.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_run_time: datetime | None = member("LastRunTime", "When it was last run.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who last changed it.")
    parallelism_configuration: ParallelismConfiguration | None = member(
        "ParallelismConfiguration", "How much of it runs at once."
    )
    version_display_name: str | None = member("PipelineVersionDisplayName", "The display name of its latest version.")
    version_description: str | None = member("PipelineVersionDescription", "The description of its latest version.")

    @strawberry.field(description="Its executions. One call per page.")
    async def executions(
        self, info: Info, first: First = 50, after: After = UNSET, sort_order: Order = SortOrder.DESCENDING
    ) -> Connection["PipelineExecution"]:
        """List the executions."""
        return await belonging(
            info,
            self,
            kinds.PIPELINE_EXECUTION,
            first,
            after,
            PipelineName=self.key,
            SortOrder=sort_order,
        )


@strawberry.type(description="The experiment and the trial that a pipeline execution's runs belong to.")
class PipelineExperimentConfig:
    """PipelineExperimentConfig."""

    experiment_name: str | None = member("ExperimentName", "Name of the experiment.")
    trial_name: str | None = member("TrialName", "Name of the trial.")


@strawberry.type(description="A step of a pipeline that was chosen to run.")
class SelectedStep:
    """SelectedStep."""

    step_name: str | None = member("StepName", "The step's name.")


@strawberry.type(description="Which steps of a pipeline were chosen to run.")
class SelectiveExecutionConfig:
    """SelectiveExecutionConfig."""

    source_pipeline_execution_arn: Arn | None = member(
        "SourcePipelineExecutionArn", "ARN of the execution whose results replace the skipped steps."
    )
    selected_steps: list[SelectedStep] | None = member("SelectedSteps", "The chosen steps.")


@strawberry.federation.type(keys=["arn"], description="One run of a pipeline.")
class PipelineExecution(Registered):
    """A pipeline execution, from DescribePipelineExecution."""

    kind = kinds.PIPELINE_EXECUTION

    @strawberry.field(description="ARN of the pipeline that it ran.")
    def pipeline_arn(self) -> Arn:
        """Return the pipeline's ARN, with which the execution's begins."""
        return Arn(self.key.partition("/execution/")[0])

    display_name: str | None = member("PipelineExecutionDisplayName", "The display name.")
    status: PipelineExecutionStatus | None = member("PipelineExecutionStatus", "Its status.")
    description: str | None = member("PipelineExecutionDescription", "Its description.")
    pipeline_experiment_config: PipelineExperimentConfig | None = member(
        "PipelineExperimentConfig", "The experiment and the trial that its runs belong to."
    )
    failure_reason: str | None = member("FailureReason", "Why it failed, if it did.")
    creation_time: datetime | None = member("CreationTime", "When it was started.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    created_by: UserContext | None = who("CreatedBy", "Who started it.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who last changed it.")
    parallelism_configuration: ParallelismConfiguration | None = member(
        "ParallelismConfiguration", "How much of it runs at once."
    )
    selective_execution_config: SelectiveExecutionConfig | None = member(
        "SelectiveExecutionConfig", "Which steps were chosen to run, if not all."
    )
    pipeline_version_id: Long | None = member("PipelineVersionId", "Which version of the pipeline it ran.")

    @strawberry.field(description="The pipeline that it ran.")
    def pipeline(self) -> Pipeline:
        """Return the pipeline, without describing it."""
        return Pipeline(loaders=self.loaders, key=self.pipeline_arn())

    @strawberry.field(
        description="The runs that it made, newest first: those that carry its tag. One Search call per page. Runs "
        "that have just begun may not be found yet."
    )
    async def trial_components(self, info: Info, first: First = 50, after: After = UNSET) -> Connection[TrialComponent]:
        """Search for the trial components."""
        kind = kinds.TRIAL_COMPONENT
        listing = searching(self, kind, f"Tags.{kinds.EXECUTION_TAG}", self.key)
        return await connected(info, kind, listing, first, after)


@strawberry.type(description="What AWS Service Catalog was asked for when a project was created.")
class ServiceCatalogProvisioningDetails:
    """ServiceCatalogProvisioningDetails."""

    product_id: str | None = member("ProductId", "Id of the product.")
    provisioning_artifact_id: str | None = member("ProvisioningArtifactId", "Id of the product's version.")
    path_id: str | None = member("PathId", "Id of the path by which the account has the product.")
    provisioning_parameters: list[Property] | None = member(
        "ProvisioningParameters", "The parameters that the product was given."
    )


@strawberry.type(description="What AWS Service Catalog provided for a project.")
class ServiceCatalogProvisionedProductDetails:
    """ServiceCatalogProvisionedProductDetails."""

    provisioned_product_id: str | None = member("ProvisionedProductId", "Its id there.")
    provisioned_product_status_message: str | None = member("ProvisionedProductStatusMessage", "Its status there.")


@strawberry.type(description="The CloudFormation stack of a project.")
class CfnStackDetail:
    """CfnStackDetail."""

    name: str | None = member("Name", "The stack's name.")
    id: str | None = member("Id", "The stack's id.")
    status_message: str | None = member("StatusMessage", "Its status, in words.")


@strawberry.type(description="A CloudFormation template that a project is created from.")
class CfnTemplateProviderDetail:
    """CfnTemplateProviderDetail."""

    template_name: str | None = member("TemplateName", "Its name, unique within the project.")
    template_url: str | None = member("TemplateURL", "Its location in S3.", name="templateURL")
    role_arn: str | None = member("RoleARN", "ARN of the IAM role that creates the stack.", name="roleARN")
    parameters: list[Property] | None = member("Parameters", "The parameters that the stack was given.")
    stack_detail: CfnStackDetail | None = member("StackDetail", "The resulting stack.")


@strawberry.type(description="A template that a project is created from.")
class TemplateProviderDetail:
    """TemplateProviderDetail."""

    cfn_template_provider_detail: CfnTemplateProviderDetail | None = member(
        "CfnTemplateProviderDetail", "The template, if it is a CloudFormation template."
    )


@strawberry.federation.type(
    keys=["arn"], description="A grouping of the repositories, pipelines and models of one undertaking."
)
class Project(Tagged):
    """A project, from DescribeProject."""

    kind = kinds.PROJECT

    name: str | None = member("ProjectName", "Its name, unique in the account and region.")
    project_id: str | None = member("ProjectId", "The id by which other entities refer to it.")
    description: str | None = member("ProjectDescription", "A description by its creator.")
    service_catalog_provisioning_details: ServiceCatalogProvisioningDetails | None = member(
        "ServiceCatalogProvisioningDetails", "What AWS Service Catalog was asked for."
    )
    service_catalog_provisioned_product_details: ServiceCatalogProvisionedProductDetails | None = member(
        "ServiceCatalogProvisionedProductDetails", "What AWS Service Catalog provided."
    )
    status: ProjectStatus | None = member("ProjectStatus", "Its status.")
    template_provider_details: list[TemplateProviderDetail] | None = member(
        "TemplateProviderDetails", "The templates that it is created from."
    )
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who last changed it.")
