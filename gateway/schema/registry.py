"""The model registry: model packages, the groups whose versions they are, and model cards."""

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
    """DescribeModelPackageGroup."""

    kind = kinds.MODEL_PACKAGE_GROUP

    name: str | None = member("ModelPackageGroupName", "Its name, unique in the account and region.")
    description: str | None = member("ModelPackageGroupDescription", "What its maker says of it.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    status: ModelPackageGroupStatus | None = member("ModelPackageGroupStatus", "How far it has come.")

    @strawberry.field(description="Its versions. One call a page.")
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
        description="The context that stands for it in the lineage graph, the newest where there are several. One "
        "ListContexts call."
    )
    async def context(self) -> Context | None:
        """Find the context."""
        context: Context | None = await standing_for(self.loaders, kinds.CONTEXT, self.key)
        return context


@strawberry.type(description="One check that a model package went through.")
class ModelPackageStatusItem:
    """ModelPackageStatusItem."""

    name: str | None = member("Name", "Name of what was checked.")
    status: DetailedModelPackageStatus | None = member("Status", "How far the check has come.")
    failure_reason: str | None = member("FailureReason", "Why it was not passed, where it wasn't.")


@strawberry.type(description="The checks that a model package went through.")
class ModelPackageStatusDetails:
    """ModelPackageStatusDetails."""

    validation_statuses: list[ModelPackageStatusItem] | None = member("ValidationStatuses", "Those of the model.")
    image_scan_statuses: list[ModelPackageStatusItem] | None = member("ImageScanStatuses", "Those of its images.")


@strawberry.type(description="How what a model package says is kept secret.")
class ModelPackageSecurityConfig:
    """ModelPackageSecurityConfig."""

    kms_key_id: str | None = member("KmsKeyId", "The KMS key that encrypts it.")


@strawberry.type(description="The model card that a model package carries with it.")
class ModelPackageModelCard:
    """ModelPackageModelCard."""

    model_card_content: str | None = member("ModelCardContent", "What it says, as the JSON that SageMaker keeps.")
    model_card_status: ModelCardStatus | None = member("ModelCardStatus", "Where it stands in its review.")


@strawberry.type(description="Where a model stands on its way from development to production.")
class ModelLifeCycle:
    """ModelLifeCycle."""

    stage: str | None = member("Stage", "The stage that it has reached.")
    stage_status: str | None = member("StageStatus", "How it stands in that stage.")
    stage_description: str | None = member("StageDescription", "More of it in words.")


