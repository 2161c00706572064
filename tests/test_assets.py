"""Serving the pages and their assets: unchanged, with their own content security policies, under any mount path."""

import http.client
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import orjson
import pytest
from conftest import needs_pages, running
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway.app import create_app
from gateway.http import pages
from gateway.http.headers import SECURE
from gateway.local.server import LocalServer
from gateway.settings import Settings

README = (Path(__file__).parents[1] / "README.md").read_text()
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
BLOCK = re.compile(r'<script type="application/json" id="gateway">(.*?)</script>', re.DOTALL)
STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".ttf": "font/ttf"}
ASSETS = {file.name: file.read_bytes() for file in pages.BUILT.glob("assets/*") if file.suffix != ".gz"}
ASSET = next(iter(ASSETS), "none.js")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """An empty key file."""
    file = tmp_path / "keys.toml"
    file.write_text("keys = []")
    return file


def policy(response: httpx.Response) -> dict[str, str]:
    [value] = response.headers.get_list("content-security-policy")
    directives = (directive.strip().partition(" ") for directive in value.split(";"))
    return {name: sources for name, _, sources in directives}


def configured(page: httpx.Response) -> Any:
    [block] = BLOCK.findall(page.text)
    return orjson.loads(block)


def addresses(page: httpx.Response) -> list[str]:
    return re.findall(r'(?:src|href)="([^"]*)"', page.text)


