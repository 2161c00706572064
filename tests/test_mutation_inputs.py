"""The inputs of mutations: every member of AWS's requests is in the schema, and reaches AWS."""

from collections.abc import Callable
from typing import Any

import pytest
from conftest import Ask
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_input_field,
)
from graphs import action, arn, artifact, artifact_arn, component, component_arn, context
from shapes import SERVICE, graphql_name

from gateway import schema
from gateway.aws.kinds import LINEAGE
from gateway.local.server import LocalServer
from gateway.settings import Settings

Value = dict[str, Any]

SCHEMA = build_schema(schema.build(Settings(mutations=True)).sdl)
SCALARS = {"timestamp": "DateTime", "double": "Float"}

PREFIXES = {f"{verb}{kind.name}": kind.name for kind in LINEAGE for verb in ("Create", "Update", "Delete")}
PREFIXES |= {"AddAssociation": "Association", "DeleteAssociation": "Association", "AddTags": "", "DeleteTags": ""}
"""The writing operations, each with the prefix that is removed from its members' names."""

# Inputs that identify the entity by an ARN where AWS takes a name.
ARNS = {f"{verb}{kind.name}": {kind.parameter: "arn"} for kind in LINEAGE for verb in ("Update", "Delete")}
OURS = {f"Delete{kind.name}": {"disassociate"} for kind in LINEAGE}


def input_type(operation: str) -> GraphQLInputObjectType:
    assert SCHEMA.mutation_type
    named = get_named_type(SCHEMA.mutation_type.fields[graphql_name(operation)].args["input"].type)
    assert isinstance(named, GraphQLInputObjectType)
    return named


def mismatches(place: str, shape: Any, type: Any) -> list[str]:
    """Yield the places where a GraphQL input type does not match an AWS shape."""
    named: Any = get_named_type(type)
    if is_list_type(get_nullable_type(type)) != (shape.type_name in {"list", "map"}):
        return [f"{place} is {type}"]
    if shape.type_name == "list":
        return mismatches(place, shape.member, named)
    if shape.type_name == "map" and shape.value.type_name == "string":
        return [] if set(named.fields) == {"key", "value"} else [f"{place} is {type}"]
    if shape.type_name in {"map", "structure"}:
        structure = shape.value if shape.type_name == "map" else shape
        names = {member: graphql_name(member) for member in structure.members}
        return members(place, structure, named, names, {"key"} if shape.type_name == "map" else set())
    if isinstance(named, GraphQLEnumType):
        same = {value.replace("_", "").lower() for value in named.values} == {value.lower() for value in shape.enum}
        return [] if same else [f"{place} is {type}"]
    fitting = "Arn" if place.endswith(("arn", "Arn")) else SCALARS.get(shape.type_name, "String")
    return [] if named.name == fitting else [f"{place} is {type}, not {fitting}"]


def members(place: str, shape: Any, type: Any, names: dict[str, str], ours: set[str]) -> list[str]:
    wrong = [f"{place}.{name} is not AWS's" for name in set(type.fields) - set(names.values()) - ours]
    for member, name in names.items():
        if name not in type.fields:
            wrong.append(f"{place}.{name} is missing")
            continue
        wrong += mismatches(f"{place}.{name}", shape.members[member], type.fields[name].type)
        if is_required_input_field(type.fields[name]) != (member in shape.required_members):
            wrong.append(f"{place}.{name} is {type.fields[name].type}")
    return wrong


@pytest.mark.parametrize("operation", PREFIXES)
def test_every_requested_member_is_taken(operation: str) -> None:
    shape = SERVICE.operation_model(operation).input_shape
    names = {member: graphql_name(member, PREFIXES[operation]) for member in shape.members} | ARNS.get(operation, {})
    assert members(operation, shape, input_type(operation), names, OURS.get(operation, set())) == []


def test_mutations_are_the_writing_operations() -> None:
    assert SCHEMA.mutation_type
    assert set(SCHEMA.mutation_type.fields) == {graphql_name(operation) for operation in PREFIXES}
    for name, field in SCHEMA.mutation_type.fields.items():
        operation = name[0].upper() + name[1:]
        assert str(field.type) == f"{operation}Payload!"
        assert str(field.args["input"].type) == f"{operation}Input!"


