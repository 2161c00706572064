"""SageMaker clients run a sequence of operations, a round, against the local service.

`.ci/clients` creates the environments of the clients that are not among the project's requirements; without it, their
tests are skipped. The rounds are the scripts in `tests/clients`, which print what went wrong if they fail.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from gateway.local.server import LocalServer

ROOT = Path(__file__).parent.parent
NOWHERE = "http://127.0.0.1:1"  # nobody listens there
JOB = "arn:aws:sagemaker:us-east-1:123456789012:training-job/job"
TRIAL_COMPONENT = {
    "TrialComponentName": "job-aws-training-job",
    "Source": {"SourceArn": JOB, "SourceType": "SageMakerTrainingJob"},
}
MODEL_PACKAGE = {"ModelPackageGroupName": "churn", "ModelPackageVersion": 1}


@pytest.fixture
def url(service: LocalServer, load: Callable[..., None]) -> str:
    """The URL of the local service, whose account has one training job and one registered model."""
    load({"entity": "TrialComponent", "record": TRIAL_COMPONENT}, {"entity": "ModelPackage", "record": MODEL_PACKAGE})
    return service.url


def installed(environment: str, program: str) -> Path:
    home = Path(".venv-clients", environment)
    if not (ROOT / home / ".installed").exists():
        pytest.skip(f"{home} is missing: run .ci/clients")
    return ROOT / home / "bin" / program


def run(url: str, *command: Path | str) -> subprocess.CompletedProcess[str]:
    """Run a client against the local service, with credentials that are valid nowhere and without a network."""
    env = {
        "AWS_ENDPOINT_URL_SAGEMAKER": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HTTP_PROXY": NOWHERE,
        "HTTPS_PROXY": NOWHERE,
        "NO_PROXY": "127.0.0.1",
        "HOME": os.environ["HOME"],
        "PATH": os.environ["PATH"],
    }
    return subprocess.run(  # noqa: S603 - the commands are those below
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def walk(url: str, python: Path | str, script: str, *arguments: str) -> str:
    """Run a script from `clients`, and return the client's version, which it prints."""
    done = run(url, python, ROOT / "tests" / "clients" / script, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()[-1]


def test_boto3_walks_a_round(url: str) -> None:
    assert walk(url, sys.executable, "boto3_round.py").startswith("1.")


def test_newest_boto3_walks_a_round(url: str) -> None:
    assert walk(url, installed("sdk3", "python"), "boto3_round.py").startswith("1.")


def test_aioboto3_walks_a_round(url: str) -> None:
    assert walk(url, sys.executable, "aioboto3_round.py").startswith("15.")


def test_second_sdk_walks_a_round(url: str) -> None:
    assert walk(url, installed("sdk2", "python"), "sdk_round.py", "sagemaker").startswith("2.")


def test_third_sdk_walks_a_round(url: str) -> None:
    assert walk(url, installed("sdk3", "python"), "sdk_round.py", "sagemaker.core").startswith("2.")


def test_resource_classes_walk_a_round(url: str) -> None:
    assert walk(url, installed("sdk3", "python"), "resources_round.py").startswith("2.")


class Cli:
    """`aws sagemaker` against the local service."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.program = installed("cli", "aws")

    def __call__(self, command: str, *more: str) -> Any:
        done = run(self.url, self.program, "sagemaker", *command.split(), *more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def refused(self, command: str) -> str:
        done = run(self.url, self.program, "sagemaker", *command.split())
        assert done.returncode in {254, 255}  # of version 2, of version 1
        return done.stderr


@pytest.fixture
def aws(url: str) -> Cli:
    return Cli(url)


def artifact(aws: Cli, name: str, kind: str = "DataSet", *more: str) -> str:
    source = f"SourceUri=s3://bucket/{name}"
    answer = aws(f"create-artifact --artifact-name {name} --artifact-type {kind} --source {source}", *more)
    return str(answer["ArtifactArn"])


def test_cli_walks_a_round(aws: Cli) -> None:
    # create
    raw = artifact(aws, "raw", "DataSet", "--properties", "rows=100,format=csv", "--tags", "Key=team,Value=ml")
    model = artifact(aws, "model", "Model")
    context = aws("create-context --context-name endpoint --context-type Endpoint --source SourceUri=arn:e")
    endpoint = context["ContextArn"]
    train = aws("describe-trial-component --trial-component-name job-aws-training-job")["TrialComponentArn"]
    path = [(raw, train), (train, model), (model, endpoint)]
    for source, destination in path:
        aws(f"add-association --association-type ContributedTo --source-arn {source} --destination-arn {destination}")

    # describe, list and query
    described = aws(f"describe-artifact --artifact-arn {raw}")
    assert (described["ArtifactName"], described["Properties"]) == ("raw", {"rows": "100", "format": "csv"})
    into = aws(f"list-associations --destination-arn {model}")["AssociationSummaries"]
    assert [(edge["SourceArn"], edge["SourceType"]) for edge in into] == [(train, "SageMakerTrainingJob")]
    down = aws(f"query-lineage --start-arns {raw} --direction Descendants --include-edges")
    assert {(edge["SourceArn"], edge["DestinationArn"]) for edge in down["Edges"]} == set(path)
    up = aws(f"query-lineage --start-arns {endpoint} --direction Ascendants --filters Types=DataSet --no-include-edges")
    assert up["Vertices"] == [{"Arn": raw, "Type": "DataSet", "LineageType": "Artifact"}]
    equals = {"Filters": [{"Name": "Source.SourceArn", "Operator": "Equals", "Value": JOB}]}
    found = aws("search --resource ExperimentTrialComponent --search-expression", json.dumps(equals))["Results"]
    assert [result["TrialComponent"]["TrialComponentArn"] for result in found] == [train]

    # update, tag and delete
    aws(f"update-artifact --artifact-arn {raw} --properties rows=200 --properties-to-remove format")
    assert aws(f"describe-artifact --artifact-arn {raw}")["Properties"] == {"rows": "200"}
    aws(f"add-tags --resource-arn {raw} --tags Key=stage,Value=prod")
    aws(f"delete-tags --resource-arn {raw} --tag-keys team")
    assert aws(f"list-tags --resource-arn {raw}") == {"Tags": [{"Key": "stage", "Value": "prod"}]}
    for source, destination in path:
        aws(f"delete-association --source-arn {source} --destination-arn {destination}")
    aws(f"delete-artifact --artifact-arn {raw}")
    aws("delete-artifact --source SourceUri=s3://bucket/model")
    aws("delete-context --context-name endpoint")
    assert aws("list-artifacts") == {"ArtifactSummaries": []}


def test_cli_reads_all_pages(aws: Cli, calls: Counter[str]) -> None:
    merged = artifact(aws, "merged")
    parts = [artifact(aws, f"part-{number}") for number in range(3)]
    for part in parts:
        aws(f"add-association --source-arn {part} --destination-arn {merged}")
    listing = f"list-associations --destination-arn {merged} --sort-by CreationTime --sort-order Ascending"

    whole = aws(f"{listing} --page-size 1")["AssociationSummaries"]
    all_pages = calls["ListAssociations"]
    first = aws(f"{listing} --max-items 2")
    last = aws(f"{listing} --starting-token {first['NextToken']}")

    assert [edge["SourceArn"] for edge in whole] == parts
    assert first["AssociationSummaries"] + last["AssociationSummaries"] == whole
    assert all_pages == 3


def test_cli_takes_the_endpoint_url(url: str) -> None:
    aws = Cli(NOWHERE)
    assert aws(f"list-actions --endpoint-url {url}") == {"ActionSummaries": []}


def test_cli_reports_a_missing_artifact(aws: Cli) -> None:
    missing = f"arn:aws:sagemaker:us-east-1:123456789012:artifact/{'0' * 32}"
    assert "(ResourceNotFound)" in aws.refused(f"describe-artifact --artifact-arn {missing}")


def test_cli_reports_a_malformed_arn(aws: Cli) -> None:
    assert "(ValidationException)" in aws.refused("describe-artifact --artifact-arn nonsense")
