"""The cost of an operation is computed before execution, by the rules and directives that a router uses."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import asking, expecting_data, running
from graphql import (
    DirectiveNode,
    FieldDefinitionNode,
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    parse,
    value_from_ast_untyped,
    visit,
)
from graphql.language import Visitor
from graphs import artifact_arn, context, fan

from gateway import schema
from gateway.local.server import LocalServer
from gateway.schema.cost import MOST, Costs
from gateway.schema.execution import Executor, GraphQLRequest
from gateway.schema.sizes import GIVEN
from gateway.settings import Settings

SUBGRAPH = schema.build(Settings(mutations=True))
SCHEMA = SUBGRAPH._schema  # noqa: SLF001 - as the executor does
EXECUTOR = Executor(SUBGRAPH)
README = (Path(__file__).parents[1] / "README.md").read_text()
DEEP = """{ artifacts(first: 100) { nodes { upstream(first: 100) { nodes {
  upstream(first: 100) { nodes { arn } }
} } } } }"""
ABSURD = "{ artifacts(first: 100) { nodes { " + "upstream(first: 100) { nodes { " * 6 + "arn" + " } }" * 6 + " } } }"
ABSURD_COST = 1 + 100 * sum(2 * 100**hop for hop in range(6)) + 100**7
WIDE = """query($arn: Arn!) { artifact(arn: $arn) { lineage(maxVertices: 10000) {
  vertices { depth entity { name type creationTime createdBy { iamIdentity { arn } } tags { key value } } }
  edges { associationType source { name } destination { name } }
  coverage { complete reasons frontier }
} } }"""
TIMES = "\N{MULTIPLICATION SIGN}"


def cost(query: str, **variables: Any) -> int:
    found = EXECUTOR.cost(GraphQLRequest(query, variables))
    assert found is not None, query
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", 0),
        ('{ artifact(arn: "x") { __typename name lineageType } }', 1),
        ('{ context(name: "x") { createdBy { iamIdentity { arn } } lineageGroup { name } } }', 1 + 2 + 1),
        ("{ artifacts { nodes { arn } } }", 1 + 50),
        ("{ artifacts(first: 7) { nodes { arn } pageInfo { endCursor } } }", 1 + 7 + 1),
        ("{ artifacts(first: 7) { edges { cursor node { arn } } nodes { arn } } }", 1 + 7 * 2 + 7),
        ("{ artifacts(first: 7) { nodes { tags { key } } } }", 1 + 7 * (1 + 10)),
        ("{ artifacts(first: 3) { nodes { upstream(first: 2) { nodes { arn } } } } }", 1 + 3 * (1 + 1 + 2)),
        ("{ a: artifacts(first: 3) { nodes { arn } } b: artifacts(first: 5) { nodes { arn } } }", 1 + 3 + 1 + 5),
        ('{ nodes(ids: ["a", "b"]) { id ... on Artifact { tags { key } } } }', 2 * (1 + 10)),
        ('{ nodes(ids: "a") { id } }', 1),
        ("{ nodes(ids: []) { id } }", 0),
        ('{ resolve(reference: "x", first: 5) { upstream(first: 2) { nodes { arn } } } }', 5 * (1 + 1 + 2)),
        ('{ context(name: "x") { datasets(first: 5) { nodes { arn } } } }', 1 + 20 + 5),
        ('{ entity(arn: "x") { datasets(first: 5) { nodes { arn } } } }', 1 + 20 + 5),
        ('{ context(name: "x") { pipelineExecutions { arn } } }', 1 + 20 + 10),
        ('{ entity(arn: "x") { pipelineExecutions { pipeline { arn } } } }', 1 + 20 + 10 * 2),
        ('{ _entities(representations: [{ arn: "x" }, {}]) { ... on Artifact { tags { key } } } }', 2 * (1 + 10)),
        ('{ lineage(start: ["x"]) { vertices { depth } } }', 20 + 1000),
        (
            """{ lineage(start: ["x"], maxVertices: 40) {
              start { arn } counts { count } coverage { frontier }
              vertices { entity { arn } } edges { source { arn } destination { arn } }
            } }""",
            20 + 100 + 10 + 1 + 40 * 2 + 40 * 3,
        ),
        ('{ context(name: "x") { lineage { export(format: DOT) } } }', 1 + 20 + 1000),
        (
            '{ paths(from: "x", to: "y", first: 2) { paths { entities { arn } edges { source { arn } } } } }',
            40 + 2 * (1 + 10 + 10 * 2),
        ),
        ('{ context(name: "x") { lineage(filter: { properties: [{ key: "a", value: "b" }] }) { counts { count } } } }',
         1 + 20 + 2 + 10),
        ('subscription { lineage(start: ["x"], maxVertices: 40) { vertices { depth } edges { hiddenHops } } }',
         20 + 40 + 40),
        ('mutation { deleteArtifact(input: { arn: "x" }) { arn removedAssociations { type } } }', 10 + 1 + 10 + 1),
        (
            """mutation { createContext(input: {
              name: "x", type: "y", source: { sourceUri: "z" }
              properties: [{ key: "a", value: "b" }, { key: "c", value: "d" }]
            }) { context { tags { key } } } }""",
            10 + 1 + 1 + 10 + (1 + 1 + 2),
        ),
    ],
)  # fmt: skip
def test_cost_follows_the_rules(query: str, expected: int) -> None:
    assert cost(query) == expected


ITEMS = "query($first: Int) { artifacts(first: $first) { nodes { arn } } }"
DEFAULTED = "query($first: Int = 9) { artifacts(first: $first) { nodes { arn } } }"
IDS = 'query($ids: [ID!]! = ["a", "b"]) { nodes(ids: $ids) { id } }'
FILTER = 'query($filter: LineageFilter) { lineage(start: ["x"], filter: $filter) { counts { count } } }'
WALK = 'lineage(start: ["x"], filter: { properties: $some }) { counts { count } }'
PROPERTIES = f"query($some: [PropertyInput!]) {{ {WALK} }}"


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        (ITEMS, {}, 1 + 50),
        (ITEMS, {"first": 3}, 1 + 3),
        (ITEMS, {"first": 3.0}, 1 + 3),
        (ITEMS, {"first": None}, 1 + 50),
        (ITEMS, {"first": -3}, 1),
        (ITEMS, {"first": "many"}, 1 + 50),  # invalid, so not executed
        (ITEMS, {"first": float("inf")}, 1 + 50),  # likewise
        (DEFAULTED, {}, 1 + 9),
        (DEFAULTED, {"first": 3}, 1 + 3),
        (DEFAULTED, {"first": None}, 1 + 50),
        (IDS, {}, 2),
        (IDS, {"ids": ["a", "b", "c"]}, 3),
        (IDS, {"ids": "a"}, 1),
        (IDS, {"ids": []}, 0),
        (FILTER, {}, 20 + 10),
        (FILTER, {"filter": {"types": ["a", "b"], "properties": [{"key": "a", "value": "b"}]}}, 20 + 2 + 10),
        (PROPERTIES, {"some": [{"key": "a", "value": "b"}, {"key": "c", "value": "d"}]}, 20 + 1 + 2 + 10),
    ],
)
def test_variables_decide_the_cost(query: str, variables: dict[str, Any], expected: int) -> None:
    assert cost(query, **variables) == expected


def test_oversized_list_counts_as_maximum() -> None:
    # Execution refuses the argument, with an error that names it.
    assert cost(ITEMS, first=2**31 - 1) == 1 + 100


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ artifacts(first: 2) { ...F } more: artifacts(first: 7) { ...F } }", 1 + 2 + 1 + 7),
        ("{ artifacts(first: 2) { ... { ...F } ... on ArtifactConnection { ...F } } }", 1 + 2 * 2),
        ("{ artifacts(first: 2) { nodes { arn } ...F } }", 1 + 2 * 2),
    ],
)
def test_fragment_costs_by_its_place(query: str, expected: int) -> None:
    assert cost(f"{query} fragment F on ArtifactConnection {{ nodes {{ arn }} }}") == expected


def test_fragments_spread_in_any_order() -> None:
    outer, inner = "fragment A on Query { ... { ...B } }", "fragment B on Query { artifacts { nodes { arn } } }"
    assert [cost(" ".join(["{ ...A }", *both])) for both in ((outer, inner), (inner, outer))] == [1 + 50] * 2


def test_each_variable_is_measured_once() -> None:
    class Items(list[Any]):
        times_read = 0

        def __iter__(self) -> Iterator[Any]:
            self.times_read += 1
            return super().__iter__()

    items = Items([{"key": "a", "value": "b"}])
    walks = " ".join(f"a{number}: {WALK}" for number in range(3))
    assert cost(f"query($some: [PropertyInput!]) {{ {walks} }}", some=items) == 3 * (20 + 1 + 1 + 10)
    assert items.times_read == 1


def test_excluded_selections_cost_nothing() -> None:
    either = 'query($yes: Boolean!) { artifact(arn: "x") { tags @include(if: $yes) { key } } }'
    assert [cost(either, yes=yes) for yes in (True, False)] == [1 + 10] * 2
    assert cost('{ artifact(arn: "x") { tags @include(if: false) { key } } }') == 1
    assert cost('{ artifact(arn: "x") { tags @skip(if: true) { key } } }') == 1
    assert cost('{ artifact(arn: "x") { tags @skip(if: false) { key } } }') == 1 + 10


def test_unknown_operation_has_no_cost() -> None:
    two = "query A { __typename } query B { artifacts { nodes { arn } } }"
    assert [EXECUTOR.cost(GraphQLRequest(two, None, name)) for name in (None, "B", "C")] == [None, 51, None]
    assert [EXECUTOR.cost(GraphQLRequest(query)) for query in ("{", "{ nothing }")] == [None, None]


def fields() -> dict[tuple[str, str], GraphQLField]:
    return {
        (type.name, name): field
        for type in SCHEMA.type_map.values()
        if isinstance(type, GraphQLObjectType | GraphQLInterfaceType) and not type.name.startswith("__")
        for name, field in type.fields.items()
    }


def printed() -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """Return the directives of the printed schema's fields, with their arguments."""
    found = {}
    for node in parse(schema.build(Settings(mutations=True)).sdl).definitions:
        for field in getattr(node, "fields", None) or ():
            if isinstance(field, FieldDefinitionNode):
                found[node.name.value, field.name.value] = dict(map(applied, field.directives or ()))  # type: ignore[attr-defined]
    return found