SOURCE = {"sourceUri": "s3://bucket/x", "sourceType": "Thing", "sourceId": "x-1"}
AWS_SOURCE = {"SourceUri": "s3://bucket/x", "SourceType": "Thing", "SourceId": "x-1"}
PROPERTIES = [{"key": "a", "value": "1"}, {"key": "b", "value": ""}]
METADATA = {"commitId": "c0ffee", "repository": "git@host:repo", "generatedBy": "make", "projectId": "p-1"}
AWS_METADATA = {"CommitId": "c0ffee", "Repository": "git@host:repo", "GeneratedBy": "make", "ProjectId": "p-1"}
TAGS = [{"key": "cost", "value": "7"}, {"key": "team", "value": ""}]
AWS_TAGS = [{"Key": "cost", "Value": "7"}, {"Key": "team", "Value": ""}]
PARAMETERS = [{"key": "lr", "numberValue": 0.25}, {"key": "optimizer", "stringValue": "adam"}]
AWS_PARAMETERS = {"lr": {"NumberValue": 0.25}, "optimizer": {"StringValue": "adam"}}
FILES = [{"key": "train", "mediaType": "text/csv", "value": "s3://bucket/t"}]
AWS_FILES = {"train": {"MediaType": "text/csv", "Value": "s3://bucket/t"}}
RUN = {
    "displayName": "shown",
    "status": {"primaryStatus": "FAILED", "message": "no memory"},
    "startTime": "2026-03-08T09:30:00.250+00:00",
    "endTime": "2026-03-08T10:30:00.999+00:00",
    "parameters": PARAMETERS,
    "inputArtifacts": FILES,
    "outputArtifacts": FILES,
}
AWS_RUN = {
    "DisplayName": "shown",
    "Status": {"PrimaryStatus": "Failed", "Message": "no memory"},
    "StartTime": 1772962200.25,
    "EndTime": 1772965800.999,
    "Parameters": AWS_PARAMETERS,
    "InputArtifacts": AWS_FILES,
    "OutputArtifacts": AWS_FILES,
}

CREATED: list[tuple[str, Value, Value]] = [
    (
        "Artifact",
        {
            "name": "new",
            "type": "DataSet",
            "source": {
                "sourceUri": "s3://bucket/x",
                "sourceTypes": [
                    {"sourceIdType": "MD5_HASH", "value": "m"},
                    {"sourceIdType": "S3_E_TAG", "value": "e"},
                    {"sourceIdType": "S3_VERSION", "value": "v"},
                    {"sourceIdType": "CUSTOM", "value": ""},
                ],
            },
            "properties": PROPERTIES,
            "metadataProperties": METADATA,
            "tags": TAGS,
        },
        {
            "ArtifactName": "new",
            "ArtifactType": "DataSet",
            "Source": {
                "SourceUri": "s3://bucket/x",
                "SourceTypes": [
                    {"SourceIdType": "MD5Hash", "Value": "m"},
                    {"SourceIdType": "S3ETag", "Value": "e"},
                    {"SourceIdType": "S3Version", "Value": "v"},
                    {"SourceIdType": "Custom", "Value": ""},
                ],
            },
            "Properties": {"a": "1", "b": ""},
            "MetadataProperties": AWS_METADATA,
            "Tags": AWS_TAGS,
        },
    ),
    (
        "Context",
        {
            "name": "new_one",
            "type": "Endpoint",
            "source": SOURCE,
            "description": "what for",
            "properties": PROPERTIES,
            "tags": TAGS,
        },
        {
            "ContextName": "new_one",
            "ContextType": "Endpoint",
            "Source": AWS_SOURCE,
            "Description": "what for",
            "Properties": {"a": "1", "b": ""},
            "Tags": AWS_TAGS,
        },
    ),
    (
        "Action",
        {
            "name": "new",
            "type": "Approval",
            "source": SOURCE,
            "description": "what for",
            "status": "IN_PROGRESS",
            "properties": PROPERTIES,
            "metadataProperties": METADATA,
            "tags": TAGS,
        },
        {
            "ActionName": "new",
            "ActionType": "Approval",
            "Source": AWS_SOURCE,
            "Description": "what for",
            "Status": "InProgress",
            "Properties": {"a": "1", "b": ""},
            "MetadataProperties": AWS_METADATA,
            "Tags": AWS_TAGS,
        },
    ),
    (
        "TrialComponent",
        {"name": "new", **RUN, "metadataProperties": METADATA, "tags": TAGS},
        {"TrialComponentName": "new", **AWS_RUN, "MetadataProperties": AWS_METADATA, "Tags": AWS_TAGS},
    ),
]

