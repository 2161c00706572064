"""The production profile: what is hidden from clients, and what still works."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from conftest import listening
from websockets.asyncio.client import connect

from gateway import schema
from gateway.app import create_app
from gateway.http.keys import new_key
from gateway.local.server import LocalServer
from gateway.schema.execution import Executor, GraphQLRequest
from gateway.schema.redaction import redacted, words
from gateway.settings import Settings

WRITE = (
    'mutation { createContext(input: {name: "c", type: "T", source: {sourceUri: "s3://b/k"}}) { context { name } } }'
)
SERVICE = "{ _service { sdl } }"


@pytest.fixture(scope="module")
def keys() -> dict[str, tuple[str, str]]:
    roles: dict[str, list[Any]] = {"reader": ["read"], "writer": ["write"], "router": ["read", "schema"]}
    return {name: new_key(name, given) for name, given in roles.items()}


@pytest.fixture(scope="module")
def production(
    server: LocalServer, keys: dict[str, tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a gateway with the production profile."""
    file = tmp_path_factory.mktemp("keys") / "keys.toml"
    file.write_text("\n".join(entry for _, entry in keys.values()))
    settings = Settings(
        local_url=server.url, cache_url="off", mutations=True, profile="production", auth="api-key", api_keys=file
    )
    with listening(settings) as url:
        yield f"http://{url}/graphql"


@pytest.fixture
def ask(production: str, keys: dict[str, tuple[str, str]]) -> Any:
    def answer(query: str, who: str = "writer", **variables: Any) -> httpx.Response:
        body = {"query": query, "variables": variables}
        return httpx.post(production, json=body, headers={"x-api-key": keys[who][0]})

    return answer