def applied(node: DirectiveNode) -> tuple[str, dict[str, Any]]:
    return node.name.value, {given.name.value: value_from_ast_untyped(given.value) for given in node.arguments or ()}


def test_every_list_has_a_size() -> None:
    directives = printed()
    lists = {place: field for place, field in fields().items() if is_list_type(get_nullable_type(field.type))}
    unsized = {place for place in lists if "listSize" not in directives[place]}
    for place, field in fields().items():
        below = get_named_type(field.type).name
        cut = directives[place].get("listSize", {}).get("sizedFields", [])
        bare = {name for owner, name in unsized if owner == below}
        assert bare <= set(cut), f"{place} returns lists of unknown length"
    assert lists


def test_router_reads_the_same_sizes() -> None:
    directives, costs = printed(), Costs(SCHEMA)
    for (owner, name), field in fields().items():
        price = costs.price(SCHEMA.type_map[owner], name, field)  # type: ignore[arg-type]
        said = directives[owner, name]
        size = said.get("listSize", {})
        assert None not in size.values()
        assert list(price.slices) == size.get("slicingArguments", [])
        assert sorted(price.sized) == sorted(size.get("sizedFields", []))
        assert price.assumed == size.get("assumedSize", 10)
        type = SCHEMA.type_map[owner]
        if isinstance(type, GraphQLInterfaceType):
            # Composition does not allow a cost on an interface's field; the cost is on its types' fields.
            assert "cost" not in said
            said = directives[SCHEMA.get_possible_types(type)[0].name, name]
        assert price.weight == said.get("cost", {}).get("weight", int(is_composite_type(get_named_type(field.type))))


