"""The lineage explorer in a real browser: the picture, and how it is navigated."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import explorer_page
import orjson
import pytest
from browser import Visit, violations, visiting
from conftest import listening
from dag import ENDPOINT
from dag import lines as layered
from graphs import arn, artifact_arn, component_arn, fan
from playwright.async_api import Browser, Locator, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.local.server import LocalServer
from gateway.settings import Settings

account, demo = explorer_page.account, explorer_page.demo

STAGING = arn("context", "churn-staging")
IMAGE = "image-inference"
FORBID_STORAGE = """for (const kind of ["localStorage", "sessionStorage"]) {
  const get = () => { throw new DOMException("Access is denied for this document.", "SecurityError"); };
  Object.defineProperty(window, kind, { configurable: true, get });
}"""


class Picture:
    """Locators and actions for the explorer's canvas."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page = visit.page
        self.cards = self.page.locator(".face[data-arn]")

    def card(self, name: str) -> Locator:
        return self.page.locator(".card", has=self.page.get_by_text(name, exact=True))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def names(self) -> set[str]:
        await expect(self.page.locator(".name.unnamed")).to_have_count(0)
        return set(await self.page.locator(".card .name").all_text_contents())

    async def places(self) -> dict[str, tuple[float, float]]:
        """Return the cards' positions in the picture's coordinates."""
        read = "all => all.map(one => [one.dataset.id, one.style.transform])"
        found = await self.page.locator(".react-flow__node").evaluate_all(read)
        return {id: tuple(map(float, re.findall(r"-?[\d.]+", place)[:2])) for id, place in found}  # type: ignore[misc]

    async def focused(self) -> str:
        label: str = await self.page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")
        return label.partition(",")[0]


@asynccontextmanager
async def drawn(browser: Browser, url: str, **profile: Any) -> AsyncIterator[Picture]:
    """Open the explorer and wait for its first cards' names."""
    async with visiting(browser, url, **profile) as visit:
        picture = Picture(visit)
        await expect(picture.page.locator(".name:not(.unnamed)").first).to_be_visible()
        yield picture


async def test_first_picture_shows_latest_endpoint(browser: Browser, demo: str) -> None:
    async with drawn(browser, demo) as picture:
        await expect(picture.card("churn-staging")).to_have_class(re.compile("start"))
        await expect(picture.card("deploy-3-to-staging")).to_be_visible()
        await expect(picture.card("model-c3z7demo")).to_be_visible()
        await expect(picture.card("train-c3z7demo")).to_be_visible()
        await expect(picture.page).to_have_url(re.compile("start="))


