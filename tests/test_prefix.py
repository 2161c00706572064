"""A prefix gives the types names of their own, and changes neither the responses nor the calls."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import httpx
import orjson
import pytest
from conftest import Ask, asking, expecting_data, running
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    NamedTypeNode,
    NameNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    parse,
    print_ast,
    visit,
)
from graphs import artifact, artifact_arn, association, diamond
from pydantic import ValidationError
from test_readme import READING

from gateway import schema
from gateway.local.server import LocalServer
from gateway.settings import Settings

PLAIN = build_schema(schema.build(Settings(mutations=True)).sdl)
PREFIXED = build_schema(schema.build(Settings(mutations=True, type_prefix="SageMaker", node_field=False)).sdl)
SHARED = {"Query", "Mutation", "Subscription", "PageInfo", "Node"}
ROOTS = (PLAIN.query_type, PLAIN.mutation_type, PLAIN.subscription_type)
OURS = {
    name
    for name, type in PLAIN.type_map.items()
    if isinstance(type, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType | GraphQLEnumType)
    and not name.startswith(("_", "link__"))
} - SHARED


def settings(service: LocalServer, **more: Any) -> Settings:
    return Settings(local_url=service.url, cache_url="off", type_prefix="SageMaker", **more)


@pytest.fixture
async def answered(service: LocalServer) -> AsyncIterator[Ask]:
    """A function that sends a query to a gateway with the prefix and returns the whole response."""
    async with running(settings(service)) as client:
        yield asking(client)


@pytest.fixture
def prefixed(answered: Ask) -> Ask:
    """A function that sends it a query, expects no error and returns the data."""
    return expecting_data(answered)


class Prefixing(Visitor):
    """Adds the prefix to the names that have it; root fields get their plain name as an alias."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types

    def leave_named_type(self, node: NamedTypeNode, *_: Any) -> NamedTypeNode:
        name = node.name.value
        return NamedTypeNode(name=NameNode(value=f"SageMaker{name}" if name in OURS else name))

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        name = node.name.value
        if self._types.get_parent_type() not in ROOTS or name.startswith("_"):
            return None
        prefixed = NameNode(value=f"sageMaker{name[0].upper()}{name[1:]}")
        return FieldNode(
            name=prefixed,
            alias=node.alias or node.name,
            arguments=node.arguments,
            directives=node.directives,
            selection_set=node.selection_set,
        )


def with_prefix(query: str) -> str:
    types = TypeInfo(PLAIN)
    return print_ast(visit(parse(query), TypeInfoVisitor(types, Prefixing(types))))


class Both(NamedTuple):
    """Two gateways over one service: without and with the prefix."""

    service: LocalServer
    without: httpx.AsyncClient
    prefixed: httpx.AsyncClient

    async def ask(self, query: str, **variables: Any) -> list[tuple[Any, Counter[str]]]:
        """Return the response of each gateway, and the calls that it made."""
        said = []
        for client, document in ((self.without, query), (self.prefixed, with_prefix(query))):
            self.service.calls.clear()
            answer = await asking(client)(document, **variables)
            said.append((answer, Counter(self.service.calls)))
        return said


@pytest.fixture(scope="module")
async def both() -> AsyncIterator[Both]:
    with LocalServer(demo=True) as local:
        async with (
            running(Settings(local_url=local.url, cache_url="off")) as without,
            running(settings(local)) as client,
        ):
            yield Both(local, without, client)


def test_every_type_has_the_prefix() -> None:
    assert {f"SageMaker{name}" for name in OURS} | (PLAIN.type_map.keys() - OURS) == PREFIXED.type_map.keys()
    assert {type.name for type in PLAIN.type_map.values()} - OURS >= SHARED | {"Arn", "Long", "DateTime", "_Entity"}


def test_every_root_field_has_the_prefix() -> None:
    roots = (PREFIXED.query_type, PREFIXED.mutation_type, PREFIXED.subscription_type)
    for changed, root in zip(roots, ROOTS, strict=True):
        assert changed
        assert root
        names = {name for name in root.fields if name not in {"node", "nodes"}}
        assert changed.fields.keys() == {
            name if name.startswith("_") else f"sageMaker{name[0].upper()}{name[1:]}" for name in names
        }


def test_fields_below_keep_their_names() -> None:
    for name in OURS:
        type, same = PLAIN.type_map[name], PREFIXED.type_map[f"SageMaker{name}"]
        parts = "values" if isinstance(type, GraphQLEnumType) else "fields"
        assert getattr(type, parts).keys() == getattr(same, parts).keys()


@pytest.mark.parametrize(("query", "said"), READING)
async def test_readmes_queries_take_same_calls(both: Both, query: str, said: str) -> None:
    without, prefixed = await both.ask(query)
    assert without == prefixed
    assert prefixed[0] == orjson.loads(said)


DESCRIBED = [
    "createdBy { domainId }",
    "... on SageMakerLineageEntity { createdBy { domainId } }",
    "... on SageMakerArtifact { createdBy { domainId } }",
    "... on Node { ... on SageMakerArtifact { createdBy { domainId } } }",
]