UPDATED: list[tuple[str, Value, Value]] = [
    (
        "Artifact",
        {"arn": artifact_arn(1), "name": "other", "properties": PROPERTIES, "propertiesToRemove": ["c"]},
        {
            "ArtifactArn": artifact_arn(1),
            "ArtifactName": "other",
            "Properties": {"a": "1", "b": ""},
            "PropertiesToRemove": ["c"],
        },
    ),
    (
        "Context",
        {
            "arn": arn("context", "old"),
            "description": "else",
            "properties": PROPERTIES,
            "propertiesToRemove": ["c"],
        },
        {
            "ContextName": "old",
            "Description": "else",
            "Properties": {"a": "1", "b": ""},
            "PropertiesToRemove": ["c"],
        },
    ),
    (
        "Action",
        {
            "arn": arn("action", "old"),
            "description": "else",
            "status": "STOPPED",
            "properties": PROPERTIES,
            "propertiesToRemove": ["c"],
        },
        {
            "ActionName": "old",
            "Description": "else",
            "Status": "Stopped",
            "Properties": {"a": "1", "b": ""},
            "PropertiesToRemove": ["c"],
        },
    ),
    (
        "TrialComponent",
        {
            "arn": component_arn("old"),
            **RUN,
            "parametersToRemove": ["p"],
            "inputArtifactsToRemove": ["i"],
            "outputArtifactsToRemove": ["o"],
        },
        {
            "TrialComponentName": "old",
            **AWS_RUN,
            "ParametersToRemove": ["p"],
            "InputArtifactsToRemove": ["i"],
            "OutputArtifactsToRemove": ["o"],
        },
    ),
]


def selection(value: Any) -> str:
    """Return the selection of the fields that an input sets."""
    if isinstance(value, list):
        return selection({name: inner for item in value for name, inner in item.items()})
    if not isinstance(value, dict):
        return ""
    shown = [f"{name} {selection(inner)}" for name, inner in value.items() if not name.endswith("ToRemove")]
    return f"{{ {' '.join(shown)} }}"


def without_nulls(value: Any) -> Any:
    """Return a response without its nulls, or an input without the keys that it removes."""
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: without_nulls(inner)
        for name, inner in value.items()
        if inner is not None and not name.endswith("ToRemove")
    }


def mutation(verb: str, kind: str, fields: str) -> str:
    entity = graphql_name(kind)
    return f"mutation($input: {verb}{kind}Input!) {{ {verb.lower()}{kind}(input: $input) {{ {entity} {fields} }} }}"


@pytest.mark.parametrize(("kind", "given", "request_"), CREATED)
async def test_everything_set_arrives_and_stays(
    change: Ask, service: LocalServer, kind: str, given: Value, request_: Value
) -> None:
    data = await change(mutation("Create", kind, selection(given)), input=given)
    assert service.requests[0] == (f"Create{kind}", request_)
    assert set(request_) == set(SERVICE.operation_model(f"Create{kind}").input_shape.members)
    assert without_nulls(data[f"create{kind}"][graphql_name(kind)]) == given


@pytest.mark.parametrize(("kind", "given", "request_"), UPDATED)
async def test_everything_changed_arrives_and_stays(
    change: Ask, load: Callable[..., None], service: LocalServer, kind: str, given: Value, request_: Value
) -> None:
    load(artifact(1), context("old"), action("old"), component("old"))
    data = await change(mutation("Update", kind, selection(given)), input=given)
    assert [asked for operation, asked in service.requests if operation == f"Update{kind}"] == [request_]
    assert set(request_) == set(SERVICE.operation_model(f"Update{kind}").input_shape.members)
    assert without_nulls(data[f"update{kind}"][graphql_name(kind)]) == without_nulls(given)


async def test_null_equals_an_absent_field(change: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(context("old", Description="kept"))
    nothing = dict.fromkeys(("description", "properties", "propertiesToRemove"))
    given = {"arn": arn("context", "old")} | nothing
    data = await change(mutation("Update", "Context", "{ description }"), input=given)
    assert service.requests[1] == ("UpdateContext", {"ContextName": "old"})
    assert data["updateContext"]["context"] == {"description": "kept"}


async def test_named_keys_are_removed(change: Ask, load: Callable[..., None]) -> None:
    load(
        artifact(1, Properties={"kept": "1", "gone": "2"}),
        component("old", Parameters=AWS_PARAMETERS, InputArtifacts=AWS_FILES, OutputArtifacts=AWS_FILES),
    )
    given: Value = {"arn": artifact_arn(1), "propertiesToRemove": ["gone", "never"]}
    data = await change(mutation("Update", "Artifact", "{ properties { key value } }"), input=given)
    assert data["updateArtifact"]["artifact"]["properties"] == [{"key": "kept", "value": "1"}]
    given = {
        "arn": component_arn("old"),
        "parametersToRemove": ["lr"],
        "inputArtifactsToRemove": ["train"],
        "outputArtifactsToRemove": [],
    }
    fields = "{ parameters { key } inputArtifacts { key } outputArtifacts { key } }"
    data = await change(mutation("Update", "TrialComponent", fields), input=given)
    assert data["updateTrialComponent"]["trialComponent"] == {
        "parameters": [{"key": "optimizer"}],
        "inputArtifacts": [],
        "outputArtifacts": [{"key": "train"}],
    }
