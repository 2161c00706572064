"""Building the pages into the wheel: only when their sources have changed, or not at all if skipped."""

import gzip
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest

ROOT = Path(__file__).parents[1]
HOOK = ROOT / "web" / "hatch_build.py"
PACKAGES = ROOT / "web" / "node_modules"


def loaded_hook() -> Any:
    spec = importlib.util.spec_from_file_location("hatch_build", HOOK)
    assert spec
    assert spec.loader
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    return hook


hook = loaded_hook()
needs_npm = pytest.mark.skipif(not hook.npm_of_path(), reason="PATH has no npm with a node that fits.")

ENGINES = orjson.loads((ROOT / "web" / "package.json").read_bytes())["engines"]
PACKAGE = {"name": "pages", "private": True, "engines": ENGINES, "scripts": {"build": "node build.mjs"}}
LOCK = {"name": "pages", "lockfileVersion": 3, "requires": True, "packages": {"": {"name": "pages"}}}
BUILD = """
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
const out = process.argv[process.argv.indexOf("--outDir") + 1];
const source = readFileSync("src/main.js", "utf8");
appendFileSync("../builds", "built\\n");
mkdirSync(`${out}/assets`, { recursive: true });
writeFileSync(`${out}/explorer.html`, "<!doctype html>");
if (source.includes("wrong")) throw new Error(`main.js is ${source}`);
writeFileSync(`${out}/assets/main-12345678.js`, source);
"""
SOURCE = "right ".ljust(100, "!")