@needs_pages
@pytest.mark.parametrize(
    ("path", "more"), [("/", {}), ("/graphql", {"style-src": "'self' 'unsafe-inline'"})], ids=["explorer", "graphiql"]
)
async def test_page_has_its_own_policy(http: httpx.AsyncClient, path: str, more: dict[str, str]) -> None:
    page = await http.get(path, headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert policy(page) == STRICT | more
    other = SECURE.keys() - {"Content-Security-Policy"}
    assert {name: page.headers.get_list(name) for name in other} == {name: [SECURE[name]] for name in other}


@needs_pages
@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_page_keeps_to_its_policy(http: httpx.AsyncClient, path: str) -> None:
    page = await http.get(path, headers=HTML)
    assert len(addresses(page)) > 2
    assert [address for address in addresses(page) if not address.startswith("./")] == []
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", page.text) == ['<script type="application/json" id="gateway">']
    assert re.findall(r"<style|\sstyle=|\son\w+=", page.text) == []


@needs_pages
@pytest.mark.parametrize(
    ("settings", "demo", "expected"),
    [
        ({}, True, {"prefix": "", "auth": "none", "demo": True, "graphiql": True}),
        ({"type_prefix": "Ml"}, False, {"prefix": "Ml", "auth": "none", "demo": False, "graphiql": True}),
        (
            {"profile": "production", "auth": "api-key"},
            False,
            {"prefix": "", "auth": "api-key", "demo": False, "graphiql": False},
        ),
    ],
)
async def test_page_contains_its_configuration(
    server: LocalServer,
    keys: Path,
    settings: dict[str, Any],
    demo: bool,  # noqa: FBT001
    expected: dict[str, Any],
) -> None:
    async with running(Settings(local_url=server.url, api_keys=keys, **settings), demo=demo) as client:
        for path in ("/", "/graphql") if expected["graphiql"] else ("/",):
            assert configured(await client.get(path, headers=HTML)) == expected


@needs_pages
def test_hostile_setting_stays_in_block() -> None:
    hostile = "</script><script>alert(1)</script>"
    with pytest.raises(ValueError, match="type_prefix"):
        Settings(type_prefix=hostile)
    page = pages.Pages(Settings().model_copy(update={"type_prefix": hostile}), demo=False).explorer
    [block] = BLOCK.findall(bytes(page.body).decode())
    assert orjson.loads(block)["prefix"] == hostile


@needs_pages
@pytest.mark.parametrize("path", ["/", "/graphql"])
def test_head_has_no_body(gateway: str, path: str) -> None:
    for asked in (path, f"/assets/{ASSET}"):
        got, head = (httpx.request(method, f"http://{gateway}{asked}", headers=HTML) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (200, b"")
        assert {"content-length", "content-type", "content-security-policy"} <= head.headers.keys()
        assert {n: v for n, v in head.headers.items() if n not in {"date", "x-request-id"}} == {
            n: v for n, v in got.headers.items() if n not in {"date", "x-request-id"}
        }


@needs_pages
@pytest.mark.parametrize("encoding", ["gzip, deflate, br", "identity"])
async def test_assets_are_as_built(http: httpx.AsyncClient, encoding: str) -> None:
    for name, content in ASSETS.items():
        asset = await http.get(f"/assets/{name}", headers={"accept-encoding": encoding})
        assert (asset.status_code, asset.content) == (200, content)
        assert asset.headers["content-type"].partition(";")[0] == TYPES[Path(name).suffix]
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["vary"] == "Accept-Encoding"
        # Browsers cache assets for a year, so a changed asset needs a new name.
        assert re.fullmatch(r".+-[\w-]{8}\.\w+", name)


@needs_pages
async def test_large_assets_come_compressed(http: httpx.AsyncClient) -> None:
    for name, content in ASSETS.items():
        asset = await http.get(f"/assets/{name}", headers={"accept-encoding": "gzip"})
        if len(content) > 10_000:
            assert asset.headers["content-encoding"] == "gzip"
            assert int(asset.headers["content-length"]) < len(content)


@needs_pages
async def test_refused_compression_is_left_out(http: httpx.AsyncClient) -> None:
    for name in ASSETS:
        asset = await http.get(f"/assets/{name}", headers={"accept-encoding": "identity, gzip;q=0"})
        assert "content-encoding" not in asset.headers


@needs_pages
async def test_cached_asset_is_not_resent(http: httpx.AsyncClient) -> None:
    largest = max(ASSETS, key=lambda name: len(ASSETS[name]))

    async def asset(encoding: str, known: str) -> httpx.Response:
        return await http.get(f"/assets/{largest}", headers={"accept-encoding": encoding, "if-none-match": known})

    tag = (await asset("gzip", '"other"')).headers["etag"]
    again = await asset("gzip", f'"other", W/{tag}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await asset("identity", tag)).content == ASSETS[largest]


@needs_pages
async def test_only_layout_may_compile_wasm(http: httpx.AsyncClient) -> None:
    policies = {name: policy(await http.get(f"/assets/{name}")) for name in ASSETS}
    sources = {name: directives.pop("script-src") for name, directives in policies.items()}
    assert all(directives == {"default-src": "'none'", "frame-ancestors": "'none'"} for directives in policies.values())
    [layout] = [name for name in ASSETS if name.startswith("layout.worker-")]
    assert sources.pop(layout) == "'self' 'wasm-unsafe-eval'"
    assert set(sources.values()) == {"'self'"}


@pytest.mark.parametrize(
    "path",
    [
        "/assets",
        "/assets/",
        "/assets/nothing.js",
        "/assets/../explorer.html",
        "/assets/..%2fexplorer.html",
        "/assets/%2e%2e/explorer.html",
        "/assets/..%5cexplorer.html",
        "/assets/.inputs",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/%00",
        "/explorer.html",
        "/pages/explorer.html",
        f"/assets/{ASSET}.gz",
        f"/assets/{ASSET}/",
    ],
)
def test_nothing_else_is_served(gateway: str, path: str) -> None:
    # httpx would normalise the path.
    connection = http.client.HTTPConnection(gateway)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert (response.status in {307, 404}, b"<!doctype" in body) == (True, False), (response.status, body[:100])


@needs_pages
async def test_licences_are_served(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    [address] = re.findall(r'<link rel="license" href="([^"]+)"', page.text)
    licences = await http.get(urljoin("/", address))
    assert licences.headers["content-type"] == "text/plain; charset=utf-8"
    for bundled in ("react-dom 19", "@xyflow/react 12", "Graphviz", "Eclipse Public License - v 2.0", "Expat"):
        assert bundled in licences.text


@pytest.fixture
async def mounted(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A client of README's example application, which mounts the gateway at /lineage."""
    monkeypatch.setenv("GATEWAY_LOCAL_URL", server.url)
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {
        thing.__name__: thing for thing in (Mount, Settings, Starlette, asynccontextmanager, create_app)
    }
    exec(example, names)  # noqa: S102
    app: Starlette = names["app"]
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield client


@needs_pages
@pytest.mark.parametrize("path", ["/lineage", "/lineage/", "/lineage/graphql", "/lineage/graphql/"])
async def test_pages_work_where_mounted(mounted: httpx.AsyncClient, path: str) -> None:
    page = await mounted.get(path, headers=HTML, follow_redirects=True)
    assert page.status_code == 200
    for address in addresses(page):
        asset = await mounted.get(urljoin(str(page.url), address))
        assert (asset.status_code, asset.url.path.startswith("/lineage/")) == (200, True), address
    asked = await mounted.post(urljoin(str(page.url), "./graphql"), json={"query": "{ __typename }"})
    assert asked.json() == {"data": {"__typename": "Query"}}


async def test_routes_are_counted_where_mounted(mounted: httpx.AsyncClient) -> None:
    for path in ("graphql", "assets/nothing.js", "nothing"):
        await mounted.get(f"/lineage/{path}", headers={"accept": "application/json"})
    text = (await mounted.get("/lineage/metrics")).text
    routes = re.findall(r'requests_total\{.*route="([^"]*)"', text)
    assert set(routes) == {"/graphql", "/assets/{name}", "other"}


async def test_pages_need_no_sign_in(server: LocalServer, keys: Path) -> None:
    async with running(Settings(local_url=server.url, auth="api-key", api_keys=keys)) as client:
        assert [(await client.get(path, headers=HTML)).status_code for path in ("/", "/graphql")] == [200, 200]
        assert (await client.post("/graphql", json={"query": "{ __typename }"})).status_code == 401


@pytest.fixture
def no_pages(tmp_path: Path) -> Iterator[None]:
    """Hide the built pages, as in a build with GATEWAY_WEB=skip."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "BUILT", tmp_path)
        yield


@pytest.mark.usefixtures("no_pages")
async def test_missing_pages_say_so(server: LocalServer) -> None:
    async with running(Settings(local_url=server.url, cache_url="off")) as client:
        for path in ("/", "/graphql"):
            page = await client.get(path, headers=HTML)
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert "GATEWAY_WEB=skip" in page.text
            assert {name: page.headers[name] for name in SECURE} == SECURE
        assert [(await client.get(path)).status_code for path in ("/licenses", "/assets/layout.js")] == [404, 404]
        answer = await client.post("/graphql", json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "Query"}}
