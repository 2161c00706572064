"""Metrics of a model package's model, and the baselines for monitoring it: references to reports in S3.

The types are those of the structures nested in DescribeModelPackage.
"""

import strawberry

from gateway.schema.entity import member


@strawberry.type(description="A report of measurements, in S3.")
class MetricsSource:
    """MetricsSource."""

    content_type: str | None = member("ContentType", "Its media type.")
    content_digest: str | None = member("ContentDigest", "Digest of its content.")
    s3_uri: str | None = member("S3Uri", "Where it is.")


@strawberry.type(description="A file in S3.")
class FileSource:
    """FileSource."""

    content_type: str | None = member("ContentType", "Its media type.")
    content_digest: str | None = member("ContentDigest", "Digest of its content.")
    s3_uri: str | None = member("S3Uri", "Where it is.")


@strawberry.type(description="The quality of a model's predictions.")
class ModelQuality:
    """ModelQuality."""

    statistics: MetricsSource | None = member("Statistics", "What was measured.")
    constraints: MetricsSource | None = member("Constraints", "The limits to keep to.")


@strawberry.type(description="The quality of a model's input data.")
class ModelDataQuality:
    """ModelDataQuality."""

    statistics: MetricsSource | None = member("Statistics", "What was measured.")
    constraints: MetricsSource | None = member("Constraints", "The limits to keep to.")


@strawberry.type(description="The bias of a model and its data.")
class Bias:
    """Bias."""

    report: MetricsSource | None = member("Report", "The report on both.")
    pre_training_report: MetricsSource | None = member("PreTrainingReport", "The report on the data before training.")
    post_training_report: MetricsSource | None = member("PostTrainingReport", "The report on the trained model.")


@strawberry.type(description="How a model's predictions are explained.")
class Explainability:
    """Explainability."""

    report: MetricsSource | None = member("Report", "The report on it.")


@strawberry.type(description="Measurements of a model.")
class ModelMetrics:
    """ModelMetrics."""

    model_quality: ModelQuality | None = member("ModelQuality", "The quality of its predictions.")
    model_data_quality: ModelDataQuality | None = member("ModelDataQuality", "The quality of its input data.")
    bias: Bias | None = member("Bias", "Its bias.")
    explainability: Explainability | None = member("Explainability", "How its predictions are explained.")


@strawberry.type(description="Baselines for monitoring a model's bias.")
class DriftCheckBias:
    """DriftCheckBias."""

    config_file: FileSource | None = member("ConfigFile", "The configuration of the check.")
    pre_training_constraints: MetricsSource | None = member(
        "PreTrainingConstraints", "The limits on the data before training."
    )
    post_training_constraints: MetricsSource | None = member(
        "PostTrainingConstraints", "The limits on the trained model."
    )


@strawberry.type(description="Baselines for monitoring how a model's predictions are explained.")
class DriftCheckExplainability:
    """DriftCheckExplainability."""

    constraints: MetricsSource | None = member("Constraints", "The limits to keep to.")
    config_file: FileSource | None = member("ConfigFile", "The configuration of the check.")


@strawberry.type(description="Baselines for monitoring a model's predictions.")
class DriftCheckModelQuality:
    """DriftCheckModelQuality."""

    statistics: MetricsSource | None = member("Statistics", "What was measured.")
    constraints: MetricsSource | None = member("Constraints", "The limits to keep to.")


@strawberry.type(description="Baselines for monitoring a model's input data.")
class DriftCheckModelDataQuality:
    """DriftCheckModelDataQuality."""

    statistics: MetricsSource | None = member("Statistics", "What was measured.")
    constraints: MetricsSource | None = member("Constraints", "The limits to keep to.")


@strawberry.type(description="Baselines for monitoring a deployed model.")
class DriftCheckBaselines:
    """DriftCheckBaselines."""

    bias: DriftCheckBias | None = member("Bias", "Baselines for its bias.")
    explainability: DriftCheckExplainability | None = member(
        "Explainability", "Baselines for how its predictions are explained."
    )
    model_quality: DriftCheckModelQuality | None = member("ModelQuality", "Baselines for its predictions.")
    model_data_quality: DriftCheckModelDataQuality | None = member("ModelDataQuality", "Baselines for its input data.")
