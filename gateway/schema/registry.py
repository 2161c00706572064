"""The model registry: model packages, the groups that they are versions of, and model cards."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET, Info

from gateway import arn as arns
from gateway.aws import kinds
from gateway.schema.arguments import Approval, CreatedAfter, CreatedBefore, Order, RegistryOrder, argument
from gateway.schema.entity import (
    MetadataProperties,
    Property,
    Registered,
    Tagged,
    UserContext,
    member,
    metadata_properties,
    properties,
    who,
)
from gateway.schema.enums import (
    DetailedModelPackageStatus,
    ModelApprovalStatus,
    ModelCardProcessingStatus,
    ModelCardStatus,
    ModelPackageGroupStatus,
    ModelPackageStatus,
    SkipModelValidation,
    SortOrder,
)
from gateway.schema.inference import (
    AdditionalInferenceSpecificationDefinition,
    InferenceSpecification,
    ModelPackageValidationSpecification,
    SourceAlgorithmSpecification,
)
from gateway.schema.lineage import Artifact, Context
from gateway.schema.lookup import belonging, standing_for
from gateway.schema.paging import After, Connection, First
from gateway.schema.quality import DriftCheckBaselines, ModelMetrics


@strawberry.federation.type(keys=["arn"], description="The versions of one model.")
class ModelPackageGroup(Tagged):
    """A model package group, from DescribeModelPackageGroup."""

    kind = kinds.MODEL_PACKAGE_GROUP

    name: str | None = member("ModelPackageGroupName", "Its name, unique in the account and region.")
    description: str | None = member("ModelPackageGroupDescription", "A description by its creator.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    status: ModelPackageGroupStatus | None = member("ModelPackageGroupStatus", "Its status.")

    @strawberry.field(description="Its versions. One call per page.")
    async def packages(
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        model_approval_status: Approval = UNSET,
        sort_order: RegistryOrder = UNSET,
    ) -> Connection["ModelPackage"]:
        """List the model packages."""
        return await belonging(
            info,
            self,
            kinds.MODEL_PACKAGE,
            first,
            after,
            ModelPackageGroupName=self.key,
            ModelApprovalStatus=model_approval_status,
            SortOrder=sort_order,
        )

    @strawberry.field(
        description="The context that represents it in the lineage graph, the newest if there are several. One "
        "ListContexts call."
    )
    async def context(self) -> Context | None:
        """Find the context."""
        return await standing_for(self.loaders, Context, self.key)


@strawberry.type(description="One check that a model package went through.")
class ModelPackageStatusItem:
    """ModelPackageStatusItem."""

    name: str | None = member("Name", "Name of what was checked.")
    status: DetailedModelPackageStatus | None = member("Status", "Its status.")
    failure_reason: str | None = member("FailureReason", "Why it was not passed, if it was not.")


@strawberry.type(description="The checks that a model package went through.")
class ModelPackageStatusDetails:
    """ModelPackageStatusDetails."""

    validation_statuses: list[ModelPackageStatusItem] | None = member("ValidationStatuses", "The checks of the model.")
    image_scan_statuses: list[ModelPackageStatusItem] | None = member("ImageScanStatuses", "The scans of its images.")


@strawberry.type(description="How a model package is encrypted.")
class ModelPackageSecurityConfig:
    """ModelPackageSecurityConfig."""

    kms_key_id: str | None = member("KmsKeyId", "The KMS key that encrypts it.")


@strawberry.type(description="The model card embedded in a model package.")
class ModelPackageModelCard:
    """ModelPackageModelCard."""

    model_card_content: str | None = member("ModelCardContent", "Its content, as the JSON that SageMaker stores.")
    model_card_status: ModelCardStatus | None = member("ModelCardStatus", "Its review status.")


@strawberry.type(description="Where a model stands on its way from development to production.")
class ModelLifeCycle:
    """ModelLifeCycle."""

    stage: str | None = member("Stage", "The stage that it has reached.")
    stage_status: str | None = member("StageStatus", "Its status in that stage.")
    stage_description: str | None = member("StageDescription", "Further details, as text.")


@strawberry.federation.type(
    keys=["arn"], description="A model with all that is needed to run it, usually a version in a group."
)
class ModelPackage(Registered):
    """A model package, from DescribeModelPackage."""

    kind = kinds.MODEL_PACKAGE

    name: str | None = member(
        "ModelPackageName",
        "Its name. A version of a group has none of its own: AWS omits it or gives the group's.",
    )
    group_name: str | None = member("ModelPackageGroupName", "Name of the group that it is a version of.")
    version: int | None = member("ModelPackageVersion", "Which version of the group it is, counted from 1.")
    description: str | None = member("ModelPackageDescription", "A description by its creator.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who last changed it.")
    inference_specification: InferenceSpecification | None = member("InferenceSpecification", "How it is run.")
    additional_inference_specifications: list[AdditionalInferenceSpecificationDefinition] | None = member(
        "AdditionalInferenceSpecifications", "Other ways to run it."
    )
    source_algorithm_specification: SourceAlgorithmSpecification | None = member(
        "SourceAlgorithmSpecification", "The algorithms that it was created with."
    )
    source_uri: str | None = member("SourceUri", "The URI of what it was created from.")
    validation_specification: ModelPackageValidationSpecification | None = member(
        "ValidationSpecification", "How it is validated."
    )
    skip_model_validation: SkipModelValidation | None = member(
        "SkipModelValidation", "Whether validation was skipped when it was created."
    )
    status: ModelPackageStatus | None = member("ModelPackageStatus", "Its status.")
    status_details: ModelPackageStatusDetails | None = member(
        "ModelPackageStatusDetails", "The checks that it went through."
    )
    certify_for_marketplace: bool | None = member(
        "CertifyForMarketplace", "Whether it is certified for AWS Marketplace."
    )
    model_approval_status: ModelApprovalStatus | None = member("ModelApprovalStatus", "Whether it may be deployed.")
    approval_description: str | None = member("ApprovalDescription", "Comments on the approval.")
    customer_metadata_properties: list[Property] | None = member(
        "CustomerMetadataProperties", "Properties set by its creator.", properties
    )
    model_metrics: ModelMetrics | None = member("ModelMetrics", "Measurements of it.")
    drift_check_baselines: DriftCheckBaselines | None = member(
        "DriftCheckBaselines", "Baselines for monitoring it once it is deployed."
    )
    domain: str | None = member("Domain", "The field of machine learning that it belongs to.")
    task: str | None = member("Task", "What it does there, such as classifying images.")
    sample_payload_url: str | None = member("SamplePayloadUrl", "Location in S3 of a sample of its input.")
    security_config: ModelPackageSecurityConfig | None = member("SecurityConfig", "How it is encrypted.")
    model_card: ModelPackageModelCard | None = member("ModelCard", "The model card embedded in it.")
    model_life_cycle: ModelLifeCycle | None = member("ModelLifeCycle", "Its stage on the way to production.")

    @strawberry.field(description="The code and process that made it.")
    def metadata_properties(self) -> MetadataProperties | None:
        """Return the metadata properties."""
        return metadata_properties(self)

    @strawberry.field(description="The group that it is a version of; null when it belongs to none.")
    def group(self) -> ModelPackageGroup | None:
        """Return the group, without describing it; its ARN is derived from the package's."""
        group, versioned, _ = arns.id_of(self.key).partition("/")
        if not versioned:
            return None
        key = f"{self.key.partition(':model-package/')[0]}:model-package-group/{group}"
        name = self.record.read("ModelPackageGroupName")
        if name:
            self.loaders.known.record(key).note({"ModelPackageGroupName": name})
        return ModelPackageGroup(loaders=self.loaders, key=key)

    @strawberry.field(
        description="The artifact that represents it in the lineage graph, the newest if there are several. One "
        "ListArtifacts call."
    )
    async def artifact(self) -> Artifact | None:
        """Find the artifact."""
        return await standing_for(self.loaders, Artifact, self.key)


