"""Plans return what graphql-core returns: the same data in the same order, and the same errors."""

import asyncio
import gc
import sys
import time
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from inspect import CO_COROUTINE, isawaitable
from itertools import count
from typing import Any

import graphql
import orjson
import pytest
from conftest import Ask
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
)
from graphs import (
    Line,
    action,
    arn,
    artifact,
    artifact_arn,
    association,
    component,
    component_arn,
    context,
    fan,
    package_group,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strawberry.schema.schema_converter import GraphQLCoreConverter

from gateway import schema
from gateway.app import Backend, opened
from gateway.loaders import Loaders
from gateway.local.server import LocalServer
from gateway.schema.entity import Member, shown
from gateway.schema.pending import EagerExecutor, Pending
from gateway.schema.plans import PlannedExecutor
from gateway.schema.shapes import Shapes
from gateway.schema.subscriptions import LineageProgress
from gateway.schema.walks import LineageEdge, LineageVertex
from gateway.settings import Settings
from gateway.turns import LONG, SLICE

SCHEMA = schema.build(Settings())._schema  # noqa: SLF001 - as the gateway's own executor does
SHAPES = Shapes(SCHEMA)

ARNS = [artifact_arn(1), arn("context", "one"), arn("action", "one"), component_arn("one")]
ABSENT = [artifact_arn(404), arn("context", "absent"), arn("action", "absent"), component_arn("absent")]

CALLS_AWS = {
    *("datasets", "images", "models", "endpoints", "actions", "artifacts", "trialComponents", "trainingJobs"),
    *("processingJobs", "transformJobs", "lineage", "trials", "pipelineExecutions", "parentTrials"),
    *("pipelineExecution", "project", "group", "versions", "packages"),
}
"""Fields that link a vertex to others and make AWS calls."""
WAITS = {"tags", "upstream", "downstream"}
LEAD_ON = {"lineageGroup", "modelPackage", "modelPackageGroup"}
"""Fields whose objects' records are not loaded yet."""

Draw = Callable[[Any], Any]


# AWS's responses: mostly valid values, sometimes others.

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - it has time zones
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "Arn": st.sampled_from([*ARNS, "no ARN"]) | st.integers(),
    "Boolean": st.booleans() | st.sampled_from([0, 1, "true"]),
    "DateTime": MOMENTS | st.just(datetime(2026, 3, 8, tzinfo=timezone(timedelta(hours=2)))) | st.just("yesterday"),
    "Float": st.floats() | st.integers() | st.sampled_from(["1.5", "much", True]),
    "ID": st.text(max_size=3) | st.integers(),
    "Int": st.integers() | st.floats() | st.sampled_from(["7", "some", True]),
    "Long": st.integers() | st.sampled_from(["7", "some", 1.5, True]),
    "String": st.text(max_size=5) | st.integers() | st.floats() | st.booleans() | st.builds(dict),
}


@st.composite
def aws_value(draw: Draw, type: GraphQLOutputType) -> Any:
    """Generate AWS's value for a field of this type."""
    if not draw(st.integers(0, 9)):
        return draw(st.sampled_from([None, 7, "word", [], {}, [None], ({},), ValueError("returned, not raised")]))
    bare = get_nullable_type(type)
    if isinstance(bare, GraphQLList):
        return draw(st.lists(aws_value(bare.of_type), max_size=3))
    if isinstance(bare, GraphQLEnumType):
        return draw(st.sampled_from([value.value for value in bare.values.values()]) | st.just("Unheard-of"))
    return draw(LEAVES[bare.name] if is_leaf_type(bare) else members(bare))


@st.composite
def members(draw: Draw, type: GraphQLObjectType) -> dict[str, Any]:
    """Generate AWS's record for an object of a type, with some members missing."""
    found = {}
    for field in type.fields.values():
        declared = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if isinstance(declared, Member) and draw(st.integers(0, 3)):
            origin = type.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin
            path = declared.path if isinstance(declared.path, str) else declared.path(origin.kind)
            if "." not in path:
                found[path] = draw(converted_value(field.type) if declared.convert else aws_value(field.type))
    return found | {"Properties": draw(st.sampled_from([None, {}, {"b": "2", "a": None, "c": "3"}, 7]))}


def converted_value(type: GraphQLOutputType) -> st.SearchStrategy[Any]:
    """Generate AWS's value for a member that is converted: a map by name, or a vertex's type."""
    bare = get_nullable_type(type)
    if not isinstance(bare, GraphQLList):
        return st.sampled_from(["TrainingJob", "DataSet", "my own", 7, None])
    return st.dictionaries(st.sampled_from("ab"), members(get_named_type(bare)), max_size=2) | st.just({"a": None})