@strawberry.federation.type(
    keys=["arn"], description="A model with what it takes to run it, usually a version of a group."
)
class ModelPackage(Registered):
    """DescribeModelPackage."""

    kind = kinds.MODEL_PACKAGE

    name: str | None = member(
        "ModelPackageName",
        "Its name. A version of a group has none of its own: AWS leaves it out, or says the group's.",
    )
    group_name: str | None = member("ModelPackageGroupName", "Name of the group that it is a version of.")
    version: int | None = member("ModelPackageVersion", "Which version of the group it is, counted from 1.")
    description: str | None = member("ModelPackageDescription", "What its maker says of it.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who changed it last.")
    inference_specification: InferenceSpecification | None = member("InferenceSpecification", "How it is run.")
    additional_inference_specifications: list[AdditionalInferenceSpecificationDefinition] | None = member(
        "AdditionalInferenceSpecifications", "Other ways to run it."
    )
    source_algorithm_specification: SourceAlgorithmSpecification | None = member(
        "SourceAlgorithmSpecification", "The algorithms that it was made with."
    )
    source_uri: str | None = member("SourceUri", "Where it was made from: the URI of its source.")
    validation_specification: ModelPackageValidationSpecification | None = member(
        "ValidationSpecification", "How it is validated."
    )
    skip_model_validation: SkipModelValidation | None = member(
        "SkipModelValidation", "Whether validation was left out when it was made."
    )
    status: ModelPackageStatus | None = member("ModelPackageStatus", "How far it has come.")
    status_details: ModelPackageStatusDetails | None = member(
        "ModelPackageStatusDetails", "The checks that it went through."
    )
    certify_for_marketplace: bool | None = member(
        "CertifyForMarketplace", "Whether it is certified for AWS Marketplace."
    )
    model_approval_status: ModelApprovalStatus | None = member("ModelApprovalStatus", "Whether it may be deployed.")
    approval_description: str | None = member("ApprovalDescription", "What is said of the approval.")
    customer_metadata_properties: list[Property] | None = member(
        "CustomerMetadataProperties", "What its maker noted of it.", properties
    )
    model_metrics: ModelMetrics | None = member("ModelMetrics", "What was measured of it.")
    drift_check_baselines: DriftCheckBaselines | None = member(
        "DriftCheckBaselines", "What monitoring compares it with once it is deployed."
    )
    domain: str | None = member("Domain", "The field of machine learning that it belongs to.")
    task: str | None = member("Task", "What it does there, such as classifying images.")
    sample_payload_url: str | None = member("SamplePayloadUrl", "Where a sample of its input is in S3.")
    security_config: ModelPackageSecurityConfig | None = member("SecurityConfig", "How what it says is kept secret.")
    model_card: ModelPackageModelCard | None = member("ModelCard", "The model card that it carries with it.")
    model_life_cycle: ModelLifeCycle | None = member("ModelLifeCycle", "How near it is to production.")

    @strawberry.field(description="Which code and process made it.")
    def metadata_properties(self) -> MetadataProperties | None:
        """Return what is known of that."""
        return metadata_properties(self)

    @strawberry.field(description="The group that it is a version of; null where it belongs to none.")
    def group(self) -> ModelPackageGroup | None:
        """Return the group, undescribed: its ARN is told by the package's."""
        group, versioned, _ = arns.id_of(self.key).partition("/")
        if not versioned:
            return None
        key = f"{self.key.partition(':model-package/')[0]}:model-package-group/{group}"
        name = self.record.read("ModelPackageGroupName")
        if name:
            self.loaders.known.record(key).note({"ModelPackageGroupName": name})
        return ModelPackageGroup(loaders=self.loaders, key=key)

    @strawberry.field(
        description="The artifact that stands for it in the lineage graph, the newest where there are several. One "
        "ListArtifacts call."
    )
    async def artifact(self) -> Artifact | None:
        """Find the artifact."""
        artifact: Artifact | None = await standing_for(self.loaders, kinds.ARTIFACT, self.key)
        return artifact


@strawberry.type(description="How what a model card says is kept secret.")
class ModelCardSecurityConfig:
    """ModelCardSecurityConfig."""

    kms_key_id: str | None = member("KmsKeyId", "The KMS key that encrypts it.")


@strawberry.federation.type(
    keys=["arn"],
    description="What a team puts on record of a model: its purpose, its training, its evaluation, its risks. It is "
    "the latest version unless one was asked for; a version's id is the ARN with `/version/` and its number behind.",
)
class ModelCard(Tagged):
    """DescribeModelCard."""

    kind = kinds.MODEL_CARD

    name: str | None = member("ModelCardName", "Its name, unique in the account and region.")
    version: int | None = member("ModelCardVersion", "Which version it is, counted from 1.")
    content: str | None = member("Content", "What it says, as the JSON that SageMaker keeps.")
    status: ModelCardStatus | None = member("ModelCardStatus", "Where it stands in its review.")
    security_config: ModelCardSecurityConfig | None = member("SecurityConfig", "How what it says is kept secret.")
    creation_time: datetime | None = member("CreationTime", "When it was created.")
    created_by: UserContext | None = who("CreatedBy", "Who created it.")
    last_modified_time: datetime | None = member("LastModifiedTime", "When it last changed.")
    last_modified_by: UserContext | None = who("LastModifiedBy", "Who changed it last.")
    processing_status: ModelCardProcessingStatus | None = member(
        "ModelCardProcessingStatus", "How far its deletion has come, where it was asked for."
    )

    @strawberry.field(description="All its versions. One call a page.")
    async def versions(  # noqa: PLR0913, PLR0917 - one for each of AWS's filters
        self,
        info: Info,
        first: First = 50,
        after: After = UNSET,
        status: Annotated[ModelCardStatus | None, argument("Only those at this point of their review.")] = UNSET,
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
