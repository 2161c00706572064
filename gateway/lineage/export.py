"""Exports of a graph for other tools: Mermaid, Graphviz DOT, CSV and OpenLineage events.

Names, types and URIs are arbitrary user input, so each format escapes them completely.
"""

import asyncio
import csv
import io
import re
from collections.abc import Callable, Mapping
from enum import Enum

from gateway.aws.kinds import ACTION, ARTIFACT, CONTEXT, TRIAL_COMPONENT, Kind, kind_at
from gateway.errors import GatewayError, failed
from gateway.lineage.coverage import Coverage
from gateway.lineage.graph import ShownEdge
from gateway.lineage.picture import Picture, Vertex
from gateway.loaders import Loaders


class Format(Enum):
    """The export formats."""

    MERMAID = "MERMAID"
    DOT = "DOT"
    CSV = "CSV"
    OPENLINEAGE = "OPENLINEAGE"


def needed(format: Format, kind: Kind) -> list[str]:
    """Return what a format shows of vertices of a kind, as paths in the Describe response."""
    paths = {Format.CSV: [kind.name_path, kind.source_path], Format.OPENLINEAGE: [_WHOLE]}
    return paths.get(format, [kind.name_path])


async def described(
    loaders: Loaders, format: Format, depths: Mapping[str, int]
) -> tuple[list[Vertex], list[GatewayError]]:
    """Load what the format shows of vertices; return these and the errors of failed calls, one per code."""
    vertices = [
        Vertex(arn, kind, depth, loaders.known.record(arn)) for arn, depth in depths.items() if (kind := kind_at(arn))
    ]
    wanted = [vertex for vertex in vertices if _lacks(vertex, format) is not None]
    outcomes = await asyncio.gather(*(_describe(loaders, vertex, format) for vertex in wanted), return_exceptions=True)
    return vertices, failed(outcomes)


_WHOLE = "CreatedBy"
"""A member that no listing of vertices returns, so that needing it makes the walk describe them as a whole."""


async def _describe(loaders: Loaders, vertex: Vertex, format: Format) -> None:
    """Describe a vertex until everything that the format shows is loaded; the cache may have only a part of it."""
    while (path := _lacks(vertex, format)) is not None:
        await loaders.entities.describe(vertex.kind, vertex.arn, path)


def _lacks(vertex: Vertex, format: Format) -> str | None:
    """Return a path that the format shows but is not loaded, "" for the whole entity; None if nothing is missing."""
    kind, record = vertex.kind, vertex.record
    if format is Format.OPENLINEAGE:
        return None if record.described else ""
    if not record.covers(kind.name_path):
        return kind.name_path
    is_called = format is not Format.CSV and vertex.name is not None
    return None if is_called or record.covers(kind.source_path) else kind.source_path


async def written(format: Format, picture: Picture) -> str:
    """Return a graph in a format; runs in a thread, as ten thousand vertices take seconds."""
    return await asyncio.to_thread(_WRITERS[format], picture)


def _warning(coverage: Coverage) -> list[str]:
    """Return a line that says what is missing from a graph; no line if it is complete."""
    if coverage.complete:
        return []
    reasons = ", ".join(reason.value for reason in coverage.reasons)
    moment = coverage.as_of.isoformat(timespec="milliseconds")
    return [f"Incomplete as of {moment}: {reasons}. Vertices to start again from: {len(coverage.frontier)}."]


def _arrow_text(edge: ShownEdge) -> str:
    return edge.type or (f"+{edge.hidden_hops} hidden" if edge.hidden_hops else "")


