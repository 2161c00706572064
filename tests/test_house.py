"""The layers in README's diagram: modules of the gateway import only those of lower layers."""

import ast
from pathlib import Path

HOUSE = Path(__file__).parents[1] / "gateway"

# From top to bottom: a package may import itself and the packages on lower floors.
FLOORS = [["__main__"], ["cli"], ["app"], ["http"], ["schema"], ["lineage"], ["loaders"], ["cache", "records"], ["aws"]]
SHELF = {"settings", "errors", "arn", "serving", "protocols", "rates", "breaker", "observability", "turns"}


def imports() -> set[tuple[str, str]]:
    """Return the pairs (importing package, imported package)."""
    found = set()
    for file in HOUSE.rglob("*.py"):
        package = file.relative_to(HOUSE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text())):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if modules == ["gateway"]:
                modules = [f"gateway.{alias.name}" for alias in node.names]  # type: ignore[attr-defined]
            found |= {(package, module.split(".")[1]) for module in modules if module.startswith("gateway.")}
    return {(package, used) for package, used in found if package != used}


def test_imports_only_go_down() -> None:
    floor = {package: level for level, packages in enumerate(FLOORS) for package in packages}
    floor |= dict.fromkeys(SHELF, len(FLOORS))
    wrong = {
        (package, used)
        for package, used in imports()
        if "local" not in {package, used} and not {package, used} <= SHELF and floor[package] >= floor[used]
    }
    assert wrong == set()


def test_local_service_is_independent() -> None:
    assert {used for package, used in imports() if package == "local"} <= SHELF
    assert {package for package, used in imports() if used == "local"} <= {"cli"}
