"""The schema compared with its printed copy, with AWS's model and with what clients read."""

from pathlib import Path
from re import fullmatch
from typing import Any

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
    introspection_from_schema,
    is_list_type,
)
from shapes import OPEN_ENUMS, SERVICE, graphql_name

from gateway import arn as arns
from gateway import schema
from gateway.aws import kinds
from gateway.aws.batches import Search
from gateway.settings import Settings

SCHEMA = build_schema(schema.build(Settings(mutations=True)).sdl)
SCALARS = {
    "timestamp": "DateTime",
    "double": "Float",
    "float": "Float",
    "integer": "Int",
    "long": "Long",
    "boolean": "Boolean",
}

# Members of Describe responses that have no field, as "Kind.member", each with the reason.
OMITTED: dict[str, str] = {}

# Fields of entities that are neither members of their Describe responses nor links to others.
BEYOND = {
    "id",
    "arn",
    "name",
    "lineageType",
    "type",
    "sourceUri",
    "metadataProperties",
    "lineageGroupArn",
    "tags",
    "lineage",
}

# Arguments of lists whose names differ from what the naming rule gives.
ARGUMENTS = {
    "NextToken": "after",
    "MaxResults": "first",
    "CreationTimeAfter": "createdAfter",
    "CreationTimeBefore": "createdBefore",
    "TrialComponentName": "trialComponentName",  # its own prefix is TrialComponent, not Trial
}


def test_printed_schema_is_current() -> None:
    assert (Path(__file__).parents[1] / "schema.graphql").read_text() == schema.build(Settings()).sdl


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
    for directive in SCHEMA.directives:
        bare += [f"@{directive.name}"] * (not directive.description)
        bare += [f"@{directive.name}({name})" for name, given in directive.args.items() if not given.description]
    assert bare == []


def test_introspection_shows_what_is_printed() -> None:
    shown, printed = (
        introspection_from_schema(one)["__schema"]
        for one in (schema.build(Settings(mutations=True))._schema, SCHEMA)  # noqa: SLF001 - as strawberry documents it
    )
    assert {type["name"] for type in shown["types"]} == {type["name"] for type in printed["types"]}
    named = [{one["name"]: one for one in schema["directives"]} for schema in (shown, printed)]
    assert named[0] == named[1]


def mismatches(place: str, shape: Any, type: Any) -> list[str]:
    """Yield the places where a GraphQL type does not match an AWS shape."""
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
    return [] if named.name in leaf_types(shape, type) else [f"{place} is {named.name}, not {shape.type_name}"]


def leaf_types(shape: Any, type: Any) -> set[str]:
    if shape.type_name != "string":
        return {SCALARS[shape.type_name]}
    if shape.enum and shape.name not in OPEN_ENUMS:
        values = getattr(get_named_type(type), "values", {})
        words = {word.replace("_", "").lower() for word in values}
        return {get_named_type(type).name} if words == {value.lower() for value in shape.enum} else set()
    pattern = shape.metadata.get("pattern", "")
    return {"Arn"} if pattern.startswith("arn:aws") and ":sagemaker:" in pattern else {"String"}


def leads_elsewhere(field: Any) -> bool:
    """Return whether a field is a link: its type is a node or a connection of nodes."""
    named: Any = get_named_type(field.type)
    return named.name.endswith("Connection") or SCHEMA.type_map["Node"] in getattr(named, "interfaces", ())


