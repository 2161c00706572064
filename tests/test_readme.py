"""README is correct: its queries have the responses that it shows, and its tables are complete."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import orjson
import pytest
from conftest import running

from gateway.cli import EXAMPLE
from gateway.local.server import LocalServer
from gateway.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text()
QUERIES = re.findall(r"```graphql\n(.*?)```\n+```json\n(.*?)```", README, re.DOTALL)


READING = [block for block in QUERIES if not block[0].startswith("mutation")]
WRITING = [block for block in QUERIES if block[0].startswith("mutation")]


@pytest.fixture(scope="module")
async def demo() -> AsyncIterator[httpx.AsyncClient]:
    with LocalServer(demo=True) as local:
        async with running(Settings(local_url=local.url)) as client:
            yield client


@pytest.mark.parametrize(("query", "said"), READING)
async def test_query_has_readmes_response(demo: httpx.AsyncClient, query: str, said: str) -> None:
    response = await demo.post("/graphql", json={"query": query})
    assert response.json() == orjson.loads(said)


@pytest.mark.parametrize(("mutation", "said"), WRITING)
async def test_mutation_has_readmes_response(mutation: str, said: str) -> None:
    with LocalServer(demo=True) as local:
        async with running(Settings(local_url=local.url, mutations=True)) as client:
            response = await client.post("/graphql", json={"query": mutation})
    assert response.json() == orjson.loads(said)


async def test_printed_example_finds_an_endpoint(demo: httpx.AsyncClient) -> None:
    answer = (await demo.post("/graphql", json={"query": EXAMPLE})).json()
    [endpoint] = answer["data"]["contexts"]["nodes"]
    assert endpoint["upstream"]["nodes"][0]["upstream"]["nodes"]


def test_every_graphql_block_has_an_answer() -> None:
    assert len(QUERIES) == README.count("```graphql") > 0


def test_every_picture_is_an_answer() -> None:
    pictures = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)
    assert [orjson.dumps(picture).decode() in README for picture in pictures] == [True]


def test_settings_table_lists_the_settings() -> None:
    table = dict(re.findall(r"^\| `GATEWAY_(\w+)` \| (.*?) \| .* \|$", README, re.MULTILINE))
    fields = Settings.model_fields
    assert table == {
        name.upper(): "" if field.default is None else f"`{field.default}`" for name, field in fields.items()
    }
    for field in fields.values():
        assert f"| {field.description} |" in README


def test_empty_setting_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"GATEWAY_{name.upper()}", "")
    assert Settings().model_dump() == {name: field.default for name, field in Settings.model_fields.items()}


def test_error_table_lists_the_codes() -> None:
    codes = set(re.findall(r"`([A-Z][A-Z_]+)`", README.partition("## Error codes")[2].partition("## ")[0]))
    from gateway import errors  # noqa: PLC0415

    classes = [errors.GatewayError, *errors.GatewayError.__subclasses__()]
    assert codes >= {kind.code for kind in classes} - {"NOT_FOUND"}
