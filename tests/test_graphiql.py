"""GraphiQL in a real browser, served by the gateway without other origins."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
import pytest
from browser import Visit, violations, visiting
from conftest import listening
from issuer import AUDIENCE, ISSUER, issuing
from playwright.async_api import Browser, FloatRect, Locator, expect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.callers import Role
from gateway.http.keys import new_key
from gateway.local.server import LocalServer
from gateway.settings import Settings

EXAMPLES = [
    "FindArtifact",
    "UpstreamOfModel",
    "ImpactOfDataset",
    "PathBetween",
    "EndpointToItsData",
    "TruncatedWalk",
    "WatchWalk",
]
LINKED = "query Linked($first: Int!) { artifacts(first: $first) { nodes { name } } }"
LINK = "graphql#" + urlencode({"query": LINKED, "variables": '{"first": 1}', "headers": '{"X-Api-Key": "theirs"}'})


class GraphiQL:
    """Locators and actions for GraphiQL."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page = visit.page
        self.tabs = self.page.locator(".graphiql-tab-button")
        self.query = self.page.get_by_role("region", name="Operation Editor")
        self.types = self.page.get_by_text("All Schema Types")

    async def titles(self) -> list[str]:
        return await self.tabs.all_text_contents()

    async def open_tab(self, title: str) -> None:
        await self.tabs.filter(has_text=re.compile(f"^{title}$")).click()
        await expect(self.query).to_contain_text(f" {title}")
        await self.wait_until_parsed()

    async def write(self, editor: Locator, text: str) -> None:
        """Replace an editor's text."""
        await editor.locator(".view-lines").click()
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)

    async def ask(self, text: str) -> Any:
        """Type an operation, run it and return the response."""
        await self.write(self.query, text)
        await self.wait_until_parsed()
        await self.page.keyboard.press("Control+Enter")
        return await self.answer()

    async def wait_until_parsed(self) -> None:
        """Wait until GraphiQL has parsed and stored the operation."""
        await self.stored("query", await self.text("operation.graphql"))

    async def sign_in(self, credentials: str) -> None:
        """Paste credentials at the end of the only value in the headers editor."""
        await self.page.get_by_role("region", name="Headers").locator(".view-lines").last.click()
        for key in ("Control+End", "ArrowUp", "End", "ArrowLeft"):
            await self.page.keyboard.press(key)
        await self.page.keyboard.insert_text(credentials)
        await expect(self.types).to_be_visible()

    async def text(self, editor: str) -> str:
        """Return an editor's whole text, of which the page shows only the visible lines."""
        find = "name => __MONACO.editor.getModels().find(model => model.uri.path.endsWith(name)).getValue()"
        text: str = await self.page.evaluate(find, editor)
        return text

    async def run(self) -> Any:
        """Run the open tab and return the response, or the last one of a subscription."""
        await self.page.get_by_role("button", name="Execute query").click()
        return await self.answer()

    async def answer(self) -> Any:
        await expect(self.page.locator(".graphiql-response")).to_contain_text(re.compile(r'"(data|errors)"'))
        await expect(self.page.get_by_role("button", name="Execute query")).to_be_visible()
        return orjson.loads(await self.text("response.json"))

    async def stored(self, name: str, part: str, *, there: bool = True) -> None:
        """Wait until the value of a key in the browser's storage contains a text, or no longer does."""
        await self.page.wait_for_function(
            "([name, part, there]) => there =="
            "  localStorage[`lineage-gateway ${location.pathname}:graphiql:${name}`]?.includes(part)",
            arg=[name, part, there],
        )


@pytest.fixture(scope="module")
def demo() -> Iterator[LocalServer]:
    with LocalServer(demo=True) as local:
        yield local


@pytest.fixture(scope="module")
def url(demo: LocalServer) -> Iterator[str]:
    with listening(Settings(local_url=demo.url)) as address:
        yield f"http://{address}/"


class Keyed(NamedTuple):
    """A gateway that requires an API key."""

    url: str
    key: str