@pytest.mark.parametrize("fields", DESCRIBED)
async def test_describes_start_between_pages(service: LocalServer, load: Callable[..., None], fields: str) -> None:
    load(*(artifact(number) for number in range(120)))
    load(*(association(artifact_arn((n - 1) // 3), artifact_arn(n)) for n in range(1, 120)))
    service.behaviour.latency_ms = 20
    query = "query($arn: Arn!) { sageMakerLineage(start: [$arn]) { vertices { entity { %s } } } }"
    async with running(settings(service)) as client:
        await expecting_data(asking(client))(query % fields, arn=artifact_arn(0))
    order = [operation for operation, _ in service.requests]
    assert order.index("DescribeArtifact") < len(order) - 1 - order[::-1].index("QueryLineage")
    assert Counter(order) == {"QueryLineage": 3, "DescribeArtifact": 120}


async def test_typename_has_the_prefix(prefixed: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    data = await prefixed(
        """query($arn: Arn!, $id: ID!) {
          sageMakerEntity(arn: $arn) { __typename downstream { __typename nodes { __typename } } }
          sageMakerNode(id: $id) { __typename }
          sageMakerArtifacts(first: 1) { __typename edges { __typename } pageInfo { __typename } }
        }""",
        arn=artifact_arn(0),
        id=artifact_arn(0),
    )
    assert data["sageMakerEntity"]["__typename"] == data["sageMakerNode"]["__typename"] == "SageMakerArtifact"
    hop = data["sageMakerEntity"]["downstream"]
    assert hop["__typename"] == "SageMakerLineageConnection"
    assert {node["__typename"] for node in hop["nodes"]} == {"SageMakerTrialComponent"}
    assert data["sageMakerArtifacts"] == {
        "__typename": "SageMakerArtifactConnection",
        "edges": [{"__typename": "SageMakerArtifactEdge"}],
        "pageInfo": {"__typename": "PageInfo"},
    }


async def test_references_take_the_prefix(prefixed: Ask, answered: Ask, load: Callable[..., None]) -> None:
    load(artifact(0))
    query = "query($of: [_Any!]!) { _entities(representations: $of) { __typename } }"
    own, interface = "SageMakerArtifact", "SageMakerLineageEntity"
    data = await prefixed(query, of=[{"__typename": name, "arn": artifact_arn(0)} for name in (own, interface)])
    assert data == {"_entities": [{"__typename": own}, {"__typename": own}]}
    said = await answered(query, of=[{"__typename": "Artifact", "arn": artifact_arn(0)}])
    assert [error["extensions"]["code"] for error in said["errors"]] == ["BAD_USER_INPUT"]


async def test_cursors_work_across_prefixes(prefixed: Ask, load: Callable[..., None]) -> None:
    load(*(artifact(number, CreationTime=1_700_000_000 + number) for number in range(3)))
    query = """query($after: String) { it: sageMakerArtifacts(first: 2, after: $after) {
      nodes { name } pageInfo { hasNextPage endCursor }
    } }"""
    first = (await prefixed(query))["it"]
    rest = (await prefixed(query, after=first["pageInfo"]["endCursor"]))["it"]
    assert [node["name"] for node in first["nodes"] + rest["nodes"]] == ["artifact-2", "artifact-1", "artifact-0"]


async def test_subscription_has_the_prefix(service: LocalServer, load: Callable[..., None]) -> None:
    load(*diamond())
    query = "subscription($arn: Arn!) { sageMakerLineage(start: [$arn]) { vertices { entity { __typename } } } }"
    asked = {"query": query, "variables": {"arn": artifact_arn(0)}}
    async with running(settings(service)) as client:
        said = await client.post("/graphql", json=asked, headers={"accept": "text/event-stream"})
    events = [orjson.loads(line.removeprefix("data: ")) for line in said.text.splitlines() if "vertices" in line]
    names = [
        vertex["entity"]["__typename"] for event in events for vertex in event["data"]["sageMakerLineage"]["vertices"]
    ]
    assert Counter(names) == {"SageMakerArtifact": 3, "SageMakerTrialComponent": 2, "SageMakerContext": 1}


async def test_mutations_have_the_prefix(service: LocalServer) -> None:
    mutation = """mutation($input: SageMakerCreateContextInput!) {
      sageMakerCreateContext(input: $input) { __typename context { name } }
    }"""
    given = {"name": "new", "type": "Endpoint", "source": {"sourceUri": "s3://bucket"}}
    async with running(settings(service, mutations=True)) as client:
        data = await expecting_data(asking(client))(mutation, input=given)
    made = {"__typename": "SageMakerCreateContextPayload", "context": {"name": "new"}}
    assert data == {"sageMakerCreateContext": made}


@pytest.mark.parametrize("prefix", ["", "1st", "a-b", "_A", "Ä", "A B", "A\n"])
def test_prefix_must_begin_a_name(prefix: str) -> None:
    with pytest.raises(ValidationError, match="type_prefix"):
        Settings(type_prefix=prefix)