@strawberry.type(description="How a model card is encrypted.")
class ModelCardSecurityConfig:
    """ModelCardSecurityConfig."""

    kms_key_id: str | None = member("KmsKeyId", "The KMS key that encrypts it.")


@strawberry.federation.type(
    keys=["arn"],
    description="A team's record of a model: its purpose, training, evaluation and risks. It is the latest version "
    "unless another was requested; a version's id is the ARN followed by `/version/` and its number.",
)
class ModelCard(Tagged):
    """A model card, from DescribeModelCard."""

    kind = kinds.MODEL_CARD

    name: str | None = member("ModelCardName", "Its name, unique in the account and region.")
    version: int | None = member("ModelCardVersion", "Which version it is, counted from 1.")
    content: str | None = member("Content", "Its content, as the JSON that SageMaker stores.")
    status: ModelCardStatus | None = member("ModelCardStatus", "Its review status.")
    security_config: ModelCardSecurityConfig | None = member("SecurityConfig", "How it is encrypted.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who last changed it.")
    processing_status: ModelCardProcessingStatus | None = member(
        "ModelCardProcessingStatus", "The status of its deletion, if requested."
    )

    @strawberry.field(description="All its versions. One call per page.")
    async def versions(  # noqa: PLR0913, PLR0917 - one for each of AWS's filters
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        status: Annotated[ModelCardStatus | None, argument("Only those with this review status.")] = UNSET,
        created_after: CreatedAfter = UNSET,
        created_before: CreatedBefore = UNSET,
        sort_order: Order = SortOrder.DESCENDING,
    ) -> Connection["ModelCard"]:
        """List the versions."""
        return await belonging(
            info,
            self,
            kinds.MODEL_CARD_VERSION,
            first,
            after,
            ModelCardName=self.arn(),
            ModelCardStatus=status,
            created=(created_after, created_before),
            SortOrder=sort_order,
        )