def members(place: str, shape: Any, type: Any, prefix: str = "", extra: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
    wrong = []
    names = {graphql_name(member, prefix): inner for member, inner in shape.members.items()}
    for name, inner in names.items():
        if f"{place}.{name}" in OMITTED:
            continue
        if name not in type.fields:
            wrong.append(f"{place}.{name} is missing")
        else:
            wrong += mismatches(f"{place}.{shape.name}.{name}", inner, type.fields[name].type)
    more = {name for name, field in type.fields.items() if name not in names and not leads_elsewhere(field)}
    return wrong + [f"{place}.{name} is not AWS's" for name in more - set(extra)]


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_every_described_member_is_shown(kind: kinds.Kind) -> None:
    shape = SERVICE.operation_model(kind.describe).output_shape
    assert members(kind.name, shape, SCHEMA.type_map[kind.name], kind.name, BEYOND) == []


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_a_node(kind: kinds.Kind) -> None:
    assert SCHEMA.type_map["Node"] in SCHEMA.type_map[kind.name].interfaces  # type: ignore[attr-defined]


def test_one_query_names_all_nodes() -> None:
    nodes = SCHEMA.get_possible_types(SCHEMA.type_map["Node"])  # type: ignore[arg-type]
    assert {str(node.fields["name"].type) for node in nodes if "name" in node.fields} == {"String"}


def list_parameters(kind: kinds.Kind) -> Any:
    """Return the members of the kind's list request, without those that only select its order."""
    members = SERVICE.operation_model(kind.list).input_shape.members
    return {name: shape for name, shape in members.items() if name != "SortBy" or len(shape.enum) > 1}


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_every_filter_is_an_argument(kind: kinds.Kind) -> None:
    assert SCHEMA.query_type
    field = SCHEMA.query_type.fields[f"{graphql_name(kind.name)}s"]
    filters = set(field.args) - {"account", "region"}
    assert filters == {ARGUMENTS.get(name, graphql_name(name, kind.name)) for name in list_parameters(kind)}


def test_versions_of_a_card_take_every_filter() -> None:
    field = SCHEMA.type_map["ModelCard"].fields["versions"]  # type: ignore[attr-defined]
    kind = kinds.MODEL_CARD_VERSION
    assert {"name", *field.args} == {
        ARGUMENTS.get(name, graphql_name(name, kind.name)) for name in list_parameters(kind)
    }


@pytest.mark.parametrize("kind", [*kinds.KINDS, kinds.MODEL_CARD_VERSION], ids=lambda kind: kind.name)
def test_kind_row_agrees_with_aws(kind: kinds.Kind) -> None:
    describe = SERVICE.operation_model(kind.describe)
    assert kind.parameter in describe.input_shape.members
    pattern = describe.input_shape.members[kind.parameter].metadata["pattern"]
    assert kind.by_arn == pattern.startswith(("arn", "(arn"))
    assert (not kind.version) or kind.version in describe.input_shape.members
    assert bool(kind.missing) == (not describe.error_shapes)
    for path in (kind.arn, kind.version, kind.name_path, kind.type_path, kind.source_path):
        inner = describe.output_shape
        for step in path.split(".") if path else ():
            inner = inner.members[step]
    assert not kind.never & set(describe.output_shape.members)
    assert {f"{kind.created}After", f"{kind.created}Before"} <= set(list_parameters(kind))
    summary = SERVICE.operation_model(kind.list).output_shape.members[kind.summaries].member
    assert set(kind.summary) == set(summary.members)
    assert {kind.renames.get(name, name) for name in kind.summary} <= set(describe.output_shape.members)


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind.batch], ids=lambda kind: kind.name)
def test_batch_covers_what_its_row_says(kind: kinds.Kind) -> None:
    assert kind.batch
    described = set(SERVICE.operation_model(kind.describe).output_shape.members)
    answer = SERVICE.operation_model(kind.batch.operation).output_shape.members
    if isinstance(kind.batch, Search):
        told = set(answer["Results"].member.members[kind.batch.result].members)
    else:
        told = set(answer["ModelPackageSummaries"].value.members)
    assert kind.batch.lacks == described - told
    assert kind.batch.adds == told - described


PROBES = [
    *("", "a", "A-1", "a--b", "-a", "a-", "a_b", "a__b", "a b", "a.b", "a\n", "é"),
    *("a/1", "a/b", "a/1/2", "a/1234567890", "a/version/1", "a/execution/b", "a/execution/", "a/execution/b/c"),
    *("a" * length for length in (32, 33, 63, 64, 120, 121, 256, 257)),
    *("a" + "-" * length + "b" for length in (30, 31, 61, 62, 118, 119)),
]
"""Valid and invalid names, with lengths around the maximum of each kind."""


def is_name(shape: Any, probe: str) -> bool:
    return bool(fullmatch(shape.metadata["pattern"], probe)) and len(probe) <= shape.metadata["max"]


@pytest.mark.parametrize(
    "kind", [kind for kind in kinds.KINDS if kind.name_path and kind is not kinds.ARTIFACT], ids=lambda kind: kind.name
)
def test_name_patterns_are_those_of_aws(kind: kinds.Kind) -> None:
    created = f"Create{kind.name}"
    shape = (
        SERVICE.operation_model(created).input_shape
        if created in SERVICE.operation_names
        else SERVICE.operation_model(kind.describe).output_shape
    ).members[kind.name_path]
    assert list(filter(kind.name_pattern.fullmatch, PROBES)) == [probe for probe in PROBES if is_name(shape, probe)]


@pytest.mark.parametrize("kind", [kind for kind in kinds.KINDS if kind.by_arn], ids=lambda kind: kind.name)
def test_accepted_arns_are_valid_for_aws(kind: kinds.Kind) -> None:
    shape = SERVICE.operation_model(kind.describe).input_shape.members[kind.parameter]
    for probe in PROBES:
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:{kind.resource}/{probe}"
        parsed = arns.parse(arn)
        if parsed and kind.takes(parsed):
            assert fullmatch(shape.metadata["pattern"], kinds.unpinned(arn))


@pytest.mark.parametrize(
    "kind", [kind for kind in kinds.KINDS if "NameContains" in list_parameters(kind)], ids=lambda kind: kind.name
)
def test_parts_of_names_are_those_of_aws(kind: kinds.Kind) -> None:
    ours = kind.part_pattern or kind.name_pattern
    shape = list_parameters(kind)["NameContains"]
    assert list(filter(ours.fullmatch, PROBES)) == [probe for probe in PROBES if is_name(shape, probe)]
