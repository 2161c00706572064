"""The schema as a subgraph: what a router reads, and a graph that Apollo's packages compose from several subgraphs."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Ask, asking, listening, running
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    parse,
)

from gateway import schema
from gateway.aws import kinds
from gateway.http.callers import Role
from gateway.http.keys import new_key
from gateway.local.server import LocalServer
from gateway.settings import Settings

NODE = Path(__file__).parent / "node"
SDL = schema.build(Settings(mutations=True)).sdl
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn"

OWN = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@shareable"])
type Query { project: Project artifact: Artifact pipeline: Pipeline }
type Mutation { rename(to: String!): Project }
type Project { name: String! title: String! }
type Artifact { path: String! }
type Pipeline { stages: Int! }
enum SortOrder { NEWEST OLDEST }
"""
"""An unrelated subgraph, with types of the same names."""

RELAY = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@shareable"])
type Query { things: ThingConnection node(id: ID!): Node nodes(ids: [ID!]!): [Node]! }
interface Node { id: ID! }
type Thing implements Node { id: ID! }
type ThingConnection { nodes: [Thing!]! pageInfo: PageInfo! }
type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
"""
"""Another subgraph that follows Relay."""

WRITER = "type Query { here: Int } type Mutation { write: Int }"
"""Another subgraph with mutations."""


def node(script: str, given: Any) -> Any:
    """Run a script with ``given`` as its input and return its output."""
    program = shutil.which("node")
    if not program or not (NODE / "node_modules/@apollo/gateway").exists():
        pytest.skip("Apollo's packages are not there; .ci/parts installs them where there is npm.")
    command = [program, str(NODE / script)]
    done = subprocess.run(  # noqa: S603
        command, input=json.dumps(given), capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def composed(**subgraphs: str) -> str:
    """Return the schema of the graph composed from these subgraphs."""
    said = node("compose.mjs", subgraphs)
    assert said["errors"] == []
    text: str = said["schema"]
    return text


def types(document: DocumentNode) -> Iterator[ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode]:
    for definition in document.definitions:
        if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            yield definition


def named_type(field: FieldDefinitionNode) -> str:
    type: Any = field.type
    while not hasattr(type, "name"):
        type = type.type
    return str(type.name.value)


def applied(directives: tuple[DirectiveNode, ...] | None) -> set[tuple[str, ...]]:
    """Return each directive with the values of its arguments."""
    return {
        (directive.name.value, *(getattr(given.value, "value", "") for given in directive.arguments or ()))
        for directive in directives or ()
    }


async def test_router_reads_the_printed_schema(answer: Ask) -> None:
    assert await answer("{ _service { sdl } }") == {"data": {"_service": {"sdl": schema.build(Settings()).sdl}}}
    [link] = [line for line in schema.build(Settings()).sdl.splitlines() if line.startswith("schema ")]
    assert link.startswith('schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [')
    assert all(f'"@{name}"' in link for name in ("key", "shareable", "tag", "cost", "listSize"))


def test_everything_with_an_arn_has_a_key() -> None:
    keys = {type.name.value: applied(type.directives) for type in types(parse(SDL))}
    assert {name for name, found in keys.items() if ("key", "arn") in found} == {
        *(kind.name for kind in kinds.KINDS),
        "LineageEntity",
    }
    assert keys["PageInfo"] == {("shareable",)}


def test_tags_cover_all_fields_leading_there() -> None:
    tagged, others = set(), set()
    for type in types(parse(SDL)):
        for field in type.fields or ():
            found = {directive for directive in applied(field.directives) if directive[0] == "tag"}
            wanted = {("tag", "identity")} if named_type(field) in {"UserContext", "IamIdentity"} else set()
            wanted |= {("tag", "write")} if type.name.value == "Mutation" else set()
            (tagged if wanted else others).add(found == wanted)
    assert (tagged, others) == ({True}, {True})


async def test_node_fields_can_be_left_out(service: LocalServer) -> None:
    async with running(Settings(local_url=service.url, node_field=False)) as client:
        ask = asking(client)
        for field in ('node(id: "x") { id }', 'nodes(ids: ["x"]) { id }'):
            said = await ask(f"{{ {field} }}")
            assert [error["extensions"]["code"] for error in said["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
        data = (await ask("{ artifacts { nodes { id ... on Node { __typename } } } }"))["data"]
        sdl = (await ask("{ _service { sdl } }"))["data"]["_service"]["sdl"]
    assert data == {"artifacts": {"nodes": []}}
    assert sdl == schema.build(Settings(node_field=False)).sdl


def test_schema_composes_alone() -> None:
    text = composed(lineage=SDL)
    assert "project(" in text
    assert "_entities" not in text


def test_prefix_avoids_others_names() -> None:
    text = composed(lineage=schema.build(Settings(mutations=True, type_prefix="SageMaker")).sdl, own=OWN)
    for line in ("type Project {", "type SageMakerProject implements", "  project: Project", "  sageMakerProject(\n"):
        assert line in text
    collided = node("compose.mjs", {"lineage": SDL, "own": OWN})
    assert "INVALID_FIELD_SHARING" in {error["code"] for error in collided["errors"]}


def test_two_relay_subgraphs_share_page_info() -> None:
    collided = node("compose.mjs", {"lineage": SDL, "relay": RELAY})
    assert [error["code"] for error in collided["errors"]] == ["INVALID_FIELD_SHARING"] * 2
    assert all("Query.node" in error["message"] for error in collided["errors"])
    text = composed(lineage=schema.build(Settings(node_field=False)).sdl, relay=RELAY)
    assert text.count("type PageInfo {") == text.count("interface Node {") == 1


@pytest.mark.parametrize(
    ("tag", "gone"), [("identity", ["createdBy", "UserContext"]), ("write", ["createArtifact", "deleteTags"])]
)
def test_tagged_parts_can_be_left_out(tag: str, gone: list[str]) -> None:
    """A contract hides tagged parts. Here they are marked as inaccessible, which composition checks in the same way."""
    hidden = SDL.replace(f'@tag(name: "{tag}")', "@inaccessible").replace('"@key",', '"@key", "@inaccessible",')
    whole, rest = composed(lineage=SDL, writer=WRITER), composed(lineage=hidden, writer=WRITER)
    assert all(name in whole and name not in rest for name in gone)


QUERY = """{
  modelPackage(arn: "%s/3") {
    version
    riskReview { id verdict }
    metadataProperties { project { name costCentre } }
    artifact { owner steward upstream { nodes { __typename name steward ... on Artifact { owner } } } }
  }
  reviews { nodes { verdict modelPackage { arn version group { name } } } pageInfo { hasNextPage } }
  artifacts(first: 2) { nodes { arn owner } pageInfo { hasNextPage } }
  stewarded { __typename name steward }
  node(id: "review-3") { id }
}"""


REVIEWED = "{ reviews(first: 1) { nodes { verdict modelPackage { version } } } }"


class Routed:
    """The router's responses to queries over the demo account, for a caller with a key and one without."""

    def __init__(self, folder: Path, query: str, **settings: Any) -> None:
        key, entry = new_key("caller", [Role.READ])
        self.authorization = f"Bearer {key}"
        file = folder / "keys.toml"
        file.write_text(entry)
        asked = {
            "prefix": settings.get("type_prefix", ""),
            "authorization": self.authorization,
            "operations": [{"query": query, "authorization": self.authorization}, {"query": REVIEWED}],
        }
        with LocalServer(demo=True) as local:
            given = Settings(local_url=local.url, cache_url="off", auth="api-key", api_keys=file, **settings)
            with listening(given) as url:
                told = node("router.mjs", asked | {"url": f"http://{url}/graphql"})
            self.calls = Counter(local.calls)
        (self.answer, self.refused), self.seen = told["answers"], told["seen"]


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Routed:
    return Routed(tmp_path_factory.mktemp("keys"), QUERY.replace("%s", PACKAGE), node_field=False)


