"""README's picture of the house: a request goes down, and nothing below knows what is above it."""

import ast
from pathlib import Path

HOUSE = Path(__file__).parents[1] / "gateway"

# From the roof to the cellar; a room may use those on lower floors, and its own.
FLOORS = [["cli"], ["app"], ["http"], ["schema"], ["lineage"], ["loaders"], ["cache", "records"], ["aws"]]
SHELF = {"settings", "errors", "arn", "serving", "rates", "breaker", "observability", "turns"}


def imports() -> set[tuple[str, str]]:
    """Which room uses which."""
    found = set()
    for file in HOUSE.rglob("*.py"):
        room = file.relative_to(HOUSE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text())):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if modules == ["gateway"]:
                modules = [f"gateway.{alias.name}" for alias in node.names]  # type: ignore[attr-defined]
            found |= {(room, module.split(".")[1]) for module in modules if module.startswith("gateway.")}
    return {(room, used) for room, used in found if room != used}


def test_imports_only_go_down() -> None:
    floor = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
    floor |= dict.fromkeys(SHELF, len(FLOORS))
    wrong = {
        (room, used)
        for room, used in imports()
        if "local" not in {room, used} and not {room, used} <= SHELF and floor[room] >= floor[used]
    }
    assert wrong == set()


def test_local_service_stands_apart() -> None:
    assert {used for room, used in imports() if room == "local"} <= SHELF
    assert {room for room, used in imports() if used == "local"} <= {"cli"}
