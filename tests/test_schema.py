"""The schema against its printed copy, against AWS's own model and against its readers."""

from pathlib import Path
from typing import Any

import botocore.session
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from gateway import schema
from gateway.aws import kinds

SCHEMA = build_schema(schema.sdl())
SERVICE: Any = botocore.session.get_session().get_service_model("sagemaker")
KINDS = (*kinds.LINEAGE, kinds.LINEAGE_GROUP)

# What strings are shown as otherwise than String.
ARNS = {"arn", "lineageGroupArn", "sourceArn"}
PLAIN_ARNS = {"IamIdentity", "UserContext"}  # of IAM and SSO, not of SageMaker

SCALARS = {"timestamp": "DateTime", "double": "Float", "float": "Float", "integer": "Int", "boolean": "Boolean"}


def test_printed_schema_is_current() -> None:
    assert (Path(__file__).parents[1] / "schema.graphql").read_text() == schema.sdl()


def ours() -> list[GraphQLNamedType]:
    return [type for name, type in sorted(SCHEMA.type_map.items()) if not name.startswith("__")]


def test_everything_has_a_description() -> None:
    bare = []
    for type in ours():
        if isinstance(type, GraphQLScalarType) and type.name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        if not type.description:
            bare.append(type.name)
        if isinstance(type, GraphQLEnumType):
            bare += [f"{type.name}.{name}" for name, value in type.values.items() if not value.description]
        if isinstance(type, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            bare += [f"{type.name}.{name}" for name, field in type.fields.items() if not field.description]
        if isinstance(type, GraphQLObjectType | GraphQLInterfaceType):
            bare += [
                f"{type.name}.{name}({argument})"
                for name, field in type.fields.items()
                for argument, definition in field.args.items()
                if not definition.description
            ]
    assert bare == []


def graphql_name(member: str, prefix: str = "") -> str:
    short = member.removeprefix(prefix) if prefix else member
    return short[0].lower() + short[1:]


def mismatches(place: str, shape: Any, type: Any) -> list[str]:
    """Where a GraphQL type does not show what an AWS shape holds."""
    named: Any = get_named_type(type)
    if shape.type_name == "list":
        return (
            mismatches(place, shape.member, named) if is_list_type(get_nullable_type(type)) else [f"{place} is no list"]
        )
    if shape.type_name == "map":
        if not is_list_type(get_nullable_type(type)) or "key" not in named.fields:
            return [f"{place} is no list with a key"]
        if shape.value.type_name == "structure":
            return members(place, shape.value, named, extra={"key"})
        return [] if set(named.fields) == {"key", "value"} else [f"{place} is no list of key and value"]
    if shape.type_name == "structure":
        return members(place, shape, named)
    return [] if named.name in leaf_types(shape, place, type) else [f"{place} is {named.name}, not {shape.type_name}"]


def leaf_types(shape: Any, place: str, type: Any) -> set[str]:
    if shape.type_name == "string" and shape.enum:
        values = getattr(get_named_type(type), "values", {})
        words = {word.replace("_", "").lower() for word in values}
        return {get_named_type(type).name} if words == {value.lower() for value in shape.enum} else set()
    if shape.type_name == "string":
        *_, owner, name = place.split(".")
        return {"Arn"} if name in ARNS and owner not in PLAIN_ARNS else {"String"}
    return {SCALARS[shape.type_name]}


def members(place: str, shape: Any, type: Any, prefix: str = "", extra: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
    wrong = []
    names = {graphql_name(member, prefix): inner for member, inner in shape.members.items()}
    for name, inner in names.items():
        if name not in type.fields:
            wrong.append(f"{place}.{name} is missing")
        else:
            wrong += mismatches(f"{place}.{shape.name}.{name}", inner, type.fields[name].type)
    return wrong + [f"{place}.{name} is not AWS's" for name in set(type.fields) - set(names) - set(extra)]


# What our entities have beyond their Describe response.
BEYOND = {
    "id",
    "arn",
    "name",
    "lineageType",
    "type",
    "sourceUri",
    "metadataProperties",
    "lineageGroup",
    "lineageGroupArn",
    "tags",
    "upstream",
    "downstream",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_described_member_is_shown(kind: kinds.Kind) -> None:
    shape = SERVICE.operation_model(kind.describe).output_shape
    assert members(kind.name, shape, SCHEMA.type_map[kind.name], kind.name, BEYOND) == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kind_row_agrees_with_aws(kind: kinds.Kind) -> None:
    describe = SERVICE.operation_model(kind.describe)
    assert kind.parameter in describe.input_shape.members
    pattern = describe.input_shape.members[kind.parameter].metadata["pattern"]
    assert kind.by_arn == pattern.startswith(("arn", "(arn"))
    for path in (kind.arn, kind.name_path, kind.type_path, kind.source_path):
        inner = describe.output_shape
        for step in path.split(".") if path else ():
            inner = inner.members[step]
    assert not kind.never & set(describe.output_shape.members)
    if kind.list:
        summary = SERVICE.operation_model(kind.list).output_shape.members[kind.summaries].member
        assert set(kind.summary) == set(summary.members)
        assert {kind.renames.get(name, name) for name in kind.summary} <= set(describe.output_shape.members)
    if kind.search:
        record = SERVICE.operation_model("Search").output_shape.members["Results"].member.members[kind.search.result]
        assert kind.search.lacks == set(describe.output_shape.members) - set(record.members)
