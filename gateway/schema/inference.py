"""How a model package's model is run and validated: types for the structures nested in DescribeModelPackage."""

import strawberry

from gateway.schema.entity import Property, member, properties
from gateway.schema.enums import (
    AssemblyType,
    BatchStrategy,
    CompressionType,
    S3DataType,
    S3ModelDataType,
    SplitType,
)


@strawberry.type(description="Whether the licence of a model was accepted.")
class ModelAccessConfig:
    """ModelAccessConfig."""

    accept_eula: bool | None = member("AcceptEula", "Whether it was accepted; otherwise the model is not loaded.")


@strawberry.type(description="The model in a hub that the data belongs to.")
class InferenceHubAccessConfig:
    """InferenceHubAccessConfig."""

    hub_content_arn: str | None = member("HubContentArn", "ARN of the hub's entry for the model.")


@strawberry.type(description="Model data in S3.")
class S3ModelDataSource:
    """S3ModelDataSource."""

    s3_uri: str | None = member("S3Uri", "Where it is.")
    s3_data_type: S3ModelDataType | None = member("S3DataType", "Whether it is one object or many.")
    compression_type: CompressionType | None = member("CompressionType", "How it is compressed.")
    model_access_config: ModelAccessConfig | None = member(
        "ModelAccessConfig", "Whether the model's licence was accepted."
    )
    hub_access_config: InferenceHubAccessConfig | None = member("HubAccessConfig", "The hub model that it belongs to.")
    manifest_s3_uri: str | None = member("ManifestS3Uri", "Where the manifest that lists its objects is.")
    e_tag: str | None = member("ETag", "ETag of the data.")
    manifest_etag: str | None = member("ManifestEtag", "ETag of the manifest.")


@strawberry.type(description="Where model data is.")
class ModelDataSource:
    """ModelDataSource."""

    s3_data_source: S3ModelDataSource | None = member("S3DataSource", "Its location in S3.")


@strawberry.type(description="What a model takes as its input.")
class ModelInput:
    """ModelInput."""

    data_input_config: str | None = member(
        "DataInputConfig", "The inputs' names and shapes, as JSON in the form that the model's framework uses."
    )


@strawberry.type(description="Data that a container gets besides its model.")
class AdditionalS3DataSource:
    """AdditionalS3DataSource."""

    s3_data_type: S3ModelDataType | None = member("S3DataType", "Whether it is one object or many.")
    s3_uri: str | None = member("S3Uri", "Where it is.")
    compression_type: CompressionType | None = member("CompressionType", "How it is compressed.")
    e_tag: str | None = member("ETag", "ETag of the data.")


@strawberry.type(description="A container that runs a model.")
class ModelPackageContainerDefinition:
    """ModelPackageContainerDefinition."""

    container_hostname: str | None = member(
        "ContainerHostname", "Its host name, by which the other containers reach it."
    )
    image: str | None = member("Image", "The image that it runs, by its path in a registry.")
    image_digest: str | None = member("ImageDigest", "Digest of that image.")
    model_data_url: str | None = member("ModelDataUrl", "Where the model is, as a compressed archive.")
    model_data_source: ModelDataSource | None = member("ModelDataSource", "Where the model is, in any form.")
    product_id: str | None = member("ProductId", "Id of its product in AWS Marketplace.")
    environment: list[Property] | None = member("Environment", "Its environment variables, by name.", properties)
    model_input: ModelInput | None = member("ModelInput", "What the model takes as its input.")
    framework: str | None = member("Framework", "The machine learning framework in it.")
    framework_version: str | None = member("FrameworkVersion", "Version of that framework.")
    nearest_model_name: str | None = member(
        "NearestModelName", "Name of a well-known model like this one, for choosing benchmarks."
    )
    additional_s3_data_source: AdditionalS3DataSource | None = member(
        "AdditionalS3DataSource", "Data that it gets besides the model."
    )
    model_data_e_tag: str | None = member("ModelDataETag", "ETag of the model's archive.")


@strawberry.type(description="What every inference specification says.")
class _Inference:
    """Base of the two types of inference specification."""

    containers: list[ModelPackageContainerDefinition] | None = member("Containers", "The containers that run it.")
    # Not an enum: AWS adds instance types every month, and a new one would be an error.
    supported_transform_instance_types: list[str] | None = member(
        "SupportedTransformInstanceTypes", "Instance types that transform jobs can run it on."
    )
    supported_realtime_inference_instance_types: list[str] | None = member(
        "SupportedRealtimeInferenceInstanceTypes", "Instance types that endpoints can run it on."
    )
    supported_content_types: list[str] | None = member("SupportedContentTypes", "Media types that it reads.")
    supported_response_mime_types: list[str] | None = member(
        "SupportedResponseMIMETypes", "Media types that it responds in.", name="supportedResponseMIMETypes"
    )