_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Characters that XML, hence SVG, cannot contain or readers do not expect: controls, surrogates, noncharacters."""
_BREAK = re.compile("\r\n|[\t\n\r\x85\u2028\u2029]")
"""Line breaks and tabs, which would start a new line or column."""


def _one_line(text: str) -> str:
    return _NO_TEXT.sub("\ufffd", _BREAK.sub(" ", text))


_MERMAID_SHAPES = {ARTIFACT: ("[", "]"), CONTEXT: ("{{", "}}"), ACTION: ("([", "])"), TRIAL_COMPONENT: ("[[", "]]")}
_MERMAID_SPECIAL = re.compile(r"(?<=[^\W_])[ _-](?=[^\W_])|([\W_])")


def _mermaid(picture: Picture) -> str:
    """Return a Mermaid flowchart, left to right."""
    ids = {vertex.arn: f"v{number}" for number, vertex in enumerate(picture.vertices)}
    lines = ["flowchart LR", *(f"  %% {warning}" for warning in _warning(picture.coverage))]
    for vertex in picture.vertices:
        opening, closing = _MERMAID_SHAPES[vertex.kind]
        text = "<br/>".join(_mermaid_text(part) for part in (vertex.label, vertex.type) if part)
        lines.append(f'  {ids[vertex.arn]}{opening}"{text}"{closing}')
    for edge in picture.edges:
        line = "-.->" if edge.hidden_hops else "-->"
        label = f'|"{_mermaid_text(text)}"|' if (text := _arrow_text(edge)) else ""
        lines.append(f"  {ids[edge.source]} {line}{label} {ids[edge.destination]}")
    starts = ",".join(ids[vertex.arn] for vertex in picture.vertices if vertex.depth == 0)
    lines += ["  classDef start stroke-width:3px", f"  class {starts} start"] if starts else []
    return "\n".join(lines) + "\n"


def _mermaid_text(text: str) -> str:
    """Escape everything except words, and the characters that join words, as Mermaid's character entities.

    Even a full stop can be syntax (Markdown's lists and links), and so can a colon after "style".
    """
    return _MERMAID_SPECIAL.sub(lambda char: f"#{ord(char[1])};" if char[1] else char[0], _one_line(text))


_DOT_ESCAPES = {"\\": "\\\\", '"': '\\"', "&": "&amp;"}
_DOT_SHAPES = {ARTIFACT: "box", CONTEXT: "hexagon", ACTION: "ellipse", TRIAL_COMPONENT: "component"}


def _dot(picture: Picture) -> str:
    """Return a Graphviz graph, left to right."""
    ids = {vertex.arn: f"v{number}" for number, vertex in enumerate(picture.vertices)}
    lines = ["digraph lineage {", *(f"  // {warning}" for warning in _warning(picture.coverage)), "  rankdir=LR;"]
    for vertex in picture.vertices:
        text = "\\n".join(_dot_text(part) for part in (vertex.label, vertex.type) if part)
        marked = ", penwidth=3" if vertex.depth == 0 else ""
        shape = f'shape={_DOT_SHAPES[vertex.kind]}, tooltip="{_dot_text(vertex.arn)}"'
        lines.append(f'  {ids[vertex.arn]} [label="{text}", {shape}{marked}];')
    for edge in picture.edges:
        style = ", style=dashed" if edge.hidden_hops else ""
        label = _dot_text(_arrow_text(edge))
        lines.append(f'  {ids[edge.source]} -> {ids[edge.destination]} [label="{label}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


def _dot_text(text: str) -> str:
    """Escape a text for a quoted label, in which Graphviz interprets backslashes and HTML entities.

    Invisible characters, such as direction marks, become entities, except above U+FFFF: Graphviz gets these wrong.
    """
    return "".join(
        _DOT_ESCAPES.get(char, char if char.isprintable() or char > "\uffff" else f"&#{ord(char)};")
        for char in _one_line(text)
    )


_COLUMNS = (
    *("record", "arn", "lineage_type", "type", "name", "source_uri", "depth"),
    *("source_arn", "destination_arn", "association_type", "hidden_hops"),
)
_FORMULA = re.compile("\\A[=+@\t\r\n'\uff1d\uff0b\uff0d\uff20-]")
"""The characters that start a formula in spreadsheets, and the apostrophe that marks a cell as text."""


def _csv(picture: Picture) -> str:
    """Return one table: a row per vertex, then one per edge; the first column says which."""
    out = io.StringIO()
    rows = csv.DictWriter(out, _COLUMNS)
    rows.writeheader()
    for vertex in picture.vertices:
        row = _csv_texts(
            arn=vertex.arn,
            lineage_type=vertex.kind.name,
            type=vertex.type,
            name=vertex.name,
            source_uri=vertex.source_uri,
        )
        rows.writerow({"record": "vertex", **row, "depth": vertex.depth})
    for edge in picture.edges:
        row = _csv_texts(source_arn=edge.source, destination_arn=edge.destination, association_type=edge.type)
        rows.writerow({"record": "edge", **row, "hidden_hops": edge.hidden_hops})
    return out.getvalue()


def _csv_texts(**cells: str | None) -> dict[str, str | None]:
    return {
        column: _NO_TEXT.sub("\ufffd", _FORMULA.sub(r"'\g<0>", text)) if text else text
        for column, text in cells.items()
    }


def _openlineage(picture: Picture) -> str:
    """Return OpenLineage events, one per line."""
    # Imported here, as importing the library takes a fifth of a second, which only this format should cost.
    from gateway.lineage.openlineage import events  # noqa: PLC0415

    return "".join(f"{event}\n" for event in events(picture))


_WRITERS: dict[Format, Callable[[Picture], str]] = {
    Format.MERMAID: _mermaid,
    Format.DOT: _dot,
    Format.CSV: _csv,
    Format.OPENLINEAGE: _openlineage,
}
