"""Validation of requests against the model's constraints, and the messages of its errors."""

from typing import Any

import httpx
import local_conftest
import pytest
from botocore.exceptions import ClientError
from local_conftest import refusing

from gateway.arn import LONGEST
from gateway.local import protocol
from gateway.local.server import LocalServer

sagemaker = local_conftest.sagemaker

SOURCE = {"SourceUri": "s3://bucket/key"}
FAILED = "failed to satisfy constraint:"
ARTIFACT = "arn:aws:sagemaker:us-east-1:123456789012:artifact/0"


def message(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException", error
    return str(error["Message"])


def test_missing_member_reads_as_amazons(sagemaker: Any) -> None:
    said = message(sagemaker.create_artifact, Source=SOURCE)
    assert said == f"1 validation error detected: Value null at 'artifactType' {FAILED} Member must not be null"


def test_all_failures_come_at_once(sagemaker: Any) -> None:
    said = message(
        sagemaker.create_artifact,
        ArtifactName="-",
        ArtifactType="x" * 257,
        Source={"SourceUri": "", "SourceTypes": [{"SourceIdType": "Guess", "Value": "1"}]},
    )
    assert said.startswith("4 validation errors detected: ")
    name = f"Value '-' at 'artifactName' {FAILED} Member must satisfy regular expression pattern: "
    kind = f"Value 'Guess' at 'source.sourceTypes.1.member.sourceIdType' {FAILED} Member must satisfy enum value set: "
    assert said.partition(": ")[2].split("; ") == [
        f"{name}[a-zA-Z0-9](-*[a-zA-Z0-9]){{0,119}}",
        f"Value '' at 'source.sourceUri' {FAILED} Member must have length greater than or equal to 1",
        f"{kind}[MD5Hash, S3ETag, S3Version, Custom]",
        f"Value '{'x' * 257}' at 'artifactType' {FAILED} Member must have length less than or equal to 256",
    ]


def test_wrong_texts_read_as_amazons(sagemaker: Any) -> None:
    bounds = "length less than or equal to {}, Member must have length greater than or equal to 0"
    said = message(
        sagemaker.query_lineage,
        StartArns=[ARTIFACT],
        Filters={"Types": ["a", "b" * 41], "Properties": {"k": "v" * 257, "l" * 257: "", "m": ""}},
    )
    shown = f"Value '{{k={'v' * 257}, {'l' * 257}=, m=}}' at 'filters.properties' {FAILED}"
    types = f"Value '[a, {'b' * 41}]' at 'filters.types' {FAILED}"
    assert said.partition(": ")[2].split("; ") == [
        f"{types} Member must satisfy constraint: [Member must have {bounds.format(40)}]",
        f"{shown} Map keys must satisfy constraint: [Member must have {bounds.format(256)}]",
        f"{shown} Map value must satisfy constraint: [Member must have {bounds.format(256)}]",
    ]


@pytest.mark.parametrize(
    ("name", "length"), [("", "greater than or equal to 1"), ("-" * 121, "less than or equal to 120")]
)
def test_length_and_pattern_fail_together(sagemaker: Any, name: str, length: str) -> None:
    said = message(sagemaker.describe_experiment, ExperimentName=name)
    assert said.startswith("2 validation errors detected: ")
    assert f"Member must have length {length}; " in said
    assert said.endswith("Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}")


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("list_artifacts", {"MaxResults": 0}),
        ("list_artifacts", {"MaxResults": 101}),
        ("list_artifacts", {"MaxResults": 2**31 - 1}),
        ("list_artifacts", {"MaxResults": -(2**31)}),
        ("list_artifacts", {"SortOrder": "Sideways"}),
        ("list_artifacts", {"SortBy": "Name"}),
        ("list_contexts", {"ContextType": "x" * 257}),
        ("list_tags", {"ResourceArn": ARTIFACT, "MaxResults": 49}),
        ("describe_artifact", {"ArtifactArn": "nonsense"}),
        ("describe_artifact", {"ArtifactArn": ARTIFACT.replace("artifact", "context")}),
        ("describe_artifact", {"ArtifactArn": f"{ARTIFACT}{'0' * LONGEST}"}),
        ("describe_experiment", {"ExperimentName": "arn:aws:sagemaker:us-east-1:123456789012:experiment/x"}),
        ("describe_context", {"ContextName": "a context"}),
        ("create_context", {"ContextName": "c\n", "ContextType": "t", "Source": SOURCE}),
        ("create_context", {"ContextName": "c", "ContextType": "t", "Source": SOURCE, "Description": "a\nb"}),
        ("create_action", {"ActionName": "a", "ActionType": "t", "Source": SOURCE, "Status": "Done"}),
        ("create_artifact", {"ArtifactType": "t", "Source": SOURCE, "Properties": {str(n): "" for n in range(31)}}),
        ("create_artifact", {"ArtifactType": "t", "Source": SOURCE, "Properties": {"k": "v" * 4097}}),
        ("create_artifact", {"ArtifactType": "t", "Source": SOURCE, "Properties": {"k" * 2501: "v"}}),
        ("create_artifact", {"ArtifactType": "t", "Source": SOURCE, "Tags": [{"Key": "*", "Value": ""}]}),
        ("create_artifact", {"ArtifactType": "t", "Source": SOURCE, "Tags": [{"Key": "k"}]}),
        ("add_association", {"SourceArn": ARTIFACT, "DestinationArn": ARTIFACT, "AssociationType": "Likes"}),
        ("add_association", {"SourceArn": ARTIFACT}),
        ("delete_tags", {"ResourceArn": ARTIFACT, "TagKeys": []}),
        ("query_lineage", {}),
        ("query_lineage", {"StartArns": []}),
        ("query_lineage", {"StartArns": [ARTIFACT, ARTIFACT]}),
        ("query_lineage", {"StartArns": [ARTIFACT], "MaxDepth": 11}),
        ("query_lineage", {"StartArns": [ARTIFACT], "MaxDepth": 0}),
        ("query_lineage", {"StartArns": [ARTIFACT], "MaxResults": 51}),
        ("query_lineage", {"StartArns": [ARTIFACT], "MaxResults": 0}),
        ("query_lineage", {"StartArns": [ARTIFACT], "Direction": "Up"}),
        ("query_lineage", {"StartArns": [ARTIFACT], "Filters": {"Types": ["t"] * 6}}),
        ("query_lineage", {"StartArns": [ARTIFACT], "Filters": {"Types": ["t" * 41]}}),
        ("query_lineage", {"StartArns": [ARTIFACT], "Filters": {"LineageTypes": ["Experiment"]}}),
        ("query_lineage", {"StartArns": [ARTIFACT], "Filters": {"LineageTypes": ["Artifact"] * 5}}),
        ("query_lineage", {"StartArns": [ARTIFACT], "Filters": {"Properties": {str(n): "" for n in range(6)}}}),
        ("search", {"Resource": "Everything"}),
        ("search", {"Resource": "Experiment", "MaxResults": 101}),
        ("batch_describe_model_package", {"ModelPackageArnList": []}),
        ("list_pipeline_executions", {}),
        ("describe_project", {"ProjectName": "p" * 33}),
    ],
)
def test_constraints_of_model_hold(sagemaker: Any, operation: str, request_: dict[str, Any]) -> None:
    assert "failed to satisfy constraint" in message(getattr(sagemaker, operation), **request_)