async def test_vertex_shows_one_hop_each_way(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={arn('action', 'deploy-3-to-staging')}") as picture:
        await expect(picture.cards).to_have_count(4)
        assert await picture.names() == {"churn-version-3", IMAGE, "deploy-3-to-staging", "churn-staging"}


async def test_sides_open_and_close(browser: Browser, demo: str) -> None:
    async with drawn(browser, demo) as picture:
        side = picture.card(IMAGE).get_by_role("button", name=f"downstream of {IMAGE}")
        await expect(side).to_have_text("2")
        await side.click()
        await expect(picture.card("deploy-2-to-production")).to_be_visible()
        await expect(side).to_have_attribute("aria-expanded", "true")
        await side.click()
        await expect(picture.card("deploy-2-to-production")).to_have_count(0)


async def test_adding_moves_no_card(browser: Browser, demo: str) -> None:
    async with drawn(browser, demo) as picture:
        await expect(picture.cards).to_have_count(10)
        before = await picture.places()
        await picture.card(IMAGE).get_by_role("button", name=f"downstream of {IMAGE}").click()
        await expect(picture.card("deploy-2-to-production")).to_be_visible()
        after = await picture.places()
        assert len(after) == len(before) + 2
        moves = [abs(a - b) for id in before for a, b in zip(before[id], after[id], strict=True)]
        assert max(moves) < 1


async def test_address_brings_the_picture_back(browser: Browser, demo: str) -> None:
    roomy = {"viewport": {"width": 2200, "height": 900}}  # cards outside the viewport are not in the DOM
    async with drawn(browser, f"{demo}#start={STAGING}&up=4&down=0", **roomy) as picture:
        await picture.card(IMAGE).get_by_role("button", name=f"downstream of {IMAGE}").click()
        await expect(picture.card("deploy-2-to-production")).to_be_visible()
        await picture.card("model-c3z7demo").locator(".face").click()
        address, names = picture.page.url, await picture.names()
    async with drawn(browser, address, **roomy) as picture:
        await expect(picture.card("deploy-2-to-production")).to_be_visible()
        await expect(picture.card("model-c3z7demo")).to_have_class(re.compile("selected"))
        await expect(picture.cards).to_have_count(len(names))
        assert await picture.names() == names


async def test_title_names_the_start(browser: Browser, demo: str) -> None:
    async with drawn(browser, demo) as picture:
        await expect(picture.page).to_have_title("churn-staging \u00b7 Lineage explorer")
        await picture.card("churn-version-3").hover()
        await picture.card("churn-version-3").get_by_role("button", name="the start").click()
        await expect(picture.page).to_have_title("churn-version-3 \u00b7 Lineage explorer")
        await picture.page.goto(f"{demo}#start={arn('context', 'none')}")
        await expect(picture.page).to_have_title("Lineage explorer")


async def test_back_undoes_a_step(browser: Browser, demo: str) -> None:
    async with drawn(browser, demo) as picture:
        await picture.card("churn-version-3").hover()
        await picture.card("churn-version-3").get_by_role("button", name="the start").click()
        await expect(picture.card("churn-version-3")).to_have_class(re.compile("start"))
        await picture.page.go_back()
        await expect(picture.card("churn-staging")).to_have_class(re.compile("start"))


async def test_equivalent_link_is_one_step(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#down=1&start={STAGING}") as picture:
        before = await picture.page.evaluate("history.length")
        await picture.page.mouse.click(5, 400)
        await picture.card("churn-staging").locator(".face").click()
        await expect(picture.card("churn-staging")).to_have_class(re.compile("selected"))
        assert await picture.page.evaluate("history.length") == before + 1


async def test_buttons_cover_no_arrowhead(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=4&down=0") as picture:
        await expect(picture.cards).to_have_count(7)
        ends = await picture.page.locator(".link").evaluate_all(
            """all => all.map(line => {
                const end = line.getPointAtLength(line.getTotalLength());
                return end.matrixTransform(line.getScreenCTM()).x;
            })"""
        )
        closing = await picture.page.locator(".side.up", has=picture.page.locator(".lucide-minus")).evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().left)"
        )
        assert len(ends) == 6
        for end in ends:
            assert any(left - 6 < end < left + 1 for left in closing)


async def test_hover_highlights_whole_path(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=4&down=0") as picture:
        await picture.card("model-c3z7demo").hover()
        lit = picture.page.locator(".card.lit .name")
        way = {"churn-train-c3z7demo", "model-c3z7demo", "churn-version-3", "deploy-3-to-staging", "churn-staging"}
        await expect(lit).to_have_count(len(way))
        assert set(await lit.all_text_contents()) == way
        await picture.page.mouse.move(5, 400)
        await expect(lit).to_have_count(0)


async def test_keyboard_alone_navigates(browser: Browser, demo: str) -> None:
    async with drawn(browser, demo) as picture:
        keyboard = picture.page.keyboard
        for _ in range(40):
            await keyboard.press("Tab")
            if await picture.focused() == "churn-staging":
                break
        for key, at in (
            ("ArrowLeft", "deploy-3-to-staging"),
            ("ArrowLeft", IMAGE),
            ("ArrowDown", "churn-version-3"),
            ("ArrowUp", IMAGE),
        ):
            await keyboard.press(key)
            await expect(picture.page.locator(".face:focus")).to_have_attribute("aria-label", re.compile(f"^{at},"))
        await keyboard.press("Enter")
        await expect(picture.card("deploy-2-to-production")).to_be_visible()
        await keyboard.press("Enter")
        await expect(picture.card("deploy-2-to-production")).to_have_count(0)
        await keyboard.press("Space")
        await expect(picture.card(IMAGE)).to_have_class(re.compile("selected"))
        await keyboard.press("Escape")
        await expect(picture.card(IMAGE)).not_to_have_class(re.compile("selected"))
        assert await picture.focused() == IMAGE
        await keyboard.press("s")
        await expect(picture.card(IMAGE)).to_have_class(re.compile("start"))


COMMANDS = ("Alt+ArrowLeft", "Meta+ArrowLeft", "Meta+ArrowUp", "Control+s", "Control+c")


@pytest.mark.parametrize(
    ("show", "place"),
    [
        pytest.param("graph", ".face[tabindex='0']", id="card"),
        pytest.param("graph", ".menu [role='menuitem']", id="menu"),
        pytest.param("table", "tbody button", id="row"),
        pytest.param("graph", "[role='combobox']", id="box"),
    ],
)
async def test_shortcuts_stay_the_browsers(browser: Browser, demo: str, show: str, place: str) -> None:
    async with visiting(browser, f"{demo}#start={STAGING}&up=2&down=0&show={show}") as visit:
        page = visit.page
        await expect(page.locator(".face, tbody tr")).to_have_count(4)
        if "menu" in place:
            await page.get_by_role("button", name="Export").click()
        await page.locator(place).last.focus()
        # React Flow handles the Control key itself.
        note = "event => event.defaultPrevented && event.key !== 'Control' && taken.push(event.key)"
        await page.evaluate(f"window.taken = []; addEventListener('keydown', {note})")
        for command in COMMANDS:
            await page.keyboard.press(command)
        assert await page.evaluate("taken") == []


async def test_many_siblings_are_stacked(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in fan(312)])
    async with drawn(browser, f"{account}#start={artifact_arn(0)}") as picture:
        stack = picture.page.locator(".stack")
        await expect(stack).to_contain_text("4 of 312 shown")
        await stack.get_by_role("button", name="more").click()
        await expect(stack).to_contain_text("24 of 312 shown")
        await stack.get_by_role("button", name="search").click()
        await expect(stack.get_by_text("The first 50 of 288.")).to_be_in_viewport(ratio=0.99)
        await picture.page.keyboard.press("Escape")
        await expect(stack.get_by_role("button", name="search")).to_be_focused()
        await picture.page.keyboard.press("Enter")
        await picture.page.get_by_label("Search the stack").fill("artifact-300")
        await picture.page.get_by_role("button", name="artifact-300").click()
        await expect(picture.card("artifact-300")).to_be_in_viewport()
        await expect(picture.card("artifact-300")).to_have_class(re.compile("selected"))


async def test_many_open_sides_share_walks(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in fan(250)])
    looked_at = f"#start={artifact_arn(0)}&up=0&down=0"
    sides = "".join(f"&open=4:down:{artifact_arn(leaf)}" for leaf in range(1, 251))
    async with drawn(browser, account + looked_at) as picture:
        picture.visit.operations.clear()
        async with picture.page.expect_request(lambda request: len(starts_of(request.post_data_json)) == 50):
            await picture.page.goto(account + looked_at + sides)
        walks = [starts_of(sent) for sent in picture.visit.operations]
    assert [len(starts) for starts in walks if starts] == [100, 100, 50]


