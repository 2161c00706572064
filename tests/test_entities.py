"""Every kind of entity, with every member that AWS returns for it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Ask
from graphs import action, arn, artifact, artifact_arn, component, component_arn, context

WHO = {"UserProfileArn": "arn:p", "UserProfileName": "ada", "DomainId": "d-1"}
IDENTITY = {"Arn": "arn:aws:iam::123456789012:role/r", "PrincipalId": "AROA", "SourceIdentity": "ada"}
CREATED = {
    "CreationTime": 1_700_000_000.123,
    "LastModifiedTime": 1_700_000_100.5,
    "CreatedBy": WHO | {"IamIdentity": IDENTITY},
    "LastModifiedBy": {"DomainId": "d-2"},
}
ORIGIN = {"CommitId": "c0ffee", "Repository": "git", "GeneratedBy": "pipeline", "ProjectId": "p-1"}

COMMON = """
  id arn lineageType name type sourceUri creationTime lastModifiedTime lineageGroupArn
  createdBy { userProfileArn userProfileName domainId iamIdentity { arn principalId sourceIdentity } }
  lastModifiedBy { domainId userProfileName }
  metadataProperties { commitId repository generatedBy projectId }
"""
COMMON_SAID: dict[str, Any] = {
    "creationTime": "2023-11-14T22:13:20.123+00:00",
    "lastModifiedTime": "2023-11-14T22:15:00.500+00:00",
    "lineageGroupArn": arn("lineage-group", "sagemaker-default-lineage-group"),
    "createdBy": {
        "userProfileArn": "arn:p",
        "userProfileName": "ada",
        "domainId": "d-1",
        "iamIdentity": {"arn": IDENTITY["Arn"], "principalId": "AROA", "sourceIdentity": "ada"},
    },
    "lastModifiedBy": {"domainId": "d-2", "userProfileName": None},
    "metadataProperties": {
        "commitId": "c0ffee",
        "repository": "git",
        "generatedBy": "pipeline",
        "projectId": "p-1",
    },
}
PROPERTIES = {"b": "2", "a": "1"}


async def test_artifact_shows_every_member(ask: Ask, load: Callable[..., None]) -> None:
    source = {"SourceUri": "s3://b/k", "SourceTypes": [{"SourceIdType": "S3ETag", "Value": "e"}]}
    load(artifact(1, **CREATED, Source=source, Properties=PROPERTIES, MetadataProperties=ORIGIN))
    key = artifact_arn(1)
    data = await ask(
        f"""query($arn: Arn!) {{ artifact(arn: $arn) {{ {COMMON}
          source {{ sourceUri sourceTypes {{ sourceIdType value }} }}
          properties {{ key value }} one: properties(keys: ["b", "x", "b"]) {{ key value }}
        }} }}""",
        arn=key,
    )
    assert data["artifact"] == COMMON_SAID | {
        "id": key,
        "arn": key,
        "lineageType": "ARTIFACT",
        "name": "artifact-1",
        "type": "DataSet",
        "sourceUri": "s3://b/k",
        "source": {"sourceUri": "s3://b/k", "sourceTypes": [{"sourceIdType": "S3_E_TAG", "value": "e"}]},
        "properties": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
        "one": [{"key": "b", "value": "2"}],
    }


async def test_context_shows_every_member(ask: Ask, load: Callable[..., None]) -> None:
    source = {"SourceUri": "s3://b/c", "SourceType": "T", "SourceId": "I"}
    load(context("my_context", **CREATED, Source=source, Description="what", Properties=PROPERTIES))
    data = await ask(
        f"""{{ context(name: "my_context") {{ {COMMON}
          source {{ sourceUri sourceType sourceId }} description properties {{ key value }}
        }} }}"""
    )
    key = arn("context", "my_context")
    assert data["context"] == COMMON_SAID | {
        "id": key,
        "arn": key,
        "lineageType": "CONTEXT",
        "name": "my_context",
        "type": "Endpoint",
        "sourceUri": "s3://b/c",
        "source": {"sourceUri": "s3://b/c", "sourceType": "T", "sourceId": "I"},
        "description": "what",
        "metadataProperties": None,
        "properties": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
    }


async def test_action_shows_every_member(ask: Ask, load: Callable[..., None]) -> None:
    source = {"SourceUri": "s3://b/a", "SourceType": "T", "SourceId": "I"}
    load(action("deploy", **CREATED, Source=source, Status="InProgress", Description="d", MetadataProperties=ORIGIN))
    data = await ask(
        f"""{{ action(name: "deploy") {{ {COMMON}
          source {{ sourceUri sourceType sourceId }} description status properties {{ key }}
        }} }}"""
    )
    key = arn("action", "deploy")
    assert data["action"] == COMMON_SAID | {
        "id": key,
        "arn": key,
        "lineageType": "ACTION",
        "name": "deploy",
        "type": "ModelDeployment",
        "sourceUri": "s3://b/a",
        "source": {"sourceUri": "s3://b/a", "sourceType": "T", "sourceId": "I"},
        "description": "d",
        "status": "IN_PROGRESS",
        "properties": None,
    }


TRIAL_COMPONENT = {
    "DisplayName": "Job",
    "Status": {"PrimaryStatus": "Completed", "Message": "done"},
    "StartTime": 1_700_000_001,
    "EndTime": "2023-11-14T22:13:22.250Z",
    "Parameters": {"lr": {"NumberValue": 0.1}, "opt": {"StringValue": "adam"}},
    "InputArtifacts": {"train": {"MediaType": "text/csv", "Value": "s3://b/train"}},
    "OutputArtifacts": {"model": {"Value": "s3://b/model.tar.gz"}},
    "Metrics": [
        {
            "MetricName": "loss",
            "SourceArn": arn("training-job", "job"),
            "TimeStamp": 1_700_000_002,
            "Max": 2.0,
            "Min": 0.5,
            "Last": 0.5,
            "Count": 3,
            "Avg": 1.0,
            "StdDev": 0.25,
        }
    ],
    "Sources": [{"SourceArn": arn("training-job", "job"), "SourceType": "SageMakerTrainingJob"}],
}
TRIAL_COMPONENT_SAID = {
    "displayName": "Job",
    "status": {"primaryStatus": "COMPLETED", "message": "done"},
    "startTime": "2023-11-14T22:13:21.000+00:00",
    "endTime": "2023-11-14T22:13:22.250+00:00",
    "parameters": [
        {"key": "lr", "numberValue": 0.1, "stringValue": None},
        {"key": "opt", "numberValue": None, "stringValue": "adam"},
    ],
    "inputArtifacts": [{"key": "train", "mediaType": "text/csv", "value": "s3://b/train"}],
    "outputArtifacts": [{"key": "model", "mediaType": None, "value": "s3://b/model.tar.gz"}],
    "metrics": [
        {
            "metricName": "loss",
            "sourceArn": arn("training-job", "job"),
            "timeStamp": "2023-11-14T22:13:22.000+00:00",
            "max": 2.0,
            "min": 0.5,
            "last": 0.5,
            "count": 3,
            "avg": 1.0,
            "stdDev": 0.25,
        }
    ],
    "source": {"sourceArn": arn("training-job", "job"), "sourceType": "SageMakerTrainingJob"},
}
FIELDS = """
  displayName status { primaryStatus message } startTime endTime
  parameters { key stringValue numberValue }
  inputArtifacts { key mediaType value } outputArtifacts { key mediaType value }
  metrics { metricName sourceArn timeStamp max min last count avg stdDev } source { sourceArn sourceType }