def test_values_at_their_bounds_pass(sagemaker: Any) -> None:
    made = sagemaker.create_artifact(
        ArtifactName="n" * 120,
        ArtifactType="t" * 256,
        Source={"SourceUri": "u" * 2048, "SourceTypes": [{"SourceIdType": "Custom", "Value": ""}]},
        Properties={"k" * 2500: "v" * 4096} | {str(number): "" for number in range(29)},
        Tags=[{"Key": "Größe_1.:/=+-@ ", "Value": "v" * 256}],
    )
    described = sagemaker.describe_artifact(ArtifactArn=made["ArtifactArn"])
    assert len(described["Properties"]) == 30


def test_length_is_counted_in_characters(sagemaker: Any) -> None:
    sagemaker.create_artifact(ArtifactType="☃" * 256, Source=SOURCE)


@pytest.mark.parametrize("end", ["\n", "\r", "\u0085", "\u2028", "\u2029"])
def test_line_ends_do_not_match_dot(sagemaker: Any, end: str) -> None:
    with refusing("ValidationException", "regular expression"):
        sagemaker.create_artifact(ArtifactType="t", Source={"SourceUri": f"s3://a{end}b"})


def test_other_control_characters_match_dot(sagemaker: Any) -> None:
    sagemaker.create_artifact(ArtifactType="t", Source={"SourceUri": "s3://a\0\t\v\fb"})


def test_refused_values_are_shown_short(sagemaker: Any) -> None:
    assert len(message(sagemaker.create_artifact, ArtifactType="x" * 1_000_000, Source=SOURCE)) < 2000


def test_first_hundred_failures_are_reported(sagemaker: Any) -> None:
    types = [{"SourceIdType": "Guess", "Value": ""} for _ in range(1000)]
    said = message(sagemaker.create_artifact, ArtifactType="t", Source={"SourceUri": "u", "SourceTypes": types})
    assert said.startswith("100 validation errors detected: ")
    assert said.count(FAILED) == 100


@pytest.mark.parametrize("operation", sorted(protocol.OPERATIONS))
def test_every_operation_reads_empty_requests(service: LocalServer, operation: str) -> None:
    answer = httpx.post(service.url, content=b"", headers={"X-Amz-Target": f"SageMaker.{operation}"})
    assert answer.status_code == 200 or answer.json()["__type"] == "ValidationException"
