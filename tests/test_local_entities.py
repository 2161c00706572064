"""Artifacts, contexts and actions: creating, describing, updating and deleting them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import local_conftest
import pytest
from botocore import xform_name
from graphs import arn, artifact, artifact_arn, context
from local_conftest import load, refusing

from gateway.local.server import LocalServer

sagemaker = local_conftest.sagemaker

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:lineage-group/sagemaker-default-lineage-group"
USER = "arn:aws:iam::123456789012:user/local"
FOREIGN = "arn:aws:sagemaker:us-east-1:999999999999"

Make = Callable[..., str]


@pytest.fixture
def make(sagemaker: Any) -> Make:
    """A function that creates an artifact and returns its ARN."""

    def make(uri: str = "s3://bucket/key", **members: Any) -> str:
        source = {"SourceUri": uri} | members.pop("Source", {})
        made = sagemaker.create_artifact(**{"ArtifactType": "DataSet", "Source": source} | members)
        return str(made["ArtifactArn"])

    return make


def test_described_artifact_has_everything(sagemaker: Any, make: Make) -> None:
    given = {
        "ArtifactName": "training-set",
        "ArtifactType": "DataSet",
        "Source": {"SourceUri": "s3://bucket/key", "SourceTypes": [{"SourceIdType": "S3ETag", "Value": "e"}]},
        "Properties": {"rows": "10"},
        "MetadataProperties": {"CommitId": "c", "Repository": "r", "GeneratedBy": "g", "ProjectId": "p"},
    }
    before = datetime.now(UTC)
    made = make(**given, Tags=[{"Key": "team", "Value": "a"}])
    described = sagemaker.describe_artifact(ArtifactArn=made)
    assert described.items() >= given.items()
    assert described["ArtifactArn"] == made
    assert described["LineageGroupArn"] == GROUP
    assert described["CreatedBy"]["IamIdentity"]["Arn"] == described["LastModifiedBy"]["IamIdentity"]["Arn"] == USER
    assert described["CreationTime"] == described["LastModifiedTime"]
    assert abs(described["CreationTime"] - before).total_seconds() < 5
    assert "Tags" not in described
    assert sagemaker.list_tags(ResourceArn=made)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_source_alone_identifies_artifacts(make: Make) -> None:
    first = make()
    assert first.startswith("arn:aws:sagemaker:us-east-1:123456789012:artifact/")
    assert len(first.rpartition("/")[2]) == 32
    with refusing("ValidationException", "already exists"):
        make(ArtifactName="other", ArtifactType="Model")


def test_source_types_tell_artifacts_apart(make: Make) -> None:
    types = [{"SourceIdType": "Custom", "Value": "1"}, {"SourceIdType": "MD5Hash", "Value": "2"}]
    made = {make(), make(Source={"SourceTypes": types}), make(Source={"SourceTypes": types[:1]})}
    assert len(made) == 3
    with refusing("ValidationException", "already exists"):
        make(Source={"SourceTypes": types[::-1]})


def test_imported_source_counts_as_taken(service: LocalServer, make: Make) -> None:
    load(service, artifact(1, Source={"SourceUri": "s3://bucket/key"}))
    with refusing("ValidationException", "already exists"):
        make()


def test_arns_in_use_count_as_taken(sagemaker: Any, service: LocalServer, make: Make) -> None:
    made = make()
    load(service, artifact(1, ArtifactArn=made), context("renamed", ContextArn=arn("context", "original")))
    with refusing("ValidationException", "already exists"):
        make()
    with refusing("ValidationException", "already exists"):
        sagemaker.create_context(ContextName="original", ContextType="t", Source={"SourceUri": "s3://x"})


def test_artifact_id_ignores_the_account(make: Make) -> None:
    with LocalServer(account="999999999999", region="eu-west-1") as other:
        made = local_conftest.client(other.url).create_artifact(
            ArtifactType="DataSet", Source={"SourceUri": "s3://bucket/key"}
        )["ArtifactArn"]
    assert made.startswith("arn:aws:sagemaker:eu-west-1:999999999999:artifact/")
    assert made.rpartition("/")[2] == make().rpartition("/")[2]


def test_artifact_names_may_repeat(make: Make) -> None:
    assert make("s3://a", ArtifactName="same") != make("s3://b", ArtifactName="same")


@pytest.mark.parametrize("kind", ["Context", "Action", "Experiment", "TrialComponent"])
def test_names_identify_the_others(sagemaker: Any, kind: str) -> None:
    create, describe = (getattr(sagemaker, xform_name(f"{verb}{kind}")) for verb in ("Create", "Describe"))
    given = {f"{kind}Name": "Some-Name"}
    if kind in {"Context", "Action"}:
        given |= {f"{kind}Type": "t", "Source": {"SourceUri": "s3://x"}}
    made = create(**given)[f"{kind}Arn"]
    assert made.endswith("/Some-Name")
    assert describe(**{f"{kind}Name": "Some-Name"})[f"{kind}Arn"] == made
    if kind != "Experiment":
        assert describe(**{f"{kind}Name": made})[f"{kind}Name"] == "Some-Name"
    with refusing("ValidationException", "already exists"):
        create(**given)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("describe_artifact", {"ArtifactArn": artifact_arn(7)}),
        ("update_artifact", {"ArtifactArn": artifact_arn(7)}),
        ("delete_artifact", {"ArtifactArn": artifact_arn(7)}),
        ("delete_artifact", {"Source": {"SourceUri": "s3://nothing"}}),
        ("describe_context", {"ContextName": "missing"}),
        ("describe_context", {"ContextName": arn("context", "missing")}),
        ("update_context", {"ContextName": "missing"}),
        ("delete_action", {"ActionName": "missing"}),
        ("describe_context", {"ContextName": "HERE"}),
        ("describe_action", {"ActionName": arn("context", "here")}),
        ("describe_trial_component", {"TrialComponentName": "missing"}),
        ("describe_lineage_group", {"LineageGroupName": "missing"}),
    ],
)
def test_missing_entities_are_not_found(
    sagemaker: Any, service: LocalServer, operation: str, request_: dict[str, Any]
) -> None:
    load(service, context("here"))
    with refusing("ResourceNotFound", "does not exist"):
        getattr(sagemaker, operation)(**request_)


def test_update_replaces_what_is_given(sagemaker: Any, make: Make) -> None:
    made = make(ArtifactName="old", Properties={"a": "1", "b": "2"})
    assert sagemaker.update_artifact(ArtifactArn=made, ArtifactName="new")["ArtifactArn"] == made
    described = sagemaker.describe_artifact(ArtifactArn=made)
    assert (described["ArtifactName"], described["Properties"]) == ("new", {"a": "1", "b": "2"})
    assert described["LastModifiedTime"] > described["CreationTime"]
    sagemaker.update_artifact(ArtifactArn=made, Properties={"c": "3"})
    assert sagemaker.describe_artifact(ArtifactArn=made)["Properties"] == {"c": "3"}
    sagemaker.update_artifact(ArtifactArn=made, Properties={"d": "4", "e": "5"}, PropertiesToRemove=["d", "x"])
    assert sagemaker.describe_artifact(ArtifactArn=made)["Properties"] == {"e": "5"}
    sagemaker.update_artifact(ArtifactArn=made, PropertiesToRemove=["e"])
    assert sagemaker.describe_artifact(ArtifactArn=made)["Properties"] == {}


def test_update_changes_context_and_action(sagemaker: Any) -> None:
    source = {"SourceUri": "s3://x"}
    sagemaker.create_context(ContextName="c", ContextType="t", Source=source, Description="old")
    sagemaker.update_context(ContextName="c", Description="new")
    assert sagemaker.describe_context(ContextName="c")["Description"] == "new"
    sagemaker.create_action(ActionName="a", ActionType="t", Source=source, Status="InProgress")
    sagemaker.update_action(ActionName="a", Status="Completed")
    described = sagemaker.describe_action(ActionName="a")
    assert (described["Status"], described["ActionType"]) == ("Completed", "t")


def test_updates_record_their_user(sagemaker: Any, service: LocalServer) -> None:
    someone = {"IamIdentity": {"Arn": "arn:aws:iam::123456789012:user/someone"}}
    load(service, context("c", CreatedBy=someone))
    assert sagemaker.describe_context(ContextName="c")["LastModifiedBy"] == someone
    sagemaker.update_context(ContextName="c", Description="d")
    described = sagemaker.describe_context(ContextName="c")
    assert described["CreatedBy"] == someone
    assert described["LastModifiedBy"]["IamIdentity"]["Arn"] == USER


def test_deleted_artifact_is_gone(sagemaker: Any, make: Make) -> None:
    made = make(Tags=[{"Key": "k", "Value": "v"}])
    assert sagemaker.delete_artifact(ArtifactArn=made)["ArtifactArn"] == made
    with refusing("ResourceNotFound"):
        sagemaker.describe_artifact(ArtifactArn=made)
    assert sagemaker.list_tags(ResourceArn=made)["Tags"] == []
    assert make() == made


def test_artifact_is_deleted_by_source(sagemaker: Any, service: LocalServer, make: Make) -> None:
    types = [{"SourceIdType": "Custom", "Value": "1"}]
    kept, gone = make(), make(Source={"SourceTypes": types})
    deleted = sagemaker.delete_artifact(Source={"SourceUri": "s3://bucket/key", "SourceTypes": types})
    assert deleted["ArtifactArn"] == gone
    assert sagemaker.describe_artifact(ArtifactArn=kept)
    load(service, artifact(1))
    assert sagemaker.delete_artifact(Source={"SourceUri": "s3://bucket/1"})["ArtifactArn"] == artifact_arn(1)


def test_deletion_needs_arn_or_source(sagemaker: Any) -> None:
    with refusing("ValidationException", "ArtifactArn or Source"):
        sagemaker.delete_artifact()


def test_associated_entities_are_not_deleted(sagemaker: Any, make: Make) -> None:
    source, destination = make("s3://a"), make("s3://b")
    sagemaker.add_association(SourceArn=source, DestinationArn=destination)
    for end in (source, destination):
        with refusing("ValidationException", "associations"):
            sagemaker.delete_artifact(ArtifactArn=end)
    sagemaker.delete_association(SourceArn=source, DestinationArn=destination)
    sagemaker.delete_artifact(ArtifactArn=source)


def test_creation_times_strictly_increase(sagemaker: Any, make: Make) -> None:
    made = [make(f"s3://bucket/{number}") for number in range(20)]
    times = [sagemaker.describe_artifact(ArtifactArn=each)["CreationTime"] for each in made]
    assert times == sorted(set(times))


def test_quotas_limit_created_contexts() -> None:
    with LocalServer() as local:
        sagemaker = local_conftest.client(local.url)
        load(local, *(context(f"imported-{number}") for number in range(600)))
        sagemaker.update_context(ContextName="imported-0", Description="d")
        for number in range(500):
            sagemaker.create_context(ContextName=f"c-{number}", ContextType="t", Source={"SourceUri": "s3://x"})
        with refusing("ResourceLimitExceeded", "is 500 Contexts, with current utilization of 500 Contexts"):
            sagemaker.create_context(ContextName="one-more", ContextType="t", Source={"SourceUri": "s3://x"})
        sagemaker.delete_context(ContextName="c-7")
        sagemaker.create_context(ContextName="one-more", ContextType="t", Source={"SourceUri": "s3://x"})


def test_quotas_can_be_lifted() -> None:
    with LocalServer(quotas=False) as local:
        sagemaker = local_conftest.client(local.url)
        for number in range(501):
            sagemaker.create_context(ContextName=f"c-{number}", ContextType="t", Source={"SourceUri": "s3://x"})


def test_other_accounts_entities_are_only_read(sagemaker: Any, service: LocalServer, make: Make) -> None:
    foreign = f"{FOREIGN}:artifact/{'0' * 32}"
    load(service, artifact(0, ArtifactArn=foreign), context("c", ContextArn=f"{FOREIGN}:context/c"))
    described = sagemaker.describe_artifact(ArtifactArn=foreign)
    assert described["ArtifactName"] == "artifact-0"
    assert described["LineageGroupArn"].startswith(f"{FOREIGN}:lineage-group/")
    assert sagemaker.describe_context(ContextName=f"{FOREIGN}:context/c")["ContextName"] == "c"
    assert sagemaker.list_artifacts()["ArtifactSummaries"] == []
    for refused in (
        lambda: sagemaker.describe_context(ContextName="c"),
        lambda: sagemaker.update_artifact(ArtifactArn=foreign, ArtifactName="mine"),
        lambda: sagemaker.delete_artifact(ArtifactArn=foreign),
    ):
        with refusing("ResourceNotFound"):
            refused()
    mirror = make(described["Source"]["SourceUri"])
    sagemaker.add_association(SourceArn=foreign, DestinationArn=mirror, AssociationType="SameAs")
    assert len(sagemaker.query_lineage(StartArns=[foreign], IncludeEdges=True)["Vertices"]) == 2


def test_lineage_groups_are_listed_oldest_first(sagemaker: Any, service: LocalServer) -> None:
    load(service, {"entity": "LineageGroup", "record": {"LineageGroupName": "other"}})
    listed = sagemaker.list_lineage_groups()["LineageGroupSummaries"]
    assert [group["LineageGroupName"] for group in listed] == ["sagemaker-default-lineage-group", "other"]


def test_every_account_has_a_lineage_group(sagemaker: Any) -> None:
    listed = sagemaker.list_lineage_groups()["LineageGroupSummaries"]
    assert [group["LineageGroupArn"] for group in listed] == [GROUP]
    described = sagemaker.describe_lineage_group(LineageGroupName="sagemaker-default-lineage-group")
    assert described["LineageGroupArn"] == GROUP


@pytest.mark.parametrize("reference", ["sagemaker-default-lineage-group", GROUP])
def test_unshared_group_has_empty_policy(sagemaker: Any, reference: str) -> None:
    answer = sagemaker.get_lineage_group_policy(LineageGroupName=reference)
    assert (answer["LineageGroupArn"], answer["ResourcePolicy"]) == (GROUP, "{}")


def test_policies_are_of_own_groups(sagemaker: Any, service: LocalServer) -> None:
    foreign = f"{FOREIGN}:lineage-group/theirs"
    load(service, {"entity": "LineageGroup", "record": {"LineageGroupArn": foreign}})
    for reference in (foreign, "missing"):
        with refusing("ResourceNotFound", reference):
            sagemaker.get_lineage_group_policy(LineageGroupName=reference)