def starts_of(sent: Any) -> list[str]:
    """Return the starts of each downstream walk that was requested."""
    asked = (sent or {}).get("variables", {})
    return asked["start"] if asked.get("direction") == "DOWNSTREAM" else []


async def test_large_picture_mounts_visible_cards(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in layered(600)])
    async with drawn(browser, f"{account}#start={ENDPOINT}&up=60&down=0") as picture:
        await expect(picture.page.locator(".react-flow__minimap-node")).to_have_count(600)
        assert await picture.page.locator(".react-flow__node").count() < 150
        await picture.page.get_by_label("Fit View").click()
        await expect(picture.page.locator(".patch").first).to_be_attached()
        await expect(picture.page.locator(".react-flow__node")).to_have_count(0)
        viewport = picture.page.locator(".react-flow__viewport")
        fitted = await viewport.get_attribute("style") or ""
        await picture.page.get_by_label("Zoom In").click()
        await expect(viewport).not_to_have_attribute("style", fitted)
        await expect(picture.page.locator(".react-flow__node")).to_have_count(0)
        await picture.page.get_by_label("Fit View").click()
        await expect(viewport).to_have_attribute("style", fitted)


async def test_large_picture_fills_the_window(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in layered(200)])
    async with drawn(browser, f"{account}#start={ENDPOINT}&up=6&down=0") as picture:
        await picture.page.wait_for_function("""() => {
          const { right } = document.querySelector(".card.start").getBoundingClientRect();
          return innerWidth - 60 < right && right < innerWidth;
        }""")


async def test_link_brings_selection_into_sight(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in layered(100)])
    address = f"{account}#start={ENDPOINT}&up=4&down=0&select={component_arn('run-4-20')}"
    async with drawn(browser, address) as picture:
        await expect(picture.card("run-4-20")).to_be_in_viewport(ratio=0.99)