@strawberry.type(description="How a model package is run.")
class InferenceSpecification(_Inference):
    """InferenceSpecification."""


@strawberry.type(description="Another way to run a model package, such as one compiled for other hardware.")
class AdditionalInferenceSpecificationDefinition(_Inference):
    """AdditionalInferenceSpecificationDefinition."""

    name: str | None = member("Name", "Its name, unique within the package.")
    description: str | None = member("Description", "A description by its creator.")


@strawberry.type(description="An algorithm that a model package was created with.")
class SourceAlgorithm:
    """SourceAlgorithm."""

    model_data_url: str | None = member("ModelDataUrl", "Where the trained model is, as a compressed archive.")
    model_data_source: ModelDataSource | None = member("ModelDataSource", "Where the trained model is, in any form.")
    model_data_e_tag: str | None = member("ModelDataETag", "ETag of the archive.")
    algorithm_name: str | None = member("AlgorithmName", "The algorithm's name or ARN.")


@strawberry.type(description="What a model package was created with.")
class SourceAlgorithmSpecification:
    """SourceAlgorithmSpecification."""

    source_algorithms: list[SourceAlgorithm] | None = member("SourceAlgorithms", "The algorithms.")


@strawberry.type(description="A transform job's input in S3.")
class TransformS3DataSource:
    """TransformS3DataSource."""

    s3_data_type: S3DataType | None = member("S3DataType", "What its URI refers to.")
    s3_uri: str | None = member("S3Uri", "Where it is.")


@strawberry.type(description="Where a transform job's input is.")
class TransformDataSource:
    """TransformDataSource."""

    s3_data_source: TransformS3DataSource | None = member("S3DataSource", "Its location in S3.")


@strawberry.type(description="What a transform job reads.")
class TransformInput:
    """TransformInput."""

    data_source: TransformDataSource | None = member("DataSource", "Where it is.")
    content_type: str | None = member("ContentType", "Its media type.")
    compression_type: CompressionType | None = member("CompressionType", "How it is compressed.")
    split_type: SplitType | None = member("SplitType", "How it is split into records.")


@strawberry.type(description="What a transform job writes.")
class TransformOutput:
    """TransformOutput."""

    s3_output_path: str | None = member("S3OutputPath", "Where the results go in S3.")
    accept: str | None = member("Accept", "The media type requested of the model.")
    assemble_with: AssemblyType | None = member("AssembleWith", "How the results are joined.")
    kms_key_id: str | None = member("KmsKeyId", "The KMS key that encrypts them.")


@strawberry.type(description="What a transform job runs on.")
class TransformResources:
    """TransformResources."""

    instance_type: str | None = member("InstanceType", "The instances' type.")
    instance_count: int | None = member("InstanceCount", "How many there are.")
    volume_kms_key_id: str | None = member("VolumeKmsKeyId", "The KMS key that encrypts their storage.")
    transform_ami_version: str | None = member("TransformAmiVersion", "Version of the machine image that they run.")


@strawberry.type(description="A transform job that tests a model package.")
class TransformJobDefinition:
    """TransformJobDefinition."""

    max_concurrent_transforms: int | None = member(
        "MaxConcurrentTransforms", "The most requests that an instance gets at once."
    )
    max_payload_in_mb: int | None = member("MaxPayloadInMB", "The most megabytes in a request.", name="maxPayloadInMB")
    batch_strategy: BatchStrategy | None = member("BatchStrategy", "How many records a request holds.")
    environment: list[Property] | None = member("Environment", "The container's environment, by name.", properties)
    transform_input: TransformInput | None = member("TransformInput", "What it reads.")
    transform_output: TransformOutput | None = member("TransformOutput", "What it writes.")
    transform_resources: TransformResources | None = member("TransformResources", "What it runs on.")


@strawberry.type(description="One way in which a model package is tested.")
class ModelPackageValidationProfile:
    """ModelPackageValidationProfile."""

    profile_name: str | None = member("ProfileName", "Its name.")
    transform_job_definition: TransformJobDefinition | None = member("TransformJobDefinition", "The job that tests it.")


@strawberry.type(description="How a model package is validated.")
class ModelPackageValidationSpecification:
    """ModelPackageValidationSpecification."""

    validation_role: str | None = member("ValidationRole", "ARN of the IAM role that the validation uses.")
    validation_profiles: list[ModelPackageValidationProfile] | None = member(
        "ValidationProfiles", "The ways in which it is tested."
    )