"""


async def test_trial_component_shows_every_member(ask: Ask, load: Callable[..., None]) -> None:
    load(component("job", **CREATED, **TRIAL_COMPONENT, MetadataProperties=ORIGIN))
    data = await ask(f'{{ trialComponent(name: "job") {{ {COMMON} {FIELDS} sources {{ sourceArn sourceType }} }} }}')
    key = component_arn("job")
    assert data["trialComponent"] == COMMON_SAID | TRIAL_COMPONENT_SAID | {
        "id": key,
        "arn": key,
        "lineageType": "TRIAL_COMPONENT",
        "name": "job",
        "type": "SageMakerTrainingJob",
        "sourceUri": arn("training-job", "job"),
        "sources": [{"sourceArn": arn("training-job", "job"), "sourceType": "SageMakerTrainingJob"}],
    }


async def test_diverged_run_causes_no_errors(ask: Ask, load: Callable[..., None]) -> None:
    words = {"Max": "Infinity", "Min": "-Infinity", "Last": "NaN", "Avg": "NaN", "StdDev": "NaN"}
    metric = TRIAL_COMPONENT["Metrics"][0]
    load(component("job", Parameters={"lr": {"NumberValue": "Infinity"}}, Metrics=[metric | words, metric]))
    data = await ask(
        """{ trialComponent(name: "job") {
          parameters { key numberValue stringValue } metrics { max min last count avg stdDev }
        } }"""
    )
    assert data["trialComponent"]["parameters"] == [{"key": "lr", "numberValue": None, "stringValue": None}]
    whole = {"max": 2.0, "min": 0.5, "last": 0.5, "count": 3, "avg": 1.0, "stdDev": 0.25}
    assert data["trialComponent"]["metrics"] == [dict.fromkeys(whole) | {"count": 3}, whole]


async def test_search_agrees_with_describe(ask: Ask, load: Callable[..., None], calls: Counter[str]) -> None:
    load(*(component(name, **CREATED, **TRIAL_COMPONENT, MetadataProperties=ORIGIN) for name in ("job", "other")))
    one = await ask(
        f"query($arn: Arn) {{ trialComponent(arn: $arn) {{ {COMMON} {FIELDS} }} }}", arn=component_arn("job")
    )
    assert calls == {"DescribeTrialComponent": 1}
    both = await ask(
        f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on TrialComponent {{ {COMMON} {FIELDS} }} }} }}",
        ids=[component_arn("job"), component_arn("other")],
    )
    assert calls == {"DescribeTrialComponent": 1, "Search": 1}
    assert both["nodes"][0] == one["trialComponent"] | {"source": both["nodes"][0]["source"]}


async def test_bare_entity_has_nulls(ask: Ask, load: Callable[..., None]) -> None:
    load({"entity": "TrialComponent", "record": {"TrialComponentName": "bare"}})
    data = await ask(f'{{ trialComponent(name: "bare") {{ type sourceUri {FIELDS} }} }}')
    said = data["trialComponent"]
    assert (said["type"], said["sourceUri"], said["source"], said["startTime"]) == (None, None, None, None)


async def test_unknown_enum_fails_its_field(answer: Ask, load: Callable[..., None]) -> None:
    load(action("odd", Status="Paused"))
    said = await answer('{ action(name: "odd") { name status type } }')
    assert said["data"]["action"] == {"name": "odd", "status": None, "type": "ModelDeployment"}
    assert [error["path"] for error in said["errors"]] == [["action", "status"]]


@pytest.mark.parametrize(
    "query",
    [
        "query($a: Arn!) { found: artifact(arn: $a) { name } }",
        "query($a: Arn!) { found: entity(arn: $a) { name } }",
        "query($a: ID!) { found: node(id: $a) { id } }",
        'query($a: ID!) { found: context(name: "gone") { name } never: node(id: $a) { id } }',
        'query($a: ID!) { found: action(name: "gone") { name } never: node(id: $a) { id } }',
        'query($a: ID!) { found: trialComponent(name: "gone") { name } never: node(id: $a) { id } }',
        'query($a: ID!) { found: lineageGroup(name: "gone") { name } never: node(id: $a) { id } }',
    ],
)
async def test_missing_entity_is_null(ask: Ask, query: str) -> None:
    assert (await ask(query, a=artifact_arn(404)))["found"] is None


async def test_nodes_keep_order_and_gaps(ask: Ask, load: Callable[..., None]) -> None:
    load(artifact(1), context("c"), component("j"))
    ids = [arn("context", "c"), artifact_arn(2), component_arn("j"), artifact_arn(1), arn("context", "c")]
    data = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids)
    assert data["nodes"] == [
        {"__typename": "Context", "id": ids[0]},
        None,
        {"__typename": "TrialComponent", "id": ids[2]},
        {"__typename": "Artifact", "id": ids[3]},
        {"__typename": "Context", "id": ids[0]},
    ]


async def test_bad_id_fails_its_slot(answer: Ask, load: Callable[..., None]) -> None:
    load(artifact(1))
    said = await answer("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["junk", artifact_arn(1)])
    assert said["data"]["nodes"] == [None, {"id": artifact_arn(1)}]
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [
        (["nodes", 0], "BAD_USER_INPUT")
    ]


async def test_lineage_group_by_name_and_id(ask: Ask) -> None:
    group = arn("lineage-group", "sagemaker-default-lineage-group")
    data = await ask(
        """query($id: ID!) {
          lineageGroup(name: "sagemaker-default-lineage-group") { id arn name creationTime }
          node(id: $id) { ... on LineageGroup { name displayName description createdBy { domainId } } }
        }""",
        id=group,
    )
    assert data["lineageGroup"]["arn"] == data["lineageGroup"]["id"] == group
    assert data["node"]["name"] == "sagemaker-default-lineage-group"