def test_one_query_spans_the_subgraphs(routed: Routed) -> None:
    data = routed.answer["data"]
    package = data["modelPackage"]
    assert package["version"] == 3
    assert package["riskReview"] == {"id": "review-3", "verdict": "review of 3"}
    assert package["metadataProperties"]["project"] == {
        "name": "customer-churn",
        "costCentre": "centre of customer-churn",
    }
    assert data["node"] == {"id": "review-3"}


def test_nested_entities_are_extended(routed: Routed) -> None:
    data = routed.answer["data"]
    artifact = data["modelPackage"]["artifact"]
    assert artifact["owner"].removeprefix("owner") == artifact["steward"].removeprefix("steward")
    upstream = {vertex["name"]: vertex for vertex in artifact["upstream"]["nodes"]}
    assert upstream["churn-3-approved"]["steward"] == "steward of churn-3-approved"
    assert upstream["model-c3z7demo"]["owner"].startswith("owner of ")
    assert data["artifacts"]["nodes"]
    for listed in data["artifacts"]["nodes"]:
        assert listed["owner"] == f"owner of {listed['arn'].rpartition('/')[2]}"


def test_references_resolve_in_the_gateway(routed: Routed) -> None:
    data = routed.answer["data"]
    assert [review["modelPackage"] for review in data["reviews"]["nodes"]] == [
        {"arn": f"{PACKAGE}/3", "version": 3, "group": {"name": "churn"}},
        {"arn": f"{PACKAGE}/99", "version": None, "group": None},
        {"arn": f"{PACKAGE}/1", "version": 1, "group": {"name": "churn"}},
    ]
    assert data["stewarded"] == [
        {"__typename": "Context", "name": "churn-production", "steward": "steward of churn-production"}
    ]