# Queries.


@st.composite
def documents(draw: Draw, root: str, types: list[str], leaves_out: set[str]) -> str:
    """Generate a document: ``root`` with a selection on each of the types."""
    names = count()
    fragments: list[str] = []
    selected = [draw(selections(SCHEMA.type_map[type], 3, leaves_out, names, fragments)) for type in types]
    return " ".join([root % tuple(selected), *fragments])


@st.composite
def selections(
    draw: Draw, type: Any, depth: int, leaves_out: set[str], names: Iterator[int], fragments: list[str]
) -> str:
    """Generate a selection with all sorts of fragments, aliases, repeated fields and conditions."""
    parts = ["__typename"] if is_abstract_type(type) or draw(st.booleans()) else []
    for _ in range(draw(st.integers(0 if parts else 1, 4))):
        kind = draw(st.sampled_from(["field"] * 4 + ["inline", "named"])) if depth else "field"
        if kind == "field":
            parts += draw(fields(type, depth, leaves_out, names, fragments))
            continue
        on = draw(st.sampled_from(conditions(type)))
        inside = draw(selections(on, depth - 1, leaves_out, names, fragments))
        if kind == "inline":
            shown = f"on {on.name}" if on is not type or draw(st.booleans()) else ""
            parts.append(f"... {shown} {draw(CONDITIONS)} {inside}")
        else:
            name = f"F{next(names)}"
            fragments.append(f"fragment {name} on {on.name} {inside}")
            parts += [f"...{name} {draw(CONDITIONS)}"] * draw(st.integers(1, 2))
    return f"{{ {' '.join(parts)} }}" if parts else "{ __typename }"


CONDITIONS = st.sampled_from(
    ["", "", ""] + [f"@{name}(if: ${value})" for name in ("skip", "include") for value in ("yes", "no")]
)


def conditions(type: Any) -> list[Any]:
    """Return the types that an object of a type may also have, for type conditions."""
    if is_abstract_type(type):
        return [type, *SCHEMA.get_possible_types(type)]
    return [type, *type.interfaces]


@st.composite
def fields(
    draw: Draw, type: Any, depth: int, leaves_out: set[str], names: Iterator[int], fragments: list[str]
) -> list[str]:
    """Generate a field of the type, once or twice; the second has another selection to merge."""
    able = [name for name in type.fields if name not in leaves_out and (depth or is_leaf(type, name))]
    if not able:
        return ["__typename"]
    name = draw(st.sampled_from(able))
    given = draw(ARGUMENTS[name]) if name in ARGUMENTS else ""
    # Fields with the same name may have different types and arguments in two kinds of vertex.
    needs_alias = given or name in {"status", "source", "properties"}
    alias = f"{type.name}_{name}_{next(names)}:" if needs_alias or not draw(st.integers(0, 3)) else ""
    field = get_named_type(type.fields[name].type)
    return [
        f"{alias} {name}{given} {draw(CONDITIONS)} "
        + ("" if is_leaf_type(field) else draw(selections(field, depth - 1, leaves_out, names, fragments)))
        for _ in range(draw(st.sampled_from([1, 1, 2])))
    ]


ARGUMENTS = {
    "properties": st.sampled_from(["", "", "(keys: [])", '(keys: ["a"])', "(keys: $keys)", "(keys: $none)"]),
    "upstream": st.sampled_from(["", "(first: 2)", "(first: 0)", "(first: $unset)", '(after: "nonsense")']),
    "downstream": st.sampled_from(["", '(filter: { types: ["Model"] })', "(first: 101)"]),
}


def is_leaf(type: Any, name: str) -> bool:
    return is_leaf_type(get_named_type(type.fields[name].type))


# Execution by plans and by graphql-core.


async def executed(document: str, loaders: Loaders, root: Any = None, **how: Any) -> tuple[Any, list[Any]]:
    """Execute a document with one of the two executors; return its data and errors."""
    values = {"yes": True, "no": False, "keys": ["c", "a"]}
    parsed = graphql.parse(document)
    result: Any = graphql.execute(SCHEMA, parsed, root, loaders, values, **how)
    result = await result if isawaitable(result) else result
    errors = [(error.formatted, type(error.original_error)) for error in result.errors or ()]
    return result.data, errors


