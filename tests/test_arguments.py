"""Invalid arguments: the error has a code and the argument's name, and only the field is lost."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from conftest import Ask
from graphql import GraphQLObjectType, GraphQLSchema, build_schema, get_named_type, is_required_argument
from graphs import artifact, artifact_arn, diamond, fan

from gateway import schema
from gateway.local.server import LocalServer
from gateway.settings import Settings

DATASET = artifact_arn(0)
SCHEMA: GraphQLSchema = build_schema(schema.build(Settings()).sdl)

MALFORMED = [
    "",
    "artifact-0",
    "arn:aws:s3:::bucket",
    "arn:aws:sagemaker:us-east-1:123:artifact/x",
    f"{DATASET}\n",
    f"{DATASET} ",
    "arn:aws:sagemaker:us-east-1:123456789012:artifact/",
    "arn:aws:sagemaker:us-east-1:123456789012:artifact/" + "x" * 3000,
    "\0",
]


def fields_with_arns() -> list[tuple[str, str]]:
    query = SCHEMA.query_type
    assert isinstance(query, GraphQLObjectType)
    return [
        (name, argument)
        for name, field in query.fields.items()
        for argument, definition in field.args.items()
        if get_named_type(definition.type).name == "Arn"
    ]


def selection(field: str) -> str:
    assert SCHEMA.query_type
    return "nodes { __typename }" if "Connection" in str(SCHEMA.query_type.fields[field].type) else "__typename"


@pytest.mark.parametrize(("field", "argument"), fields_with_arns())
@pytest.mark.parametrize("text", MALFORMED)
async def test_malformed_arn_is_refused_by_name(refused: Ask, field: str, argument: str, text: str) -> None:
    assert SCHEMA.query_type
    arguments = SCHEMA.query_type.fields[field].args
    kind = str(arguments[argument].type)
    others = [
        f'{name}: "{DATASET}"' for name, other in arguments.items() if name != argument and is_required_argument(other)
    ]
    error = await refused(
        f"query($value: {kind}) {{ {field}({', '.join([f'{argument}: $value', *others])}) {{ {selection(field)} }} }}",
        "BAD_USER_INPUT",
        value=[text] if kind.startswith("[") else text,
    )
    assert error["extensions"]["argument"] == argument
    assert error["message"].startswith(f"{argument}: ")


async def test_arn_of_another_kind_is_refused(refused: Ask) -> None:
    error = await refused("query($arn: Arn!) { context(arn: $arn) { name } }", "BAD_USER_INPUT", arn=DATASET)
    assert error["extensions"]["argument"] == "arn"
    assert "Context" in error["message"]


async def test_bad_argument_fails_only_its_field(answer: Ask, load: Callable[..., None]) -> None:
    load(artifact(0))
    said = await answer(
        'query($arn: Arn!) { artifact(arn: $arn) { name } other: artifact(arn: "nonsense") { name } }', arn=DATASET
    )
    assert said["data"] == {"artifact": {"name": "artifact-0"}, "other": None}
    assert [(error["path"], error["extensions"]) for error in said["errors"]] == [
        (["other"], {"code": "BAD_USER_INPUT", "argument": "arn"})
    ]


@pytest.mark.parametrize("field", ["context", "action", "trialComponent"])
@pytest.mark.parametrize("name", ["", "-", "a b", "a/b", "x" * 121, "ünicode", "a\n"])
async def test_malformed_name_is_refused(refused: Ask, field: str, name: str) -> None:
    error = await refused(f"query($name: String) {{ {field}(name: $name) {{ arn }} }}", "BAD_USER_INPUT", name=name)
    assert error["extensions"]["argument"] == "name"


@pytest.mark.parametrize("arguments", ["", '(name: "a", arn: "b")', "(name: null)"])
async def test_name_and_arn_exclude_each_other(refused: Ask, arguments: str) -> None:
    await refused(f"{{ context{arguments} {{ arn }} }}", "BAD_USER_INPUT")


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
async def test_first_outside_its_range_is_refused(refused: Ask, first: int) -> None:
    error = await refused(
        "query($first: Int) { artifacts(first: $first) { nodes { arn } } }", "BAD_USER_INPUT", first=first
    )
    assert error["extensions"]["argument"] == "first"


async def test_first_of_null_is_the_default(ask: Ask, load: Callable[..., None]) -> None:
    load(*fan(60))
    data = await ask("{ artifacts(first: null) { nodes { arn } } }")
    assert len(data["artifacts"]["nodes"]) == 50


def encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "ü",
        "=",
        encoded(b"[]"),
        encoded(b"{}"),
        encoded(b"5"),
        encoded(b'["x",null,1]'),
        encoded(b"\xff"),
        "A" * 5000,
    ],
)
async def test_malformed_cursor_is_refused(refused: Ask, cursor: str) -> None:
    error = await refused(
        "query($after: String) { artifacts(after: $after) { nodes { arn } } }", "BAD_USER_INPUT", after=cursor
    )
    assert error["extensions"]["argument"] == "after"


async def test_cursor_of_another_list_is_refused(ask: Ask, refused: Ask, load: Callable[..., None]) -> None:
    load(*fan(3))
    data = await ask("{ artifacts(first: 1) { pageInfo { endCursor } } }")
    cursor = data["artifacts"]["pageInfo"]["endCursor"]
    for field in ("contexts(after: $after)", 'artifacts(type: "Model", after: $after)'):
        error = await refused(
            f"query($after: String) {{ {field} {{ nodes {{ arn }} }} }}", "BAD_USER_INPUT", after=cursor
        )
        assert error["extensions"]["argument"] == "after"


@pytest.mark.parametrize("place", [["forged", 0], [None, -1, "x"], [None, 101, "x"], [None, 1]])
async def test_forged_cursor_is_refused(ask: Ask, refused: Ask, load: Callable[..., None], place: list[Any]) -> None:
    load(*fan(3))
    page = await ask("{ artifacts(first: 1) { pageInfo { endCursor } } }")
    cursor = page["artifacts"]["pageInfo"]["endCursor"]
    from gateway.schema import paging  # noqa: PLC0415 - no other test decodes a cursor

    token = paging.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    scope = paging.orjson.loads(token)[0]
    forged = encoded(paging.orjson.dumps([scope, *place]))
    error = await refused(
        "query($after: String) { artifacts(after: $after) { nodes { arn } } }", "BAD_USER_INPUT", after=forged
    )
    assert error["extensions"]["argument"] == "after"


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01", "", 5, "9999999999999999", "9999-12-31", "0001-01-01"])
async def test_malformed_moment_is_refused(refused: Ask, moment: Any) -> None:
    await refused(
        "query($at: DateTime) { artifacts(createdAfter: $at) { nodes { arn } } }", "BAD_USER_INPUT", at=moment
    )


@pytest.mark.parametrize("moment", ["2026-03-08T09:30:00Z", "2026-03-08t09:30:00z", "2026-03-08T11:30:00.000+02:00"])
async def test_moment_is_read_in_every_spelling(ask: Ask, load: Callable[..., None], moment: str) -> None:
    load(artifact(0, CreationTime=1_772_962_200), artifact(1, CreationTime=1_772_962_199))
    data = await ask("query($at: DateTime) { artifacts(createdAfter: $at) { nodes { arn } } }", at=moment)
    assert data == {"artifacts": {"nodes": [{"arn": DATASET}]}}


async def test_malformed_moment_in_document_is_refused(refused: Ask) -> None:
    await refused('{ artifacts(createdAfter: "yesterday") { nodes { arn } } }', "BAD_USER_INPUT")


async def test_more_than_hundred_ids_are_refused(refused: Ask) -> None:
    error = await refused("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", "BAD_USER_INPUT", ids=[DATASET] * 101)
    assert error["extensions"]["argument"] == "ids"


async def test_two_filters_of_trial_components_refused(refused: Ask) -> None:
    await refused('{ trialComponents(experimentName: "a", trialName: "b") { nodes { arn } } }', "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($arn: Arn!) { artifact(arn: $arn) { name } }", "BAD_USER_INPUT"),
    ],
)
async def test_document_errors_have_codes(refused: Ask, query: str, code: str) -> None:
    await refused(query, code)


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ("query ($n: Int = 5) { lineage(start: [], maxDepth: $n) { __typename } }", "maxDepth"),
        ("query ($n: LineageDirection = UPSTREAM) { lineage(start: [], direction: $n) { __typename } }", "direction"),
    ],
)
async def test_null_in_a_variable_is_named(refused: Ask, query: str, argument: str) -> None:
    error = await refused(query, "BAD_USER_INPUT", n=None)
    assert error["extensions"]["argument"] == argument


@pytest.mark.parametrize("place", [[], [None], ["zzz", "zz"], [[], {}], [5, "arn", "x"]])
async def test_foreign_position_is_refused(ask: Ask, refused: Ask, load: Callable[..., None], place: list[Any]) -> None:
    load(*diamond())
    query = """query ($arn: Arn!, $after: String) {
        artifact(arn: $arn) { models(first: 1, after: $after) { edges { cursor } } } }"""
    (edge,) = (await ask(query, arn=DATASET))["artifact"]["models"]["edges"]
    scope, *_ = orjson.loads(urlsafe_b64decode(edge["cursor"] + "=="))
    after = urlsafe_b64encode(orjson.dumps([scope, *place])).decode()
    error = await refused(query, "BAD_USER_INPUT", arn=DATASET, after=after)
    assert error["message"] == "after: not a cursor."


async def test_emptied_list_can_be_resumed(ask: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*diamond())
    query = """query ($arn: Arn!, $after: String) {
        artifact(arn: $arn) { models(first: 2, after: $after) { edges { cursor } pageInfo { hasNextPage } } } }"""
    models = (await ask(query, arn=DATASET))["artifact"]["models"]
    assert (len(models["edges"]), models["pageInfo"]["hasNextPage"]) == (2, False)
    service.clear()
    load(artifact(0))
    rest = (await ask(query, arn=DATASET, after=models["edges"][0]["cursor"]))["artifact"]["models"]
    assert rest == {"edges": [], "pageInfo": {"hasNextPage": False}}