class Project:
    """A small gateway whose pages need no packages to build."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.web = root / "web"
        self.pages = root / "gateway" / "pages"
        (self.web / "src").mkdir(parents=True)
        (root / "gateway").mkdir()
        (root / "gateway" / "__init__.py").touch()
        (root / "schema.graphql").write_text("type Query { a: Int }")
        for name in ("pyproject.toml", "README.md", "LICENSE", "web/hatch_build.py"):
            shutil.copy(ROOT / name, root / name)
        (self.web / "package.json").write_bytes(orjson.dumps(PACKAGE))
        (self.web / "package-lock.json").write_bytes(orjson.dumps(LOCK))
        (self.web / "build.mjs").write_text(BUILD)
        (self.web / "src" / "main.js").write_text(SOURCE)

    @property
    def builds(self) -> int:
        """The number of times that the pages were built."""
        counted = self.root / "builds"
        return len(counted.read_text().splitlines()) if counted.exists() else 0

    @property
    def wheels(self) -> list[Path]:
        """The wheels that were built."""
        return list((self.root / "dist").glob("*.whl"))

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name != "GATEWAY_WEB"}
        return subprocess.run(  # noqa: S603
            [sys.executable, *command],
            cwd=self.root,
            env=kept | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def wheel(self, kind: str = "wheel", **variables: str) -> dict[str, bytes]:
        """Build a wheel and return the contents of its pages by name."""
        done = self.run("-m", "hatchling", "build", "-t", kind, **variables)
        assert done.returncode == 0, done.stderr
        [made] = self.wheels
        with zipfile.ZipFile(made) as archive:
            return {name: archive.read(name) for name in archive.namelist() if "pages" in name}

    def requirements(self, **variables: str) -> list[str]:
        asked = "from hatchling.build import get_requires_for_build_wheel as get; print(*get(), sep='\\n')"
        done = self.run("-c", asked, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def path_with(directory: Path, **programs: str) -> str:
    """Return a PATH that contains only these programs."""
    directory.mkdir()
    for name, text in programs.items():
        (directory / name).write_text(f"#!/bin/sh\n{text}\n")
        (directory / name).chmod(0o755)
    return str(directory)


@needs_npm
def test_wheel_has_built_pages(project: Project) -> None:
    packed = project.wheel()
    assert packed["gateway/pages/explorer.html"] == b"<!doctype html>"
    assert packed["gateway/pages/assets/main-12345678.js"] == SOURCE.encode()
    assert gzip.decompress(packed["gateway/pages/assets/main-12345678.js.gz"]) == SOURCE.encode()


@needs_npm
def test_unchanged_pages_are_not_rebuilt(project: Project) -> None:
    first = project.wheel()
    for made in ("node_modules/some/index.js", "src/generated/graphql.ts", "__pycache__/hatch_build.pyc"):
        (project.web / made).parent.mkdir(parents=True, exist_ok=True)
        (project.web / made).touch()
    assert (project.wheel(PATH=os.devnull), project.builds) == (first, 1)


@needs_npm
def test_changed_inputs_trigger_a_build(project: Project) -> None:
    project.wheel()
    for changed in ("schema.graphql", "web/src/main.js", "web/src/new.js", "web/package-lock.json"):
        before = project.builds
        with (project.root / changed).open("a") as file:
            file.write("\n")
        project.wheel()
        assert project.builds == before + 1, changed


@needs_npm
def test_failing_build_says_why(project: Project) -> None:
    (project.web / "src" / "main.js").write_text("wrong in line 7")
    done = project.run("-m", "hatchling", "build", "-t", "wheel")
    assert (done.returncode, project.wheels) == (1, [])
    for said in ("The pages were not built: npm run build", "main.js is wrong in line 7", "GATEWAY_WEB=skip"):
        assert said in done.stderr
    assert "Traceback" not in done.stderr


@needs_npm
def test_half_built_pages_are_not_kept(project: Project) -> None:
    source = project.web / "src" / "main.js"
    source.write_text("wrong")
    project.run("-m", "hatchling", "build", "-t", "wheel")
    assert not project.pages.exists()
    source.write_text(SOURCE)
    assert {"explorer.html", "main-12345678.js"} <= {Path(name).name for name in project.wheel()}


@needs_npm
def test_skipped_pages_are_left_out(project: Project) -> None:
    assert project.wheel()
    assert project.wheel(GATEWAY_WEB="skip", PATH=os.devnull) == {}


@needs_npm
def test_editable_install_builds_in_place(project: Project) -> None:
    assert project.wheel("wheel:editable") == {}
    assert (project.pages / "explorer.html").exists()


def test_missing_node_is_reported(project: Project) -> None:
    done = project.run("-m", "hatchling", "build", "-t", "wheel", PATH=os.devnull)
    assert done.returncode == 1
    assert f"PATH has no npm with a node of {ENGINES['node']}" in done.stderr
    assert "GATEWAY_WEB=skip" in done.stderr


def test_node_is_fetched_where_missing(project: Project, tmp_path: Path) -> None:
    fetched = [hook.NODE]
    assert project.requirements(PATH=os.devnull) == fetched
    old, new = "echo v18.20.4", "echo v22.12.0"
    assert project.requirements(PATH=path_with(tmp_path / "old", node=old, npm="")) == fetched
    assert project.requirements(PATH=path_with(tmp_path / "broken", node="exit 1", npm="")) == fetched
    assert project.requirements(PATH=path_with(tmp_path / "alone", node=new)) == fetched
    assert project.requirements(PATH=path_with(tmp_path / "new", node=new, npm="")) == []
    assert project.requirements(PATH=os.devnull, GATEWAY_WEB="skip") == []


@needs_npm
def test_built_pages_need_no_node(project: Project) -> None:
    project.wheel()
    assert project.requirements(PATH=os.devnull) == []


@pytest.mark.parametrize(
    ("version", "fit"),
    [
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v20.20.2", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.0.0", True),
        ("v100.1.0", True),
        ("", False),
    ],
)
def test_node_version_fits_npms_range(version: str, fit: bool) -> None:  # noqa: FBT001
    assert hook.fits(version, "^20.19.0 || >=22.12.0") is fit


@needs_npm
def test_wheel_can_be_made_from_sdist(tmp_path: Path) -> None:
    if not (PACKAGES / ".package-lock.json").exists():
        pytest.skip("The pages' packages are not here; building the pages installs them.")
    environment = {name: value for name, value in os.environ.items() if name != "GATEWAY_WEB"}

    def make(kind: str, source: Path) -> None:
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path), "-t", kind]
        subprocess.run(command, cwd=source, env=environment, capture_output=True, timeout=300, check=True)  # noqa: S603

    make("sdist", ROOT)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        assert [name for name in archive.getnames() if re.search("node_modules|generated|/pages/", name)] == []
        archive.extractall(tmp_path / "source", filter="data")
    [source] = (tmp_path / "source").iterdir()
    # Downloading the packages again would take most of the time.
    (source / "web" / "node_modules").symlink_to(PACKAGES)
    make("wheel", source)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        names = set(archive.namelist())
    assert {f"gateway/pages/{name}" for name in ("explorer.html", "graphiql.html", "THIRD-PARTY-LICENSES.txt")} <= names
    assert {name.partition("/")[0] for name in names} == {"gateway", "lineage_gateway-0.1.0.dist-info"}


@pytest.mark.parametrize("project", ["web", "tests/node"])
def test_lock_files_are_complete(project: str) -> None:
    packages = orjson.loads((ROOT / project / "package-lock.json").read_bytes())["packages"]
    installed = {place: package for place, package in packages.items() if place}
    assert [place for place, package in installed.items() if not package.get("integrity")] == []
    assert [place for place, package in installed.items() if "resolved" in package] == []
    # npm omits other platforms' packages when it writes the lock file from an existing node_modules.
    optional = {name for package in installed.values() for name in package.get("optionalDependencies", ())}
    assert {name for name in optional if not any(place.endswith(f"node_modules/{name}") for place in packages)} == set()
