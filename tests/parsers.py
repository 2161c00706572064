"""Parsers for the formats of an export: mermaid's own parser, Graphviz's dot, and Python's csv module."""

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

NODE = Path(__file__).parent / "node"


class Drawn(NamedTuple):
    """A parsed diagram: the vertices' names, the edges (source, destination, label, whether dashed), and the starts."""

    names: list[str]
    edges: list[tuple[str, str, str, bool]]
    starts: list[str]


Read = Callable[[str], Drawn]


@contextmanager
def mermaid() -> Iterator[Read]:
    """Run Mermaid's parser, in one process for all diagrams."""
    node = shutil.which("node")
    if not node or not (NODE / "node_modules/mermaid").exists():
        pytest.skip("Mermaid's parser is not there; .ci/parts installs it where there is npm.")
    command = [node, str(NODE / "mermaid.mjs")]
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:

        def read(text: str) -> Drawn:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(text) + "\n")
            process.stdin.flush()
            found = json.loads(process.stdout.readline())
            assert "error" not in found, f"{found['error']}\n{text}"
            names = {key: lines[0] for key, lines, _, _ in found["vertices"]}
            return Drawn(
                list(names.values()),
                [(names[a], names[b], " ".join(label), stroke == "dotted") for a, b, label, stroke in found["edges"]],
                [lines[0] for _, lines, _, classes in found["vertices"] if classes == ["start"]],
            )

        yield read


@contextmanager
def graphviz() -> Iterator[Read]:
    """Yield a parser that has Graphviz lay the graph out, and reads the texts that it would draw."""
    dot = shutil.which("dot")
    if not dot:
        pytest.skip("Graphviz's dot is not there; .ci/parts installs it.")

    def texts(drawn: dict[str, list[dict[str, str]]]) -> list[str]:
        return [step["text"] for step in drawn.get("_ldraw_", ()) if step["op"] == "T"]

    def read(text: str) -> Drawn:
        run = subprocess.run([dot, "-Tjson"], input=text, capture_output=True, encoding="utf-8", check=True)  # noqa: S603
        assert not run.stderr, run.stderr
        found = json.loads(run.stdout)
        names = [texts(vertex)[0] for vertex in found["objects"]]
        return Drawn(
            names,
            [
                (names[edge["tail"]], names[edge["head"]], " ".join(texts(edge)), edge.get("style") == "dashed")
                for edge in found.get("edges", ())
            ],
            [texts(vertex)[0] for vertex in found["objects"] if vertex.get("penwidth") == "3"],
        )

    yield read


@contextmanager
def table() -> Iterator[Read]:
    """Yield a parser that uses the csv module."""

    def read(text: str) -> Drawn:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        vertices = {row["arn"]: row for row in rows if row["record"] == "vertex"}
        edges = [row for row in rows if row["record"] == "edge"]
        assert len(vertices) + len(edges) == len(rows)
        names = {arn: row["name"].removeprefix("'") for arn, row in vertices.items()}
        return Drawn(
            list(names.values()),
            [
                (
                    names[row["source_arn"]],
                    names[row["destination_arn"]],
                    row["association_type"] or f"+{row['hidden_hops']} hidden",
                    row["hidden_hops"] != "0",
                )
                for row in edges
            ],
            [names[arn] for arn, row in vertices.items() if row["depth"] == "0"],
        )

    yield read


READERS = {"MERMAID": mermaid, "DOT": graphviz, "CSV": table}