def test_lists_given_item_by_item_are_bounded() -> None:
    assert {place for place, field in fields().items() if set(field.args) & set(GIVEN)} == {
        ("Query", "nodes"),
        ("Query", "_entities"),
    }
    assert printed()["Query", "nodes"] == {"listSize": {"assumedSize": 100}}


def doubling(fragments: int, body: str = "artifacts { nodes { arn } }") -> str:
    """Return fragments that each spread the next one twice."""
    chain = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(fragments)]
    return " ".join(["{ ...F0 }", *chain, f"fragment F{fragments} on Query {{ {body} }}"])


def test_nested_fragments_multiply_the_cost() -> None:
    assert cost(doubling(5)) == 51 * 2**5
    assert cost(doubling(20)) == 51 * 2**20


@pytest.mark.parametrize("fragments", [20, 200])
def test_each_field_is_measured_once(fragments: int) -> None:
    document = parse(doubling(fragments).replace("{ ...F", "{ __typename ...F"))
    written, measured = Counter[str](), Counter[str]()

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            written[node.name.value] += 1

    class Counting(Costs):
        def price(self, type: Any, name: str, declared: GraphQLField) -> Any:
            measured[name] += 1
            return super().price(type, name, declared)

    visit(document, Fields())
    [operation, *_] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert Counting(SCHEMA).of(document, operation, {}) == min(51 * 2**fragments, MOST)
    assert measured == written
    assert written["__typename"] == fragments + 1