def test_router_takes_few_calls(routed: Routed) -> None:
    assert routed.calls == {
        "DescribeModelPackage": 2,  # the one requested by ARN, and one that does not exist
        "BatchDescribeModelPackage": 1,
        "DescribeContext": 1,
        "ListArtifacts": 2,
        "ListAssociations": 1,
        "ListProjects": 1,
    }


def test_missing_reference_is_one_error(routed: Routed) -> None:
    [error] = routed.answer["errors"]
    assert error["path"] == ["reviews", "nodes", 1, "modelPackage"]
    assert error["extensions"]["code"] == "NOT_FOUND"


def test_page_info_is_shared(routed: Routed) -> None:
    data = routed.answer["data"]
    assert [data[name]["pageInfo"]["hasNextPage"] for name in ("reviews", "artifacts")] == [False, True]


def test_authorization_reaches_every_subgraph(routed: Routed) -> None:
    assert {tuple(one) for one in routed.seen} == {
        ("teams", routed.authorization),
        ("stewards", routed.authorization),
        ("teams", None),  # from the caller without a key
    }
    assert routed.answer["data"]["artifacts"]  # which the gateway returns only with a key


def test_gateway_does_not_trust_router(routed: Routed) -> None:
    assert {error["extensions"]["code"] for error in routed.refused["errors"]} == {"UNAUTHENTICATED"}
    assert routed.refused["data"] == {
        "reviews": {"nodes": [{"verdict": "review of 3", "modelPackage": {"version": None}}]}
    }


def test_prefixed_graph_has_both_projects(tmp_path: Path) -> None:
    query = """{
      project { title }
      artifact { path }
      sageMakerProject(name: "customer-churn") { __typename name costCentre }
      reviews(first: 2) { nodes { modelPackage { __typename version } } }
      stewarded { __typename name steward }
      sageMakerArtifacts(first: 1) { nodes { owner upstream(first: 1) { nodes { __typename steward } } } }
    }"""
    answer = Routed(tmp_path, query, type_prefix="SageMaker", node_field=False).answer
    data = answer["data"]
    assert data["project"] == {"title": "Churn"}
    assert data["artifact"] == {"path": "churn/model"}
    project = {"__typename": "SageMakerProject", "name": "customer-churn", "costCentre": "centre of customer-churn"}
    assert data["sageMakerProject"] == project
    assert [review["modelPackage"] for review in data["reviews"]["nodes"]] == [
        {"__typename": "SageMakerModelPackage", "version": 3},
        {"__typename": "SageMakerModelPackage", "version": None},
    ]
    assert data["stewarded"][0]["__typename"] == "SageMakerContext"
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]