class Patient(graphql.Executor[None]):
    """graphql-core's executor, which resolves no field of an entity before the entity has been looked up."""

    def complete_value(self, return_type: Any, details: Any, info: Any, path: Any, result: Any, context: None) -> Any:
        async def found() -> Any:
            value = complete(return_type, details, info, path, await result.lookup, context)
            return await value if isawaitable(value) else value

        complete = super().complete_value
        return found() if isinstance(result, Pending) else complete(return_type, details, info, path, result, context)


PLANNED: dict[str, Any] = {"executor_class": EagerExecutor, "shapes": SHAPES}
PATIENT: dict[str, Any] = {"executor_class": Patient}
RULES = [rule for rule in graphql.specified_rules if not rule.__name__.startswith("NoUnused")]


def valid(document: str) -> bool:
    return not graphql.validate(SCHEMA, graphql.parse(document), RULES)


@pytest.fixture(scope="session")
async def backend(server: LocalServer) -> AsyncIterator[Backend]:
    async with opened(Settings(local_url=server.url, cache_url="off")) as found:
        yield found


VARIABLES = "($yes: Boolean!, $no: Boolean!, $keys: [String!], $none: [String!], $unset: Int)"
MESSAGE = f"""subscription {VARIABLES} {{
  lineage(start: []) {{ vertices {{ depth entity %s }} edges {{ associationType source %s }} }}
  lineage(start: []) %s
}}"""


@st.composite
def records(draw: Draw) -> dict[str, dict[str, Any]]:
    """Generate the loaded records of the vertices."""
    kinds = ("Artifact", "Context", "Action", "TrialComponent")
    return {key: draw(members(SCHEMA.type_map[kind])) for key, kind in zip(ARNS, kinds, strict=True)}


def message(loaders: Loaders, known: dict[str, dict[str, Any]], vertices: list[str]) -> LineageProgress:
    """Return a subscription's message with some vertices, whose records are loaded."""
    for key, record in known.items():
        loaders.known.record(key).complete(record)
    entities = [shown(loaders, key) for key in vertices]
    edges = [LineageEdge(source=one, destination=one, association_type=None, hidden_hops=0) for one in entities[:3]]
    return LineageProgress(
        vertices=[LineageVertex(entity=entity, depth=1) for entity in entities],
        edges=edges,
        visited=0,
        aws_calls=0,
        coverage=None,
    )


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    document=documents(MESSAGE, ["LineageEntity", "LineageEntity", "LineageProgress"], CALLS_AWS | WAITS | LEAD_ON),
    known=records(),
    vertices=st.lists(st.sampled_from([*ARNS * 5, "none"]), min_size=1, max_size=5),
)
async def test_any_selection_shows_the_same(
    backend: Backend, document: str, known: dict[str, dict[str, Any]], vertices: list[str]
) -> None:
    assume(valid(document))
    loaders = backend.loaders()
    root = message(loaders, known, vertices)
    ours, theirs = await executed(document, loaders, root, **PLANNED), await executed(document, loaders, root)
    assert repr(ours) == repr(theirs)  # not ==, for which NaN differs from itself and dictionaries have no order


GROUP = arn("model-package-group", "group")
GRAPH: list[Line] = [
    package_group("group"),
    artifact(1, Properties={"b": "2", "a": "1"}, MetadataProperties={"CommitId": "c0ffee"}),
    context("one", Source={"SourceUri": GROUP}),
    action("one", Status="Completed"),
    component("one", Parameters={"rate": {"NumberValue": 0.5}, "mode": {"StringValue": "fast"}}),
    association(ARNS[0], ARNS[3]),
    association(ARNS[3], ARNS[1], "Produced"),
    association(ARNS[2], ARNS[1], "AssociatedWith"),
]
ASKING = f"""query {VARIABLES} {{
  there: entity(arn: "{ARNS[0]}") %s
  absent: entity(arn: "{ABSENT[3]}") %s
  denied: entity(arn: "{ARNS[2]}") %s
  lineage(start: ["{ARNS[1]}", "{ABSENT[0]}"]) {{
    vertices {{ depth entity %s }} edges {{ source %s destination %s }} coverage {{ reasons }}
  }}
  nodes(ids: ["{ARNS[3]}", "nonsense", "{ABSENT[1]}"]) %s
}}"""


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents(ASKING, ["LineageEntity"] * 6 + ["Node"], CALLS_AWS))
async def test_fields_with_calls_show_the_same(
    backend: Backend, service: LocalServer, load: Callable[..., None], document: str
) -> None:
    assume(valid(document))
    service.clear()
    load(*GRAPH)
    service.behaviour.deny = ["DescribeAction:*"]
    ours, theirs = [await executed(document, backend.loaders(fresh=True), **how) for how in (PLANNED, PATIENT)]
    assert repr(ours[0]) == repr(theirs[0])
    if ours[0] is not None:
        assert in_order(ours[1]) == in_order(theirs[1])  # the order depends on which call is answered first
    else:  # one error made all data null; others are only included if they were raised before it
        assert [error for error in ours[1] if error in theirs[1]]