async def test_opened_side_comes_into_sight(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=4&down=0") as picture:
        await picture.button("Show 3 upstream of churn-train-c3z7demo").click()
        for name in ("train-c3z7demo", "image-xgboost", "churn-train-c3z7demo"):
            await expect(picture.card(name)).to_be_in_viewport(ratio=0.99)


async def test_deeper_picture_is_fitted(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=4&down=0") as picture:
        await picture.page.get_by_role("slider", name="Upstream").press("ArrowRight")
        for name in ("image-xgboost", "churn-staging"):
            await expect(picture.card(name)).to_be_in_viewport(ratio=0.99)


async def test_arrowheads_have_their_links_colour(browser: Browser, demo: str) -> None:
    async with drawn(browser, demo) as picture:
        head = picture.page.locator(".react-flow__arrowhead polyline")
        await expect(head).to_have_css("fill", "context-stroke")
        await expect(head).to_have_css("stroke", "context-stroke")


async def test_whole_picture_comes_back(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=4&down=0") as picture:
        await expect(picture.cards).to_have_count(7)
        names = await picture.names()
        await picture.card("deploy-3-to-staging").locator(".face").click(modifiers=["Shift"])
        await picture.card("churn-staging").locator(".face").click(modifiers=["Shift"])
        await expect(picture.page.locator(".card.lit")).to_have_count(2)
        await expect(picture.page.locator(".react-flow__viewport")).to_have_css("transform", re.compile(r"matrix\(1, "))
        await picture.page.get_by_label("Fit View").click()
        for name in names:
            await expect(picture.card(name)).to_be_in_viewport(ratio=0.99)


async def test_picture_stays_while_table_is_read(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=4&down=0") as picture:
        viewport = picture.page.locator(".react-flow__viewport")
        await expect(picture.cards).to_have_count(7)
        await picture.page.get_by_label("Zoom In").click()
        await expect(viewport).to_have_css("transform", re.compile(r"matrix\(0\.9"))
        left = await viewport.evaluate("one => one.style.transform")
        await picture.page.get_by_role("button", name="Table").click()
        await picture.page.get_by_role("button", name="Graph").click()
        await expect(picture.card("churn-version-3")).to_be_visible()
        assert await viewport.evaluate("one => one.style.transform") == left
        await picture.page.goto(f"{demo}#start={arn('action', 'deploy-3-to-staging')}")
        await expect(viewport).to_have_css("transform", re.compile(r"matrix\(1, "))


async def test_huge_picture_is_grouped(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in layered(1600)])
    async with drawn(browser, f"{account}#start={ENDPOINT}&up=60&down=0") as picture:
        await expect(picture.page.locator(".stack", has_text="9 \u00d7 Training Job").first).to_be_visible(
            timeout=20_000
        )
        assert await picture.page.locator(".stack").count() < 100
        assert await picture.names() >= {"endpoint", "model-1-0", "dataset-1-1", "image-1-2"}


async def test_depth_slider_goes_further(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=1&down=0") as picture:
        await expect(picture.cards).to_have_count(2)
        await picture.page.get_by_role("slider", name="Upstream").focus()
        await picture.page.keyboard.press("ArrowRight")
        await expect(picture.cards).to_have_count(4)
        await expect(picture.page).to_have_url(re.compile("up=2"))


async def test_slider_needs_no_key_or_pointer(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=1&down=0") as picture:
        await picture.page.get_by_role("slider", name="Upstream").fill("2")  # as assistive technologies do
        await expect(picture.cards).to_have_count(4)
        await expect(picture.page).to_have_url(re.compile("up=2"))


async def test_picture_needs_no_layout_engine(browser: Browser) -> None:
    def without_engine(app: ASGIApp) -> ASGIApp:
        async def lacking(scope: Scope, receive: Receive, send: Send) -> None:
            if "/layout.worker-" in scope.get("path", ""):
                scope = scope | {"path": "/assets/gone.js"}
            await app(scope, receive, send)

        return lacking

    with LocalServer(demo=True) as local, listening(Settings(local_url=local.url), without_engine) as place:
        async with drawn(browser, f"http://{place}/#start={STAGING}&up=4&down=0") as picture:
            await expect(picture.cards).to_have_count(7)
            picture.visit.complaints.clear()


async def test_last_of_stack_keep_the_focus(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in fan(20)])
    async with drawn(browser, f"{account}#start={artifact_arn(0)}&up=0&down=1") as picture:
        await picture.button("16 more").press("Enter")
        await expect(picture.page.locator(".stack")).to_have_count(0)
        await expect(picture.card("artifact-0").locator(".face")).to_be_focused()


async def test_page_works_below_a_path(browser: Browser) -> None:
    def below(app: ASGIApp) -> ASGIApp:
        """Strip the prefix, as a proxy in front of the gateway does."""

        async def proxied(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "lifespan":
                assert scope["path"].startswith("/teams/lineage/")
                scope = scope | {"path": scope["path"].removeprefix("/teams/lineage")}
            await app(scope, receive, send)

        return proxied

    with LocalServer(demo=True) as local, listening(Settings(local_url=local.url), below) as place:
        async with drawn(browser, f"http://{place}/teams/lineage/") as picture:
            await expect(picture.card("churn-staging")).to_be_visible()


async def test_page_queries_with_prefix(browser: Browser) -> None:
    settings = {"type_prefix": "SageMaker", "node_field": False}
    with LocalServer(demo=True) as local, listening(Settings(local_url=local.url, **settings)) as place:
        async with drawn(browser, f"http://{place}/") as picture:
            await expect(picture.card("churn-staging")).to_be_visible()
            assert all("sageMaker" in asked["query"] for asked in picture.visit.operations)


async def test_touch_targets_exceed_the_buttons(browser: Browser, demo: str) -> None:
    phone = {"viewport": {"width": 1200, "height": 780}, "has_touch": True, "is_mobile": True}
    async with drawn(browser, f"{demo}#start={STAGING}&up=1&down=0", **phone) as picture:
        side = picture.card("churn-staging").get_by_role("button", name="Hide what is upstream of churn-staging")
        place = await side.bounding_box()
        assert place
        await picture.page.touchscreen.tap(place["x"] - 6, place["y"] - 6)
        await expect(picture.card("deploy-3-to-staging")).to_have_count(0)


async def test_pages_work_without_storage(browser: Browser, demo: str) -> None:
    async with await browser.new_context() as context:
        await context.add_init_script(FORBID_STORAGE)
        page = await context.new_page()
        await page.goto(demo)
        await expect(page.get_by_text("churn-staging").first).to_be_visible()
        await page.goto(f"{demo}graphql")
        await expect(page.get_by_role("button", name="Execute query")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("show", ["graph", "table"])
async def test_axe_finds_nothing(browser: Browser, demo: str, scheme: str, show: str) -> None:
    address = f"{demo}#start={STAGING}&up=4&down=1&select={STAGING}&show={show}"
    async with visiting(browser, address, color_scheme=scheme) as visit:
        await expect(visit.page.get_by_text("churn-staging").first).to_be_visible()
        await expect(visit.page.get_by_text("model-c3z7demo").first).to_be_visible()
        assert await violations(visit.page) == []


async def test_edges_are_not_read(browser: Browser, demo: str) -> None:
    async with drawn(browser, demo) as picture:
        await expect(picture.page.locator(".react-flow__edge").first).to_be_attached()
        await expect(picture.page.locator(".react-flow").get_by_role("img", name="arn:")).to_have_count(0)


@pytest.mark.parametrize("show", ["graph", "table"])
async def test_small_screens_hold_the_page(browser: Browser, demo: str, show: str) -> None:
    address = f"{demo}#start={STAGING}&up=4&show={show}"
    async with visiting(browser, address, viewport={"width": 390, "height": 780}) as visit:
        await expect(visit.page.get_by_text("churn-staging").first).to_be_visible()
        width = await visit.page.evaluate("document.documentElement.scrollWidth")
        assert width == 390


async def test_short_screens_leave_the_picture_room(browser: Browser, demo: str) -> None:
    async with drawn(browser, demo, viewport={"width": 320, "height": 256}) as picture:
        await picture.card("churn-staging").locator(".face").click()
        await expect(picture.page.get_by_role("complementary")).to_be_in_viewport()
        shown = await picture.page.locator("main").bounding_box()
        assert shown
        assert shown["height"] > 200


async def test_selection_shows_in_forced_colours(browser: Browser, demo: str) -> None:
    def look(locator: Locator) -> Any:
        return locator.evaluate("it => [getComputedStyle(it).backgroundColor, getComputedStyle(it).outlineStyle]")

    async with drawn(browser, f"{demo}#start={STAGING}&select={STAGING}", forced_colors="active") as picture:
        assert await look(picture.button("Graph")) != await look(picture.button("Table"))
        assert await look(picture.card("churn-staging")) != await look(picture.card("deploy-3-to-staging"))
