"""Serves the pages (explorer and GraphiQL) and their assets, which web/hatch_build.py builds."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from gateway.http.accept import Accept
from gateway.settings import Settings

BUILT = Path(__file__).parents[1] / "pages"
"""Directory of the built pages; it is absent if they were left out."""
ASSETS = "/assets/{name}"
"""Route of the pages' scripts, styles and fonts."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MONACO_POLICY = _POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""For GraphiQL, whose editor (Monaco) inserts style elements."""
_SCRIPT_POLICY = "default-src 'none'; script-src 'self'; frame-ancestors 'none'"
"""For scripts: a worker has the policy of its own script, which may import others."""
_LAYOUT_POLICY = _SCRIPT_POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
"""For the layout worker, which compiles Graphviz from WebAssembly."""

_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
"""Media types by suffix: the table of Python's `mimetypes` differs between machines."""

_BLOCK = re.compile(r'(<script type="application/json" id="gateway">)\s*\{\}\s*(</script>)')

_MISSING = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>lineage-gateway</title>
<h1>The pages are not here</h1>
<p>The lineage explorer and GraphiQL were left out when this gateway was installed (<code>GATEWAY_WEB=skip</code>).
Install it again without that variable, as by <code>pip install .</code>, to have them.</p>
<p>Nothing else is missing: GraphQL is answered at <code>/graphql</code>.</p>
</html>
"""


class Pages:
    """The responses and routes of the pages, which embed their configuration as JSON."""

    def __init__(self, settings: Settings, *, demo: bool) -> None:
        """Load the pages; with ``demo``, they say that the account is made up."""
        config = {
            "prefix": settings.type_prefix or "",
            "auth": settings.auth,
            "demo": demo,
            "graphiql": settings.profile != "production",
        }
        self.explorer = _page("explorer.html", config, _POLICY)
        self.graphiql = _page("graphiql.html", config, _MONACO_POLICY) if config["graphiql"] else None
        """None under the production profile."""
        # Only files listed here are served, so that a request cannot name any other path.
        self._assets = {file.name: file for file in BUILT.glob("assets/*")}

    @property
    def routes(self) -> list[Route]:
        """The routes, without that of GraphiQL, which the GraphQL endpoint serves itself."""
        return [
            Route("/", self.explorer, methods=["GET"]),
            Route(ASSETS, self._asset),
            Route("/licenses", _licenses),
        ]

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        file = self._assets.get(name)
        if not file or file.suffix not in _TYPES:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        headers = {
            # The name contains a hash of the content.
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": _LAYOUT_POLICY if name.startswith("layout") else _SCRIPT_POLICY,
            "Vary": "Accept-Encoding",
        }
        if f"{name}.gz" in self._assets and Accept(request.headers, "accept-encoding").names("gzip"):
            headers["Content-Encoding"] = "gzip"
            name = f"{name}.gz"
        headers["ETag"] = f'"{name}"'
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return FileResponse(self._assets[name], headers=headers, media_type=_TYPES[file.suffix])


def _page(name: str, config: dict[str, Any], policy: str) -> Response:
    file = BUILT / name
    if not file.exists():
        return HTMLResponse(_MISSING)
    # Without this character, no value can close the script element.
    block = orjson.dumps(config).decode().replace("<", "\\u003c")
    html = _BLOCK.sub(lambda found: f"{found[1]}{block}{found[2]}", file.read_text(encoding="utf-8"))
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


async def _licenses(_: Request) -> Response:
    file = BUILT / "THIRD-PARTY-LICENSES.txt"
    if not file.exists():
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(file, media_type="text/plain")