@pytest.fixture(scope="module")
def keyed(demo: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    key, entry = new_key("tester", [Role.READ])
    file = tmp_path_factory.mktemp("keys") / "keys.toml"
    file.write_text(entry)
    with listening(Settings(local_url=demo.url, auth="api-key", api_keys=file)) as address:
        yield Keyed(f"http://{address}/", key)


@asynccontextmanager
async def graphiql(browser: Browser, address: str, **profile: Any) -> AsyncIterator[GraphiQL]:
    """Open GraphiQL at a URL and wait until it shows the docs."""
    async with visiting(browser, address, **profile) as visit:
        opened = GraphiQL(visit)
        await expect(opened.types).to_be_visible()
        await expect(opened.query.locator(".view-lines")).to_be_visible()
        yield opened


@pytest.fixture
async def opened(browser: Browser, url: str) -> AsyncIterator[GraphiQL]:
    async with graphiql(browser, f"{url}graphql") as page:
        yield page


async def test_examples_are_beside_docs(opened: GraphiQL) -> None:
    assert await opened.page.title() == "GraphiQL · lineage-gateway"
    assert await opened.titles() == EXAMPLES
    assert opened.visit.operations[0]["operationName"] == "IntrospectionQuery"
    await opened.page.get_by_role("link", name="LineageEntity", exact=True).click()
    await expect(opened.page.locator(".graphiql-doc-explorer-title")).to_have_text("LineageEntity")


async def test_docs_search_shows_its_keys(opened: GraphiQL) -> None:
    room = await opened.page.get_by_placeholder("Ctrl Alt K").evaluate(
        """one => {
            const text = document.createElement("canvas").getContext("2d");
            const { fontSize, fontFamily } = getComputedStyle(one);
            text.font = `${fontSize} ${fontFamily}`;
            return one.clientWidth - text.measureText(one.placeholder).width;
        }"""
    )
    assert room > 0


async def test_link_leads_to_explorer(opened: GraphiQL, url: str) -> None:
    link = opened.page.get_by_role("link", name="Lineage explorer")
    assert await link.evaluate("link => link.href") == url


async def test_editor_completes_a_field(opened: GraphiQL) -> None:
    await opened.write(opened.query, "{ reso")
    await expect(opened.page.get_by_role("option", name="resolve", exact=True)).to_be_visible()
    await opened.page.keyboard.press("Enter")
    await expect(opened.query.locator(".view-lines")).to_contain_text("resolve")


async def test_choice_shows_in_forced_colours(browser: Browser, url: str) -> None:
    async with graphiql(browser, f"{url}graphql", forced_colors="active") as opened:
        await opened.write(opened.query, "{ artifacts { nodes { ")
        await opened.page.keyboard.press("Control+Space")
        chosen, other = (opened.page.get_by_role("option").nth(at) for at in (0, 1))
        await expect(chosen).to_have_css("outline-style", "solid")
        await expect(other).to_have_css("outline-style", "none")


async def test_mistakes_are_underlined(opened: GraphiQL) -> None:
    await opened.write(opened.query, "{ nothing }")
    await expect(opened.query.locator(".squiggly-error").first).to_be_visible()


async def test_query_is_answered(opened: GraphiQL) -> None:
    answer = await opened.ask('{ context(name: "churn-staging") { name ')
    assert answer == {"data": {"context": {"name": "churn-staging"}}}


async def test_mistake_is_answered(opened: GraphiQL) -> None:
    [error] = (await opened.ask("{ nothing "))["errors"]
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    opened.visit.complaints.remove("Failed to load resource: the server responded with a status of 400 (Bad Request)")


def check(title: str, data: Any) -> None:
    """Check that an example's response has data; names with a prefix are compared without it."""
    found = {next(name for name in (key, key.removeprefix("sageMaker")) if name): value for key, value in data.items()}
    assert all(found.values()), title
    [first, *_] = found.values()
    if title == "PathBetween":
        assert first["paths"][0]["length"] == 4
    if title == "TruncatedWalk":
        assert first["coverage"]["reasons"] == ["MAX_VERTICES"]
        assert first["coverage"]["frontier"]
    if title == "WatchWalk":
        assert first["coverage"]["complete"]


async def test_examples_answer_as_they_are(opened: GraphiQL) -> None:
    for title in EXAMPLES:
        await opened.open_tab(title)
        answer = await opened.run()
        assert "errors" not in answer
        check(title, answer["data"])


async def test_examples_answer_with_a_prefix(browser: Browser, demo: LocalServer) -> None:
    with listening(Settings(local_url=demo.url, type_prefix="SageMaker", node_field=False)) as address:
        async with graphiql(browser, f"http://{address}/graphql") as opened:
            assert await opened.titles() == EXAMPLES
            for title in EXAMPLES:
                await opened.open_tab(title)
                answer = await opened.run()
                assert "errors" not in answer
                assert all(name.startswith("sageMaker") for name in answer["data"])
                check(title, answer["data"])


async def test_subscription_streams(opened: GraphiQL) -> None:
    await opened.open_tab("WatchWalk")
    await opened.run()
    messages = [orjson.loads(frame) for frame in opened.visit.frames]
    assert [message["type"] for message in messages] == ["connection_ack", "next", "next", "complete"]
    walked = messages[1]["payload"]["data"]["lineage"]
    assert len(walked["vertices"]) == walked["visited"] > 20


async def test_refused_socket_is_reported(browser: Browser, demo: LocalServer) -> None:
    def refusing(app: ASGIApp) -> ASGIApp:
        """A proxy that blocks WebSockets."""

        async def proxied(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close"})
            else:
                await app(scope, receive, send)

        return proxied

    with listening(Settings(local_url=demo.url), refusing) as address:
        async with graphiql(browser, f"http://{address}/graphql") as opened:
            await opened.open_tab("WatchWalk")
            [error] = (await opened.run())["errors"]
            assert error["message"].startswith("No WebSocket to the gateway could be opened: ")
            [complaint] = opened.visit.complaints
            assert "WebSocket connection" in complaint
            opened.visit.complaints.clear()


async def test_closed_socket_is_reported(browser: Browser, demo: LocalServer) -> None:
    def closing(app: ASGIApp) -> ASGIApp:
        """A proxy that closes a WebSocket after the first message of a subscription."""

        async def proxied(scope: Scope, receive: Receive, send: Send) -> None:
            closed = False

            async def send_once(message: Message) -> None:
                nonlocal closed
                if closed:
                    return
                await send(message)
                if '"next"' in message.get("text", ""):
                    closed = True
                    await send({"type": "websocket.close", "code": 4400, "reason": "Enough"})

            await app(scope, receive, send_once)

        return proxied

    with listening(Settings(local_url=demo.url), closing) as address:
        async with graphiql(browser, f"http://{address}/graphql") as opened:
            await opened.open_tab("WatchWalk")
            await opened.page.get_by_role("button", name="Execute query").click()
            await expect(opened.page.locator(".graphiql-response")).to_contain_text("Socket closed")
            assert await opened.answer() == {"errors": [{"message": "Socket closed with event 4400 Enough"}]}


async def test_unreachable_gateway_is_reported(opened: GraphiQL) -> None:
    await opened.page.route("**/graphql", lambda route: route.abort())
    assert await opened.run() == {"errors": [{"message": "The gateway cannot be reached."}]}
    opened.visit.complaints.clear()


async def test_failing_proxy_is_reported(opened: GraphiQL) -> None:
    await opened.page.route("**/graphql", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    assert await opened.run() == {"errors": [{"message": "The server answered with status 502."}]}
    opened.visit.complaints.clear()


async def test_tabs_are_kept(opened: GraphiQL) -> None:
    await opened.page.get_by_role("button", name="Close Tab").first.click()
    await opened.write(opened.query, "query Mine { contexts { nodes { name ")
    await opened.stored("tabState", "query Mine { contexts { nodes { name }}}")
    await opened.page.reload()
    await expect(opened.query).to_contain_text("query Mine")
    assert await opened.titles() == ["Mine", *EXAMPLES[2:]]


async def test_menu_brings_examples_back(opened: GraphiQL) -> None:
    await opened.page.get_by_role("button", name="Close Tab").first.click()
    await expect(opened.tabs).to_have_count(len(EXAMPLES) - 1)
    # GraphiQL switches tabs asynchronously, and mixes two tabs up if the next action comes too early.
    await opened.stored("tabState", '"title":"FindArtifact"', there=False)
    for title in ("FindArtifact", "PathBetween"):
        await opened.page.get_by_role("button", name="Examples").press("Enter")
        await opened.page.get_by_role("menuitem", name=title).press("Enter")
        await expect(opened.query).to_contain_text(f"query {title}")
    await expect(opened.tabs).to_have_text([*EXAMPLES[1:], "FindArtifact"])


async def test_link_opens_and_runs_nothing(browser: Browser, url: str) -> None:
    async with graphiql(browser, url + LINK) as opened:
        assert await opened.titles() == ["Linked", *EXAMPLES]
        assert await opened.text("operation.graphql") == LINKED
        assert await opened.text("variables.json") == '{"first": 1}'
        assert await opened.text("request-headers.json") == ""
        await expect(opened.page).to_have_url(f"{url}graphql")
        answer = await opened.run()
        assert [asked["operationName"] for asked in opened.visit.operations] == ["IntrospectionQuery", "Linked"]
        assert len(answer["data"]["artifacts"]["nodes"]) == 1


async def test_link_opens_beside_own_tabs(opened: GraphiQL, url: str) -> None:
    await opened.open_tab("PathBetween")
    await opened.stored("tabState", '"activeTabIndex":3')
    for _ in range(2):
        # Only the fragment differs, so the browser does not reload the page.
        await opened.page.goto(url + LINK)
        await expect(opened.query).to_contain_text("query Linked")
        await expect(opened.tabs).to_have_text(["Linked", *EXAMPLES])
        await opened.stored("tabState", "query Linked")
        await opened.open_tab("PathBetween")


async def test_key_signs_in_for_all_tabs(browser: Browser, keyed: Keyed) -> None:
    async with visiting(browser, f"{keyed.url}graphql") as visit:
        opened = GraphiQL(visit)
        await expect(opened.query).to_contain_text("Sign in first: put your API key into the Headers below.")
        assert orjson.loads(await opened.text("request-headers.json")) == {"X-Api-Key": ""}
        await expect(opened.page.get_by_text("Error fetching schema")).to_be_visible()
        forget_refusals(visit)
        await opened.sign_in(keyed.key)
        for title in ("FindArtifact", "PathBetween", "WatchWalk"):
            await opened.open_tab(title)
            check(title, (await opened.run())["data"])
        await opened.stored("tabState", '"activeTabIndex":6')
        kept = await opened.page.evaluate("({...localStorage})")
        assert any(name.endswith("queries") for name in kept)
        assert not [name for name, text in kept.items() if keyed.key in text]


async def test_headers_are_kept_when_asked(browser: Browser, keyed: Keyed) -> None:
    async with visiting(browser, f"{keyed.url}graphql") as visit:
        opened = GraphiQL(visit)
        await expect(opened.page.get_by_text("Error fetching schema")).to_be_visible()
        forget_refusals(visit)
        await opened.sign_in(keyed.key)
        await opened.page.get_by_role("button", name="Open settings dialog").click()
        await opened.page.get_by_role("button", name="On", exact=True).click()
        await opened.stored("headers", keyed.key)
        await opened.page.reload()
        await expect(opened.types).to_be_visible()


async def test_explorers_sign_in_is_shared(browser: Browser, keyed: Keyed) -> None:
    async with visiting(browser, keyed.url) as visit:
        await visit.page.get_by_label("API key").fill(keyed.key)
        await visit.page.keyboard.press("Enter")
        await expect(visit.page.get_by_role("button", name="Sign out")).to_be_visible()
        visit.complaints.clear()  # those from before signing in
        await visit.page.goto(f"{keyed.url}graphql")
        await expect(GraphiQL(visit).types).to_be_visible()


async def test_token_signs_in(browser: Browser, demo: LocalServer) -> None:
    with issuing() as issuer:
        signing = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_jwks": issuer.url}
        with listening(Settings(local_url=demo.url, auth="jwt", **signing)) as address:
            async with visiting(browser, f"http://{address}/graphql") as visit:
                opened = GraphiQL(visit)
                await expect(opened.query).to_contain_text("Sign in first: put your token behind Bearer")
                await expect(opened.page.get_by_text("Error fetching schema")).to_be_visible()
                forget_refusals(visit)
                await opened.sign_in(issuer.token())


def forget_refusals(visit: Visit) -> None:
    """Remove the console's errors for GraphiQL's two requests of the schema before signing in."""
    refused = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
    assert visit.complaints == [refused] * 2
    visit.complaints.clear()


def below(path: str, app: ASGIApp) -> ASGIApp:
    """A proxy that serves an application below a path."""

    async def shown(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            assert scope["path"].startswith(path)
            scope = {**scope, "path": scope["path"].removeprefix(path)}
        await app(scope, receive, send)

    return shown


async def test_path_of_a_proxy_is_kept(browser: Browser, demo: LocalServer) -> None:
    with listening(Settings(local_url=demo.url), lambda app: below("/ml/lineage", app)) as address:
        async with graphiql(browser, f"http://{address}/ml/lineage/graphql") as opened:
            for title in ("FindArtifact", "WatchWalk"):
                await opened.open_tab(title)
                check(title, (await opened.run())["data"])


async def test_policy_forbids_other_places(opened: GraphiQL) -> None:
    sent = "fetch('https://example.com').then(() => 'sent', () => 'forbidden')"
    assert await opened.page.evaluate(sent) == "forbidden"
    assert any("Content Security Policy" in complaint for complaint in opened.visit.complaints)
    opened.visit.complaints.clear()


async def test_editors_follow_the_system(opened: GraphiQL) -> None:
    for scheme, theme in (("dark", "vs-dark"), ("light", "vs")):
        await opened.page.emulate_media(color_scheme=scheme)
        await expect(opened.query.locator(".monaco-editor").first).to_have_class(re.compile(rf"(?<!\S){theme}(?!\S)"))


@pytest.mark.parametrize(("width", "height"), [(390, 780), (640, 360), (960, 400)])
async def test_small_screens_hold_the_page(browser: Browser, url: str, width: int, height: int) -> None:
    async with visiting(browser, f"{url}graphql", viewport={"width": width, "height": height}) as visit:
        opened = GraphiQL(visit)
        await expect(opened.query.locator(".view-lines")).to_contain_text("Find an artifact")
        places = [
            await opened.page.locator(part).bounding_box()
            for part in (".graphiql-query-editor", ".graphiql-editor-tools", ".graphiql-response", ".graphiql-tabs")
        ]
        document, tools, answer, tabs = [place for place in places if place]
        assert document["y"] + document["height"] <= tools["y"] + 1
        below = tools["y"] + tools["height"] <= answer["y"] + 1
        assert below or tools["x"] + tools["width"] <= answer["x"] + 1
        assert tabs["width"] > 200


@pytest.mark.parametrize("panel", ["Documentation Explorer", "History"])
async def test_panels_leave_the_document_room(browser: Browser, url: str, panel: str) -> None:
    async with visiting(browser, f"{url}graphql", viewport={"width": 390, "height": 844}) as visit:
        opened = GraphiQL(visit)
        await expect(opened.query.locator(".view-lines")).to_contain_text("Find an artifact")
        before = await place_of(opened.query)
        await opened.page.get_by_role("button", name=f"Show {panel}").click()
        shown, after = await place_of(opened.page.locator(".graphiql-plugin")), await place_of(opened.query)
        assert shown["width"] > 300
        assert (after["width"], after["height"]) == (before["width"], before["height"])
        assert shown["y"] + shown["height"] <= after["y"]


async def place_of(part: Locator) -> FloatRect:
    place = await part.bounding_box()
    assert place
    return place


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser: Browser, url: str, scheme: str) -> None:
    async with graphiql(browser, f"{url}graphql", color_scheme=scheme) as opened:
        await opened.run()
        assert await violations(opened.page) == []
        await opened.page.get_by_role("link", name="LineageEntity", exact=True).click()
        await opened.page.get_by_role("button", name="Examples").click()
        # GraphiQL opens its menus outside the page's landmarks.
        assert await violations(opened.page, "region") == []
        await opened.page.keyboard.press("Escape")
        await opened.page.get_by_role("button", name="Show History").click()
        await expect(opened.page.get_by_role("button", name="FindArtifact", exact=True)).to_have_count(2)
        assert await violations(opened.page) == []
        await opened.page.get_by_role("button", name="Open settings dialog").click()
        assert await violations(opened.page) == []
