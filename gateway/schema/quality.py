"""What was measured of a model package's model, and what monitoring compares it with: references to reports in S3."""

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


@strawberry.type(description="How good a model's predictions are.")
class ModelQuality:
    """ModelQuality."""

    statistics: MetricsSource | None = member("Statistics", "What was measured.")
    constraints: MetricsSource | None = member("Constraints", "What it must keep to.")


@strawberry.type(description="How good a model's input data are.")
class ModelDataQuality:
    """ModelDataQuality."""

    statistics: MetricsSource | None = member("Statistics", "What was measured.")
    constraints: MetricsSource | None = member("Constraints", "What they must keep to.")


@strawberry.type(description="How fair a model and its data are.")
class Bias:
    """Bias."""

    report: MetricsSource | None = member("Report", "The report on both.")
    pre_training_report: MetricsSource | None = member("PreTrainingReport", "The report on the data before training.")
    post_training_report: MetricsSource | None = member("PostTrainingReport", "The report on the trained model.")


@strawberry.type(description="How a model's predictions come about.")
class Explainability:
    """Explainability."""

    report: MetricsSource | None = member("Report", "The report on it.")


@strawberry.type(description="What was measured of a model.")
class ModelMetrics:
    """ModelMetrics."""

    model_quality: ModelQuality | None = member("ModelQuality", "How good its predictions are.")
    model_data_quality: ModelDataQuality | None = member("ModelDataQuality", "How good its input data are.")
    bias: Bias | None = member("Bias", "How fair it is.")
    explainability: Explainability | None = member("Explainability", "How its predictions come about.")


@strawberry.type(description="What monitoring compares a model's fairness with.")
class DriftCheckBias:
    """DriftCheckBias."""

    config_file: FileSource | None = member("ConfigFile", "How the check is set up.")
    pre_training_constraints: MetricsSource | None = member(
        "PreTrainingConstraints", "What the data must keep to before training."
    )
    post_training_constraints: MetricsSource | None = member(
        "PostTrainingConstraints", "What the trained model must keep to."
    )


@strawberry.type(description="What monitoring compares the making of a model's predictions with.")
class DriftCheckExplainability:
    """DriftCheckExplainability."""

    constraints: MetricsSource | None = member("Constraints", "What it must keep to.")
    config_file: FileSource | None = member("ConfigFile", "How the check is set up.")


@strawberry.type(description="What monitoring compares a model's predictions with.")
class DriftCheckModelQuality:
    """DriftCheckModelQuality."""

    statistics: MetricsSource | None = member("Statistics", "What was measured.")
    constraints: MetricsSource | None = member("Constraints", "What they must keep to.")


@strawberry.type(description="What monitoring compares a model's input data with.")
class DriftCheckModelDataQuality:
    """DriftCheckModelDataQuality."""

    statistics: MetricsSource | None = member("Statistics", "What was measured.")
    constraints: MetricsSource | None = member("Constraints", "What they must keep to.")


@strawberry.type(description="What monitoring compares a deployed model with.")
class DriftCheckBaselines:
    """DriftCheckBaselines."""

    bias: DriftCheckBias | None = member("Bias", "Its fairness.")
    explainability: DriftCheckExplainability | None = member("Explainability", "How its predictions come about.")
    model_quality: DriftCheckModelQuality | None = member("ModelQuality", "Its predictions.")
    model_data_quality: DriftCheckModelDataQuality | None = member("ModelDataQuality", "Its input data.")