@pytest.mark.parametrize("query", ["{ __schema { types { name } } }", '{ __type(name: "Artifact") { name } }'])
def test_introspection_is_off(ask: Any, query: str) -> None:
    for who in ("writer", "router"):
        response = ask(query, who)
        assert {e["extensions"]["code"] for e in response.json()["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
        assert "data" not in response.json()


def test_long_names_take_no_time(ask: Any) -> None:
    """Quadratic handling of such a name would take a minute."""
    (error,) = ask(f"{{ {'a' * 200_000} }}").json()["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert len(error["message"]) < 1100


def test_typename_and_mutations_stay(ask: Any, service: LocalServer) -> None:  # noqa: ARG001
    assert ask("{ __typename artifacts { __typename } }", "reader").json() == {
        "data": {"__typename": "Query", "artifacts": {"__typename": "ArtifactConnection"}}
    }
    assert ask(WRITE).json() == {"data": {"createContext": {"context": {"name": "c"}}}}


# Queries with their variables, each with a different mistake.
MISTAKES: list[tuple[str, dict[str, Any]]] = [
    ("{ artifcts { nodes { arn } } }", {}),
    ("{ artifacts }", {}),
    ("{ artifacts { nodes { nme } } }", {}),
    ("{ artifacts { nodes { nam: nme } } }", {}),
    ('{ node(id: "x") { name } }', {}),
    ("{ artifact { name } }", {}),
    ("{ artifacts(sortOrdr: ASCENDING) { nodes { arn } } }", {}),
    ("{ artifacts(sortOrder: ASCENDIN) { nodes { arn } } }", {}),
    ('{ artifacts(sortOrder: "ASCENDIN") { nodes { arn } } }', {}),
    ("query($a: Artfact) { __typename }", {}),
    ("query($a: HopFiltr) { __typename }", {}),
    ("{ ... on Artfact { name } }", {}),
    ("{ ...F } fragment F on Querry { __typename }", {}),
    ("{ __typename @skp(if: true) }", {}),
    ("{ __typename @skip(iff: true) }", {}),
    ("{ __typename @skip }", {}),
    ("mutation { createContxt { a } }", {}),
    ("mutation { createContext { context { arn } } }", {}),
    ("mutation { createContext(input: {}) { context { arn } } }", {}),
    ("mutation { createContext(input: {nam: 1}) { context { arn } } }", {}),
    ("query($s: SortOrder) { artifacts(sortOrder: $s) { __typename } }", {"s": "ASCENDIN"}),
    ("query($s: SortOrder) { artifacts(sortOrder: $s) { __typename } }", {"s": 5}),
    ("mutation($i: CreateContextInput!) { createContext(input: $i) { __typename } }", {"i": {"nam": "x"}}),
    ("mutation($i: CreateContextInput!) { createContext(input: $i) { __typename } }", {"i": {}}),
    ("mutation($i: CreateContextInput!) { createContext(input: $i) { __typename } }", {}),
    ("mutation($i: CreateContextInput!) { createContext(input: $i) { __typename } }", {"i": "it's 'a' \"b"}),
    ("query($i: Int) { artifacts(sortOrder: $i) { __typename } }", {}),
    ("query($i: Int = ASCENDIN) { artifacts(first: $i) { __typename } }", {}),
    ("{ artifacts { ... on Context { __typename } } }", {}),
    ("subscription { lineag }", {}),
    ("subscription { lineage { visited } }", {}),
]

NAMES = set(re.findall(r"\w+", re.sub(r'"""(.|\n)*?"""|#.*', "", schema.build(Settings(mutations=True)).sdl)))


def named(message: str) -> set[str]:
    """Return the names in a message that may be the schema's: quoted words, and words with inner capitals."""
    words = re.findall(r"\w+", " ".join(re.findall(r"'([^']*)'", message))) + re.findall(r"\w+[A-Z]\w*", message)
    return set(words) & NAMES


def test_mistakes_reveal_no_names(ask: Any) -> None:
    for query, variables in MISTAKES:
        said = ask(query, **variables).json()
        assert said["errors"], query
        for error in said["errors"]:
            asked = set(re.findall(r"\w+", query + orjson.dumps(variables).decode()))
            assert "mean" not in error["message"], error
            assert named(error["message"]) <= asked, error


def test_development_still_suggests(gateway: str) -> None:
    told = [
        httpx.post(f"http://{gateway}/graphql", json={"query": query, "variables": variables}).text
        for query, variables in MISTAKES
    ]
    assert sum("Did you mean" in text for text in told) > 10


async def test_sockets_and_streams_keep_secrets(production: str, keys: dict[str, tuple[str, str]]) -> None:
    query = "subscription { lineag }"
    headers = {"x-api-key": keys["reader"][0], "accept": "text/event-stream"}
    async with httpx.AsyncClient() as client:
        response = await client.post(production, json={"query": query}, headers=headers)
    assert "event: next" in response.text
    assert "Did you mean" not in response.text
    url = production.replace("http://", "ws://")
    async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send(orjson.dumps({"type": "connection_init", "payload": {"apiKey": keys["reader"][0]}}).decode())
        assert orjson.loads(await socket.recv())["type"] == "connection_ack"
        for asked in (query, "{ __schema { types { name } } }"):
            await socket.send(orjson.dumps({"type": "subscribe", "id": "1", "payload": {"query": asked}}).decode())
            message = orjson.loads(await socket.recv())
            assert message["type"] == "error"
            assert "Did you mean" not in str(message)


def test_get_and_graphiql_are_off(production: str, keys: dict[str, tuple[str, str]]) -> None:
    headers = {"x-api-key": keys["reader"][0]}
    response = httpx.get(production, params={"query": "{ __typename }"}, headers=headers)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    page = httpx.get(production, headers=headers | {"accept": "text/html"})
    assert (page.status_code, page.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


def test_production_needs_sign_in() -> None:
    with pytest.raises(ValueError, match="GATEWAY_PROFILE=production"):
        create_app(Settings(profile="production"))
    assert create_app(Settings(profile="production", insecure=True))


# `_service` returns the whole schema, so it requires a role of its own.


def test_only_router_reads_the_schema(ask: Any) -> None:
    for who in ("reader", "writer"):
        refused = ask(SERVICE, who)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
    assert ask(SERVICE, "router").json() == {"data": {"_service": {"sdl": schema.build(Settings(mutations=True)).sdl}}}


@pytest.mark.parametrize(
    ("query", "tells"),
    [
        (SERVICE, True),
        ("{ a: _service { sdl } }", True),
        ("query A { __typename } query B { ...F } fragment F on Query { ... { _service { sdl } } }", True),
        ("{ _service: __typename }", False),
        ("{ __typename # _service\n}", False),
    ],
)
def test_schema_field_is_found_anywhere(query: str, tells: bool) -> None:  # noqa: FBT001
    assert Executor(schema.build(Settings()), hides_schema=True).tells_schema(query) is tells


def test_development_shows_its_schema() -> None:
    assert not Executor(schema.build(Settings())).tells_schema(SERVICE)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Cannot query field 'nme' on type 'Artifact'.", "Cannot query field 'nme' on type '…'."),
        ("Unknown argument 'nme'. Did you mean 'name' or\n 'type'?", "Unknown argument 'nme'."),
        ("found: \"it's\" of 'nme' and 'name'", "found: \"it's\" of 'nme' and '…'"),
        ("Argument 'Query.nme(arn:)' of type '[Arn!]!'", "Argument '…' of type '…'"),
    ],
)
def test_unrequested_names_are_hidden(message: str, shown: str) -> None:
    assert redacted(message, words("{ nme }", {"a": ["b"]}, None)) == shown


@pytest.mark.parametrize(
    ("sends", "sent"),
    [
        (GraphQLRequest("query($i: Int) { artifacts(first: $i) { __typename } }", {"i": "kind"}), "kind"),
        (GraphQLRequest("query A { __typename }", operation_name="Other"), "Other"),
    ],
)
async def test_sent_words_are_shown(sends: GraphQLRequest, sent: str) -> None:
    loaders: Any = None
    outcome = await Executor(schema.build(Settings()), hides_schema=True).run(sends, loaders)
    assert sent in outcome.answer["errors"][0]["message"]


@pytest.mark.parametrize(
    "query",
    ['{ node(id: "arn:aws:sagemaker:us-east-1:123456789012:bogus/x") { id } }', "{ context { __typename } }"],
)
def test_execution_errors_reveal_no_names(ask: Any, query: str) -> None:
    (error,) = ask(query).json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert not {"Artifact", "Context", "arn"} & set(re.findall(r"\w+", error["message"]))


@pytest.mark.parametrize(
    ("variables", "hidden"),
    [
        ({"start": [], "filter": {"properties": [{}]}}, "PropertyInput"),
        ({"start": ["arn:aws:sagemaker:us-east-1:123456789012:experiment/x"]}, "TrialComponent"),
    ],
    ids=["variables", "subscription"],
)
def test_stream_errors_reveal_no_names(
    production: str, keys: dict[str, tuple[str, str]], variables: dict[str, Any], hidden: str
) -> None:
    query = """subscription ($start: [Arn!]!, $filter: LineageFilter) {
        lineage(start: $start, filter: $filter) { visited } }"""
    headers = {"x-api-key": keys["reader"][0], "accept": "text/event-stream"}
    response = httpx.post(production, json={"query": query, "variables": variables}, headers=headers)
    assert "BAD_USER_INPUT" in response.text
    assert hidden not in response.text