async def test_too_costly_is_not_executed(http: httpx.AsyncClient, calls: Counter[str]) -> None:
    for accept, status in (("application/json", 200), ("application/graphql-response+json", 400)):
        response = await http.post("/graphql", json={"query": ABSURD}, headers={"accept": accept})
        [error] = response.json()["errors"]
        assert response.status_code == status
        assert error["extensions"] == {
            "code": "BUDGET_EXCEEDED",
            "cost": {"requested": ABSURD_COST, "max": 10**12},
        }
        assert f"{ABSURD_COST:,}" in error["message"]
        assert "data" not in response.json()
    assert calls == {}


async def test_event_stream_says_too_costly(http: httpx.AsyncClient, calls: Counter[str]) -> None:
    response = await http.post("/graphql", json={"query": ABSURD}, headers={"accept": "text/event-stream"})
    assert "BUDGET_EXCEEDED" in response.text
    assert calls == {}


async def test_maximum_cost_is_a_setting(server: LocalServer) -> None:
    async with running(Settings(local_url=server.url, max_cost=50)) as client:
        said = [
            (await client.post("/graphql", json={"query": ITEMS, "variables": {"first": first}})).json()
            for first in (49, 50)
        ]
    assert said[0] == {"data": {"artifacts": {"nodes": []}}}
    assert said[1]["errors"][0]["extensions"]["cost"] == {"requested": 51, "max": 50}


async def test_entities_of_an_answer_are_limited(server: LocalServer, load: Callable[..., None]) -> None:
    load(*fan(9))
    query = "query ($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { upstream { nodes { arn } } } } } }"
    asked = {"query": query, "variables": {"arn": artifact_arn(0)}}
    shown = 1 + 9 + 9  # the artifact, its models, and the artifact again below each model
    async with running(Settings(local_url=server.url, max_entities=shown)) as client:
        assert (await client.post("/graphql", json=asked)).json()["data"]["artifact"]
    async with running(Settings(local_url=server.url, max_entities=shown - 1)) as client:
        said = (await client.post("/graphql", json=asked)).json()
    assert {error["extensions"]["code"] for error in said["errors"]} == {"BUDGET_EXCEEDED"}


@pytest.mark.parametrize("fields", ["vertices { depth }", "counts { count }", "coverage { complete }"])
async def test_unselected_edges_are_no_entities(server: LocalServer, load: Callable[..., None], fields: str) -> None:
    load(*fan(9))
    ask = "query ($arn: Arn!) {{ artifact(arn: $arn) {{ lineage {{ {} }} }} }}"
    shown = 1 + 1 + 10  # the artifact, as the start too, and the vertices
    async with running(Settings(local_url=server.url, max_entities=shown)) as client:

        async def said(fields: str) -> Any:
            asked = {"query": ask.format(fields), "variables": {"arn": artifact_arn(0)}}
            return (await client.post("/graphql", json=asked)).json()

        assert (await said(fields))["data"]["artifact"]
        for edges in ("edges { hiddenHops }", "export(format: DOT)", "... on LineageGraph { e: edges { hiddenHops } }"):
            assert (await said(edges))["errors"][0]["extensions"]["code"] == "BUDGET_EXCEEDED"


async def test_entity_looked_up_counts_once(server: LocalServer, load: Callable[..., None]) -> None:
    load(context("endpoint"))
    async with running(Settings(local_url=server.url, cache_url="off", max_entities=1)) as client:
        ask = expecting_data(asking(client))
        for _ in range(2):  # by the second, the gateway has learned its account
            assert await ask('{ context(name: "endpoint") { name } }') == {"context": {"name": "endpoint"}}


def test_wide_walk_and_introspection_are_allowed() -> None:
    most = Settings().max_cost
    assert cost(WIDE, arn="x") == 1 + 20 + 10_000 * (1 + 1 + 2 + 10) + 10_000 * 3 + 1 < most
    assert cost(get_introspection_query()) < most / 10


def worked_examples() -> list[tuple[str, str, str]]:
    """Return the rows of README's table: a part of one of its queries, its cost as a sum, and the total."""
    return re.findall(rf"^\| `(.*)` \| ([0-9,+{TIMES}() ]+) \| ([0-9,]+) \|$", README, re.MULTILINE)


def test_readme_adds_up() -> None:
    queries = re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)
    for part, added, total in worked_examples():
        [query] = [query for query in queries if part in query]
        figure = int(total.replace(",", ""))
        assert cost(query) == figure
        assert eval(added.replace(",", "").replace(TIMES, "*")) == figure  # noqa: S307 - numbers and operators only
    assert len(worked_examples()) == 3


def test_readme_says_the_defaults() -> None:
    assert f"{cost(get_introspection_query()):,}" in README
    assert f"{cost(DEEP):,}" in README
