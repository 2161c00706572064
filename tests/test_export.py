"""Exports: a walk's graph as Mermaid, Graphviz and csv parse it, whatever names its vertices have."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import Ask
from graphs import artifact, artifact_arn, association, diamond
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parsers import READERS, Drawn, Read

from gateway.aws.kinds import ARTIFACT
from gateway.lineage.coverage import Coverage
from gateway.lineage.export import Format, written
from gateway.lineage.graph import ShownEdge
from gateway.lineage.picture import Picture, Vertex
from gateway.local.server import LocalServer
from gateway.records import Record

DATASET = artifact_arn(0)

EXPORT = """query($start: [Arn!]!, $format: GraphFormat!, $maxVertices: Int = 1000, $filter: LineageFilter) {
  lineage(start: $start, direction: DOWNSTREAM, maxVertices: $maxVertices, filter: $filter) { export(format: $format) }
}"""


@pytest.fixture(scope="module", params=READERS)
def reader(request: pytest.FixtureRequest) -> Iterator[tuple[str, Read]]:
    """A format and its parser."""
    with READERS[request.param]() as read:
        yield request.param, read


@pytest.fixture
def drawn(ask: Ask, reader: tuple[str, Read]) -> Callable[..., Any]:
    """A function that exports a walk downstream from the dataset and parses the export."""
    format, read = reader

    async def drawn(**variables: Any) -> Drawn:
        data = await ask(EXPORT, start=[DATASET], format=format, **variables)
        return read(data["lineage"]["export"])

    return drawn


async def test_every_format_shows_the_graph(drawn: Callable[..., Any], load: Callable[..., None]) -> None:
    load(*diamond())
    names, edges, starts = await drawn()
    assert names == ["artifact-0", "left", "right", "artifact-1", "artifact-2", "endpoint"]
    assert sorted(edges) == [
        ("artifact-0", "left", "ContributedTo", False),
        ("artifact-0", "right", "ContributedTo", False),
        ("artifact-1", "endpoint", "AssociatedWith", False),
        ("artifact-2", "endpoint", "AssociatedWith", False),
        ("left", "artifact-1", "Produced", False),
        ("right", "artifact-2", "Produced", False),
    ]
    assert starts == ["artifact-0"]


async def test_hidden_vertices_leave_dashes(drawn: Callable[..., Any], load: Callable[..., None]) -> None:
    load(*diamond())
    assert (await drawn(filter={"types": ["Endpoint"]})).edges == [("artifact-0", "endpoint", "+2 hidden", True)]


HOSTILE = [
    '"]); click v0 callback "',
    "]] --> v0",
    "</script><script>alert(1)</script>",
    "<br/>--><!-- %% }}",
    '\\" \\N \\G \\',
    "&quot;&#34;#34;#quot;",
    "%%{init: {'theme': 'dark'}}%%",
    "style:#f00; classDef start fill:#f00;",
    "1. - `**[w](http://w.example)**`",
    '=HYPERLINK("http://w.example","w")',
    "'=1+1",
    "+1,2;3",
    "@SUM(1)",
    "\uff1d1+1",
    "\u202egnp.\u2066exe\u200f",
    "\U0001f469\u200d\U0001f4bb \u00e9 e\u0301 \u6f22",
    "   end subgraph   ",
    "\ufb02\u00b0\u00b034\u00b6\u00df",
]
BREAKING = ["a\nb", "a\r\nb", "a\tb", "a\u2028b", "a\u2029b", "a\x85b"]
BROKEN = ["\x00", "a\x1bb", "\x9f", "\ufffe"]


async def test_hostile_names_break_nothing(drawn: Callable[..., Any], load: Callable[..., None]) -> None:
    names = [*HOSTILE, *BREAKING, *BROKEN]
    load(artifact(0), *(artifact(n, name, ArtifactName=name) for n, name in enumerate(names, 1)))
    load(*(association(DATASET, artifact_arn(n)) for n in range(1, len(names) + 1)))
    seen = await drawn()
    assert len(seen.edges) == len(names)
    assert seen.names[1:][: len(HOSTILE)] == HOSTILE
    assert all(name in {"a b", given} for name, given in zip(seen.names[-10:-4], BREAKING, strict=True))
    assert seen.names[-4:] == ["\ufffd", "a\ufffdb", "\ufffd", "\ufffd"]


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cn", "Cs", "Zl", "Zp"))) | st.sampled_from(HOSTILE)
SETTINGS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


def picture(names: list[str], edges: list[ShownEdge]) -> Picture:
    vertices = []
    for number, name in enumerate(names):
        record = Record()
        record.complete({"ArtifactName": name, "ArtifactType": name})
        vertices.append(Vertex(artifact_arn(number), ARTIFACT, number, record))
    return Picture(vertices, edges, Coverage([], [], datetime.now(UTC)))


@SETTINGS
@given(names=st.lists(st.lists(NAMES, min_size=1).map("".join).filter(bool), min_size=1, max_size=9))
async def test_any_name_comes_through(reader: tuple[str, Read], names: list[str]) -> None:
    format, read = reader
    edges = [ShownEdge(artifact_arn(n), artifact_arn(0), "SameAs", 0) for n in range(len(names))]
    seen = read(await written(Format(format), picture(names, edges)))
    assert seen.names == names
    assert Counter(edge[0] for edge in seen.edges) == Counter(names)


async def test_incomplete_picture_says_so(ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    for format, comment in (("MERMAID", "  %% "), ("DOT", "  // ")):
        data = await ask(EXPORT, start=[DATASET], format=format, maxVertices=3)
        [said] = [line for line in data["lineage"]["export"].splitlines() if line.startswith(comment)]
        assert "MAX_VERTICES. Vertices to start again from: 2." in said
        whole = await ask(EXPORT, start=[DATASET], format=format)
        assert comment not in whole["lineage"]["export"]


NAMES = {"QueryLineage": 1, "ListAssociations": 3}
DESCRIPTIONS = {"QueryLineage": 1, "DescribeArtifact": 3, "DescribeContext": 1, "Search": 1}


@pytest.mark.parametrize(
    ("format", "cost"), [("MERMAID", NAMES), ("DOT", NAMES), ("CSV", DESCRIPTIONS), ("OPENLINEAGE", DESCRIPTIONS)]
)
async def test_export_makes_its_fields_calls(
    ask: Ask, load: Callable[..., None], calls: Counter[str], format: str, cost: dict[str, int]
) -> None:
    load(*diamond())
    await ask(EXPORT, start=[DATASET], format=format)
    assert calls == cost


async def test_associations_provide_the_names(
    ask: Ask, load: Callable[..., None], service: LocalServer, calls: Counter[str]
) -> None:
    load(*diamond())
    service.behaviour.unknown = ["QueryLineage"]
    await ask(EXPORT, start=[DATASET], format="DOT")
    assert set(calls) <= {"QueryLineage", "ListAssociations", "DescribeArtifact"}
    assert calls["DescribeArtifact"] == 1


async def test_nameless_vertex_shows_its_source(ask: Ask, load: Callable[..., None]) -> None:
    load(artifact(0, ArtifactName=None))
    data = await ask(EXPORT, start=[DATASET], format="DOT")
    assert 'label="s3://bucket/0\\nDataSet"' in data["lineage"]["export"]


@pytest.mark.parametrize("format", ["MERMAID", "DOT", "CSV", "OPENLINEAGE"])
async def test_denied_vertex_shows_its_arn(
    answer: Ask, load: Callable[..., None], service: LocalServer, format: str
) -> None:
    load(*diamond())
    service.behaviour.deny = ["Describe*:*artifact*", "ListAssociations:*"]
    said = await answer(EXPORT, start=[DATASET], format=format)
    assert f"{1:032x}" in said["data"]["lineage"]["export"]
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [
        (["lineage", "export"], "FORBIDDEN")
    ]