@pytest.mark.parametrize(
    "document",
    [
        f'{{ context(arn: "{ARNS[1]}") {{ modelPackageGroup {{ arn packages(first: 0) {{ nodes {{ arn }} }} }} }} }}',
        f'{{ nodes(ids: ["{ARNS[0]}"]) {{ ... on Artifact {{ upstream(first: 0) {{ nodes {{ id }} }} }} }} }}',
    ],
)
async def test_later_failure_nulls_only_its_field(
    backend: Backend, service: LocalServer, load: Callable[..., None], document: str
) -> None:
    service.clear()
    load(*GRAPH)
    ours, theirs = [await executed(document, backend.loaders(), **how) for how in (PLANNED, PATIENT)]
    assert repr(ours) == repr(theirs)
    [error] = ours[1]
    assert error[0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": "first"}


def in_order(errors: list[Any]) -> list[Any]:
    return sorted(errors, key=repr)


# The cost of execution.


LEAVES_OF_ALL = "id arn __typename lineageType name type sourceUri creationTime lastModifiedTime lineageGroupArn"
PLAIN = f"subscription {{ lineage(start: []) {{ vertices {{ depth entity {{ {LEAVES_OF_ALL} }} }} }} }}"


class Watched(PlannedExecutor):
    """Counts the fields that are executed by graphql-core."""

    def __init__(self, *args: Any, left: Counter[str], **named: Any) -> None:
        super().__init__(*args, **named)
        self.left = left

    def execute_field(self, parent_type: Any, source: Any, details: Any, *rest: Any) -> Any:
        self.left[details[0].node.name.value] += 1
        return super().execute_field(parent_type, source, details, *rest)


def loaded_message(loaders: Loaders, vertices: int, *, but: Collection[int] = ()) -> LineageProgress:
    """Return a subscription's message with so many artifacts, all of them loaded ``but`` some."""
    made = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
    found = [artifact_arn(number) for number in range(vertices)]
    told = {key: {"ArtifactName": key[-3:], "CreationTime": made} for key in found}
    return message(loaders, {key: told[key] for number, key in enumerate(found) if number not in but}, found)


async def test_loaded_leaf_takes_no_coroutine(backend: Backend) -> None:
    loaders, left = backend.loaders(), Counter[str]()
    root = loaded_message(loaders, LONG)
    shown_at_once = graphql.execute(
        SCHEMA, graphql.parse(PLAIN), root, loaders, executor_class=Watched, shapes=SHAPES, left=left
    )
    assert isinstance(shown_at_once, graphql.ExecutionResult)
    assert len(shown_at_once.data["lineage"]["vertices"]) == LONG  # type: ignore[index]
    assert left == {"lineage": 1}


async def test_more_vertices_take_no_coroutine(backend: Backend) -> None:
    found = []
    for vertices in (4 * SLICE + 1, 5 * SLICE):  # the same number of slices, and so of turns
        loaders = backend.loaders()
        root = loaded_message(loaders, vertices)
        with coroutines() as begun:
            ours = await executed(PLAIN, loaders, root, **PLANNED)
        assert len(written(ours)[0]["lineage"]["vertices"]) == vertices
        found.append(begun)
    assert found[0] == found[1]
    assert found[0]["_long_list"] == 1


@contextmanager
def coroutines() -> Iterator[Counter[str]]:
    """Count the coroutines of the gateway and graphql-core that are started in the block, by name."""
    begun: Counter[str] = Counter()
    seen: list[Any] = []

    def note(frame: Any, event: str, _: Any) -> None:
        ours = frame.f_globals.get("__name__", "").startswith(("gateway.", "graphql."))
        if event == "call" and frame.f_code.co_flags & CO_COROUTINE and ours and not any(frame is one for one in seen):
            seen.append(frame)
            begun[frame.f_code.co_name] += 1

    sys.setprofile(note)
    try:
        yield begun
    finally:
        sys.setprofile(None)


async def test_long_list_fails_like_short_one(backend: Backend) -> None:
    loaders = backend.loaders()
    root = loaded_message(loaders, 3 * LONG)
    for number in (5, LONG + 5):
        loaders.known.record(artifact_arn(number)).complete({"CreationTime": "yesterday"})
    ours, theirs = await executed(PLAIN, loaders, root, **PLANNED), await executed(PLAIN, loaders, root)
    assert repr(written(ours)) == repr(theirs)
    assert len(ours[1]) == 2
    root.vertices[LONG + 9].entity = None  # the field is not nullable
    ours, theirs = await executed(PLAIN, loaders, root, **PLANNED), await executed(PLAIN, loaders, root)
    assert repr(ours) == repr(theirs)
    assert ours[0] is None


async def test_long_list_waits_for_calls(backend: Backend, load: Callable[..., None]) -> None:
    load(*(artifact(number) for number in range(LONG + 30)))
    found = []
    for how in (PLANNED, {}):
        loaders = backend.loaders(fresh=True)
        root = loaded_message(loaders, LONG + 30, but={3, 60, LONG + 5})
        found.append(written(await executed(PLAIN, loaders, root, **how)))
    assert repr(found[0]) == repr(found[1])
    vertices = found[0][0]["lineage"]["vertices"]
    assert [vertices[number]["entity"]["name"] for number in (3, 60)] == ["artifact-3", "artifact-60"]


def written(answer: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return a response as the client reads it: the plans serialise long lists as soon as they are complete."""
    return orjson.loads(orjson.dumps(answer[0])), answer[1]


async def test_messages_are_planned(backend: Backend, load: Callable[..., None]) -> None:
    load(*GRAPH)
    left = Counter[str]()
    results: Any = graphql.subscribe(
        SCHEMA,
        graphql.parse(PLAIN.replace("[]", f'["{ARNS[1]}"]')),
        context_value=backend.loaders(),
        executor_class=Watched,
        shapes=SHAPES,
        left=left,
    )
    async with aclosing(await results) as messages:
        counts = [len(message.data["lineage"]["vertices"]) async for message in messages]
    assert counts == [4, 0]
    assert left["lineage"] == 2


async def test_mutations_wait_for_each_other(change: Ask, service: LocalServer) -> None:
    create = 'createContext(input: {name: "here", type: "Endpoint", source: {sourceUri: "s3://x"}}) { context { arn } }'
    delete = f'deleteContext(input: {{arn: "{arn("context", "here")}"}}) {{ deleted }}'
    await change(f"mutation {{ a: {create} b: {delete} c: {create} d: {delete} }}")
    written = [operation for operation, _ in service.requests if operation.startswith(("Create", "Delete"))]
    assert written == ["CreateContext", "DeleteContext"] * 2


@pytest.mark.parametrize("absent", [("depth", 0), ("entity", 1)])
async def test_failure_leaves_no_unawaited_coroutine(
    backend: Backend, load: Callable[..., None], absent: tuple[str, int]
) -> None:
    load(*(artifact(number) for number in range(2)))
    member, number = absent
    loaders = backend.loaders(fresh=True)
    root = loaded_message(loaders, 2, but={0, 1})
    setattr(root.vertices[number], member, None)  # the field is not nullable
    document = "subscription { lineage(start: []) { vertices { entity { name } depth } } }"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data, [error] = await executed(document, loaders, root, **PLANNED)
        await loaders.end()
        gc.collect()
    assert (data, error[0]["path"][-2:]) == (None, [number, member])
    assert not [one.message for one in caught if "never awaited" in str(one.message)]


async def test_cancellation_leaves_no_unawaited_coroutine(backend: Backend, load: Callable[..., None]) -> None:
    load(*fan(150))
    document = f"""{{ lineage(start: ["{artifact_arn(0)}"], direction: DOWNSTREAM) {{ vertices {{ entity {{
        createdBy {{ domainId }} upstream(first: 5) {{ nodes {{ name createdBy {{ domainId }} }} }} }} }} }} }}"""
    seconds = 0.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for moment in range(-1, 40):
            loaders, began = backend.loaders(fresh=True), time.monotonic()
            asked = asyncio.create_task(executed(document, loaders, **PLANNED))
            await asyncio.wait({asked}, timeout=None if moment < 0 else seconds * moment / 40)
            seconds = seconds or time.monotonic() - began
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            await loaders.end()
        gc.collect()
    assert not [one.message for one in caught if "never awaited" in str(one.message)]
