"""Understanding a picture in the explorer: filters, paths between two vertices, and the table."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from browser import Visit, serious_violations, visiting
from conftest import listening
from graphs import action, arn, artifact, artifact_arn, association, component_arn, context, fan
from playwright.async_api import Browser, Locator, Route, expect

from gateway.local.server import LocalServer
from gateway.settings import Settings

STAGING, PRODUCTION = arn("context", "churn-staging"), arn("context", "churn-production")
TRAINING = component_arn("churn-train-c3z7demo-aws-training-job")
WAY = {"churn-train-c3z7demo", "model-c3z7demo", "churn-version-3", "deploy-3-to-staging", "churn-staging"}
MINUS = "\N{MINUS SIGN}"
WIDE = {"width": 1700, "height": 900}


class Explorer:
    """The explorer, as who wants to understand a picture sees it."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page = visit.page
        self.cards = self.page.locator(".card .name")
        self.lit = self.page.locator(".card.lit .name")
        self.panel = self.page.get_by_role("dialog", name="Filter")
        self.chips = self.page.get_by_role("button", name="Remove from the filter")
        self.told = self.page.locator(".paths p[role=status]")
        self.rows = self.page.locator("tbody tr")
        self.names = self.rows.locator("th bdi")

    def face(self, name: str) -> Locator:
        return self.page.locator(f'.face[aria-label^="{name},"]')

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name)

    def choice(self, label: str) -> Locator:
        return self.panel.get_by_role("checkbox", name=re.compile(rf"^{label}( [\d,]+)?$"))

    async def expect_cards(self, names: set[str]) -> None:
        await expect(self.cards).to_have_count(len(names))
        await expect(self.cards.filter(has_text=re.compile("|".join(names)))).to_have_count(len(names))

    async def focused(self) -> str:
        text: str = await self.page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
        )
        return text.strip()

    async def tab_to(self, name: str) -> None:
        """Go on by keyboard until what has the focus is called so."""
        for _ in range(60):
            if (await self.focused()).startswith(name):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"The keyboard does not come to {name}")


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """The URL of a gateway over the demo account."""
    with LocalServer(demo=True) as local, listening(Settings(local_url=local.url)) as place:
        yield f"http://{place}/"


@pytest.fixture
def account(service: LocalServer) -> Iterator[str]:
    """The URL of a gateway over an account that a test fills."""
    with listening(Settings(local_url=service.url, cache_url="off")) as place:
        yield f"http://{place}/"


@asynccontextmanager
async def explored(browser: Browser, url: str, **profile: Any) -> AsyncIterator[Explorer]:
    """Open the explorer where everything that is tested has room."""
    async with visiting(browser, url, **{"viewport": WIDE, **profile}) as visit:
        yield Explorer(visit)


def around(start: str, up: int, down: int, **more: str) -> str:
    return f"#start={start}&up={up}&down={down}" + "".join(f"&{name}={value}" for name, value in more.items())


async def test_kind_hides_and_dashes(browser: Browser, demo: str) -> None:
    async with explored(browser, demo) as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.button("Filter").click()
        await explorer.choice("context").check()
        await explorer.choice("trial component").check()
        await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})
        await expect(explorer.page.locator(".link.hidden-hops")).to_have_count(1)
        await expect(explorer.page.locator(".link-label")).to_have_text("3 hidden")
        await expect(explorer.page.get_by_role("slider").first).to_have_accessible_description(
            "Hops count hidden vertices too."
        )
        assert "kind=CONTEXT&kind=TRIAL_COMPONENT" in explorer.page.url


async def test_panel_closes_and_gives_focus_back(browser: Browser, demo: str) -> None:
    async with explored(browser, demo) as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.button("Filter").focus()
        await explorer.page.keyboard.press("Enter")
        await expect(explorer.choice("artifact")).to_be_focused()
        await explorer.page.keyboard.press("Escape")
        await expect(explorer.panel).to_be_hidden()
        assert await explorer.focused() == "Filter"
        await explorer.button("Filter").click()
        await expect(explorer.panel).to_be_visible()
        await explorer.page.mouse.click(800, 700)
        await expect(explorer.panel).to_be_hidden()


async def test_types_stay_choosable_when_hidden(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 9, 0)}") as explorer:
        await expect(explorer.face("raw-events")).to_be_attached()
        await explorer.button("Filter").click()
        count = await explorer.panel.locator(".one", has_text="Data Set").locator(".count").text_content()
        await explorer.choice("Model").check()
        await explorer.expect_cards({"model-c3z7demo", "churn-version-3", "churn-staging"})
        await expect(explorer.panel.locator(".one", has_text="Data Set").locator(".count")).to_have_text(count or "")
        await explorer.choice("Data Set").check()
        await expect(explorer.cards.filter(has_text="raw-")).to_have_count(3)


async def test_counts_are_of_what_is_drawn(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.button("Filter").click()
        drawn = ["artifact3", "context1", "action2", "trial component1"]
        await expect(explorer.panel.get_by_role("group", name="Kind").locator("label")).to_have_text(drawn)
        await expect(explorer.panel.locator(".types label")).to_have_text(
            ["Model2", "Approval1", "Endpoint1", "Image1", "Model Deployment1", "Training Job1"]
        )
        await explorer.choice("artifact").check()
        await expect(explorer.cards).to_have_count(3 + 1)
        await expect(explorer.panel.get_by_role("group", name="Kind").locator("label")).to_have_text(drawn)


async def test_counts_go_where_nobody_knows(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.button("Filter").click()
        await explorer.choice("artifact").check()
        await explorer.page.keyboard.press("Escape")
        await explorer.page.get_by_role("slider").first.focus()
        await explorer.page.keyboard.press("ArrowRight")
        await expect(explorer.cards).to_have_count(7)
        await explorer.button("Filter").first.click()
        await expect(explorer.choice("Model Deployment")).to_be_visible()
        await expect(explorer.panel.locator(".count")).to_have_count(0)


async def test_another_type_can_be_written(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.button("Filter").click()
        await explorer.panel.get_by_label("Another type").fill("TrainingJob")
        await explorer.page.keyboard.press("Enter")
        await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})
        await expect(explorer.choice("Training Job")).to_be_checked()


async def test_days_count_whole(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.button("Filter").click()
        await explorer.panel.get_by_label("From").fill("2026-10-22")
        await explorer.expect_cards({"churn-3-approved", "deploy-3-to-staging", "churn-staging"})
        await explorer.panel.get_by_label("Up to").fill("2026-10-22")
        await explorer.expect_cards({"churn-3-approved", "churn-staging"})
        await expect(explorer.page.locator(".link-label")).to_have_text("2 hidden")
        await expect(explorer.chips).to_have_text(["created from 2026-10-22", "created up to 2026-10-22"])


async def test_chips_take_filter_away(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0)}&kind=ACTION&type=Approval&after=2026-01-01"
    async with explored(browser, address) as explorer:
        await explorer.expect_cards({"churn-3-approved", "churn-staging"})
        await expect(explorer.chips).to_have_text(["action", "Approval", "created from 2026-01-01"])
        await explorer.button("Remove from the filter: Approval").click()
        await explorer.expect_cards({"churn-3-approved", "deploy-3-to-staging", "churn-staging"})
        await expect(explorer.button("Remove from the filter: action")).to_be_focused()
        await explorer.button("Clear").click()
        await expect(explorer.cards).to_have_count(7)
        await expect(explorer.chips).to_have_count(0)
        await expect(explorer.button("Filter")).to_be_focused()


async def test_history_brings_filters_back(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.button("Filter").click()
        await explorer.choice("context").check()
        await explorer.expect_cards({"churn-staging"})
        await explorer.page.go_back()
        await expect(explorer.cards).to_have_count(7)
        await expect(explorer.chips).to_have_count(0)
        await explorer.page.go_forward()
        await explorer.expect_cards({"churn-staging"})
        await explorer.page.reload()
        await explorer.expect_cards({"churn-staging"})
        await expect(explorer.chips).to_have_text(["context"])


async def test_newer_filter_wins(browser: Browser) -> None:
    with LocalServer(demo=True) as local, listening(Settings(local_url=local.url, cache_url="off")) as place:
        async with explored(browser, f"http://{place}/{around(STAGING, 4, 0)}") as explorer:
            await expect(explorer.cards).to_have_count(7)
            await expect(explorer.page.locator(".unnamed")).to_have_count(0)
            local.behaviour.latency_ms = 300
            await explorer.button("Filter").click()
            async with explorer.page.expect_event("requestfailed"):
                await explorer.choice("artifact").check()
                await explorer.choice("trial component").check()
                await explorer.choice("artifact").uncheck()
            await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})
            await expect(explorer.page.get_by_label("The walk under way")).to_have_count(0)
            await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})


async def test_depth_counts_hidden_vertices(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0, kind='TRIAL_COMPONENT')}") as explorer:
        await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})
        slider = explorer.page.get_by_role("slider").first
        await slider.focus()
        await explorer.page.keyboard.press("ArrowLeft")
        await explorer.expect_cards({"churn-staging"})
        for _ in range(3):
            await explorer.page.keyboard.press("ArrowRight")
        await explorer.expect_cards({"churn-prepare-c3z7demo", "churn-train-c3z7demo", "churn-staging"})


async def test_sides_open_over_hidden_vertices(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0, kind='TRIAL_COMPONENT')}") as explorer:
        await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})
        await explorer.button("Show what is upstream of churn-train-c3z7demo").click()
        await explorer.expect_cards({"churn-prepare-c3z7demo", "churn-train-c3z7demo", "churn-staging"})
        await expect(explorer.page.locator(".link-label")).to_have_text(["3 hidden", "1 hidden"])


async def test_picked_path_outlives_reload(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 1, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(2)
        await explorer.button("Paths").click()
        await expect(explorer.told).to_contain_text("Pick the vertex that the paths leave.")
        await explorer.face("deploy-3-to-staging").click()
        await expect(explorer.told).to_contain_text("From deploy-3-to-staging: pick the vertex that they reach.")
        await explorer.face("churn-staging").click()
        await expect(explorer.told).to_contain_text("1 path from deploy-3-to-staging to churn-staging, 1 hop.")
        assert explorer.page.url.count("path=") == 2
        assert "select=" not in explorer.page.url
        await explorer.page.reload()
        await expect(explorer.told).to_contain_text("1 path from deploy-3-to-staging")
        await expect(explorer.lit).to_have_count(2)
        await explorer.button("Leave the paths").click()
        await expect(explorer.lit).to_have_count(0)
        assert "path=" not in explorer.page.url


async def test_paths_are_stepped_through(browser: Browser, demo: str) -> None:
    raw = await data_set(demo, "raw-customers")
    async with explored(browser, f"{demo}{around(STAGING, 1, 0)}&path={raw}&path={STAGING}") as explorer:
        await expect(explorer.told).to_contain_text("6 paths from raw-customers to churn-staging, 9 hops.")
        await expect(explorer.lit).to_have_count(13)
        await expect(explorer.page.locator(".link.lit")).to_have_count(15)
        await explorer.button("Next path").click()
        await expect(explorer.page.locator("output", has_text="1 of 6")).to_be_visible()
        await expect(explorer.lit).to_have_count(10)
        await expect(explorer.page.locator(".link.lit")).to_have_count(9)
        await explorer.button("Previous path").click()
        await explorer.button("Previous path").click()
        assert "way=6" in explorer.page.url
        await explorer.page.reload()
        await expect(explorer.lit).to_have_count(10)
        await expect(explorer.cards).to_have_count(13)


async def test_address_brings_paths_into_sight(browser: Browser, demo: str) -> None:
    found = asyncio.Event()

    async def hold(route: Route) -> None:
        if "subscription Walk" in str(route.request.post_data):
            await found.wait()
        await route.continue_()

    address = f"{demo}{around(STAGING, 8, 0)}&path={component_arn('churn-prepare-c3z7demo-aws-processing-job')}"
    async with explored(browser, f"{address}&path={STAGING}", viewport={"width": 1200, "height": 640}) as explorer:
        await explorer.page.route("**/graphql", hold)
        await explorer.page.reload()
        await expect(explorer.told).to_contain_text("2 paths from churn-prepare-c3z7demo")
        await expect(explorer.lit.first).to_be_visible()
        found.set()
        await expect(explorer.page.locator(".card:not(.lit)").first).to_be_visible()
        for name in WAY | {"churn-prepare-c3z7demo"}:
            await expect(explorer.face(name)).to_be_in_viewport(ratio=0.99)


async def test_rest_can_be_hidden(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0)}&path={TRAINING}&path={STAGING}"
    async with explored(browser, address) as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.page.get_by_label("Hide the rest").check()
        await explorer.expect_cards(WAY)
        await explorer.page.reload()
        await explorer.expect_cards(WAY)
        await explorer.page.get_by_label("Hide the rest").uncheck()
        await expect(explorer.cards).to_have_count(7)


async def test_light_comes_back_to_paths(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0)}&path={TRAINING}&path={STAGING}"
    async with explored(browser, address) as explorer:
        await expect(explorer.lit).to_have_count(len(WAY))
        await explorer.face("image-inference").hover()
        await expect(explorer.lit).to_have_count(3)
        await explorer.page.mouse.move(20, 300)
        await expect(explorer.lit).to_have_count(len(WAY))


async def test_focus_lights_until_it_leaves(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.tab_to("churn-staging, Endpoint")
        await expect(explorer.lit).to_have_count(7)
        await explorer.page.keyboard.press("ArrowLeft")
        await explorer.page.keyboard.press("ArrowLeft")
        await expect(explorer.lit).to_have_count(3)
        await explorer.face("model-c3z7demo").hover()
        await expect(explorer.lit).to_have_count(5)
        await explorer.page.mouse.move(20, 300)
        await expect(explorer.lit).to_have_count(3)
        await explorer.button("Paths").focus()
        await expect(explorer.lit).to_have_count(0)


async def test_labels_lie_clear_of_buttons(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.face("churn-staging").hover()
        await expect(explorer.page.locator(".link-label.lit")).to_have_count(6)
        labels, buttons = [
            await explorer.page.locator(of).evaluate_all(
                "all => all.map(one => one.getBoundingClientRect()).map(at => [at.x, at.y, at.right, at.bottom])"
            )
            for of in (".link-label", ".side")
        ]
        assert [(one, other) for one in labels for other in buttons if overlap(one, other)] == []


async def test_path_shows_what_filter_hides(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0, kind='CONTEXT')}&path={TRAINING}&path={STAGING}"
    async with explored(browser, address) as explorer:
        await explorer.expect_cards(WAY)
        await explorer.button("Remove from the filter: context").click()
        await expect(explorer.cards).to_have_count(7)
        await expect(explorer.lit).to_have_count(len(WAY))


async def test_path_against_the_arrows_is_found(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await explorer.face("churn-staging").click()
        await expect(explorer.page.locator(".card.selected")).to_have_count(1)
        await explorer.button("Paths").first.click()
        await expect(explorer.told).to_contain_text("From churn-staging: pick")
        await explorer.face("churn-version-3").click()
        await expect(explorer.told).to_contain_text(
            "None leads from churn-staging to churn-version-3, "
            "but 1 path from churn-version-3 to churn-staging, 2 hops."
        )
        await expect(explorer.lit).to_have_count(3)


async def test_shift_click_picks_both_ends(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await explorer.face("model-c3z7demo").click(modifiers=["Shift"])
        await expect(explorer.told).to_contain_text("From model-c3z7demo: pick")
        await explorer.face("model-c3z7demo").click(modifiers=["Shift"])
        await expect(explorer.told).to_contain_text("That is where they begin.")
        await explorer.face("churn-version-3").click(modifiers=["Shift"])
        await expect(explorer.told).to_contain_text("1 path from model-c3z7demo to churn-version-3, 1 hop.")


async def test_keyboard_finds_path_alone(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        keyboard = explorer.page.keyboard
        await explorer.tab_to("Paths")
        await keyboard.press("Enter")
        await expect(explorer.face("churn-staging")).to_be_focused()
        await keyboard.press("Escape")
        await expect(explorer.told).to_be_empty()
        await explorer.button("Paths").focus()
        await keyboard.press("Enter")
        await keyboard.press("ArrowLeft")
        await expect(explorer.face("deploy-3-to-staging")).to_be_focused()
        await keyboard.press("Enter")
        await expect(explorer.told).to_contain_text("From deploy-3-to-staging")
        await keyboard.press("ArrowRight")
        await keyboard.press("Enter")
        await expect(explorer.told).to_contain_text("1 path from deploy-3-to-staging to churn-staging")
        await expect(explorer.face("churn-staging")).to_be_focused()
        await expect(explorer.lit).to_have_text(["churn-staging", "deploy-3-to-staging"])
        await keyboard.press("ArrowLeft")
        await expect(explorer.lit.filter(has_text="image-inference")).to_have_count(1)


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((STAGING, PRODUCTION), "No path of up to 20 hops leads from churn-staging to churn-production, or back."),
        ((STAGING, STAGING), "Both ends are the same vertex"),
        ((STAGING, arn("context", "none")), f"There is no such vertex: {arn('context', 'none')}."),
        ((STAGING, "nonsense"), "not the ARN of a SageMaker resource."),
    ],
)
async def test_words_say_why_no_path(browser: Browser, demo: str, ends: tuple[str, str], words: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 1, 0)}&path={ends[0]}&path={ends[1]}") as explorer:
        await expect(explorer.told).to_contain_text(words)
        await explorer.expect_cards({"deploy-3-to-staging", "churn-staging"})


async def test_paths_are_asked_for_again(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)

        async def cut(route: Route) -> None:
            await (route.abort() if "PathsBetween" in str(route.request.post_data) else route.continue_())

        await explorer.page.route("**/graphql", cut)
        await explorer.face("model-c3z7demo").click(modifiers=["Shift"])
        await explorer.face("churn-version-3").click(modifiers=["Shift"])
        await expect(explorer.told).to_contain_text("The gateway cannot be reached")
        await explorer.page.unroute("**/graphql")
        await explorer.page.locator(".paths").get_by_role("button", name="Try again").click()
        await expect(explorer.told).to_contain_text("1 path from model-c3z7demo")
        explorer.visit.complaints.clear()


async def test_incomplete_paths_say_so(browser: Browser, account: str, service: LocalServer) -> None:
    middles = range(1, 31)
    ends = [artifact(0), artifact(31)]
    joins = [(0, number) for number in middles] + [(number, 31) for number in middles]
    lines = [*ends, *(artifact(n) for n in middles), *(association(artifact_arn(a), artifact_arn(b)) for a, b in joins)]
    service.load([orjson.dumps(line) for line in lines])
    address = f"{account}{around(artifact_arn(0), 0, 1)}&path={artifact_arn(0)}&path={artifact_arn(31)}"
    async with explored(browser, address) as explorer:
        await expect(explorer.told).to_contain_text(
            "20 paths from artifact-0 to artifact-31, 2 hops. There may be more."
        )


async def test_table_has_rows_of_picture(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        await expect(explorer.page.locator(".unnamed")).to_have_count(0)
        names = sorted(await explorer.cards.all_text_contents())
        await explorer.button("Table").click()
        await expect(explorer.names).to_have_count(7)
        assert sorted(await explorer.names.all_text_contents()) == names
        await expect(explorer.rows.locator(".distance").locator("span[aria-hidden]")).to_have_text(
            [f"{MINUS}{hops}" for hops in (4, 3, 3, 2, 2, 1)]
        )
        row = explorer.page.get_by_role("row").filter(
            has=explorer.page.get_by_role("rowheader", name="churn-train-c3z7demo")
        )
        await expect(row.get_by_role("cell")).to_have_text(
            [
                "Training Job",
                "trial component",
                f"{MINUS}44 hops upstream",
                "2026-10-21 09:30",
                re.compile("training-job"),
                "3",
                re.compile("1"),
                "",
            ]
        )


async def test_table_is_printed_whole(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0, show='table', select=STAGING)}"
    async with explored(browser, address, viewport={"width": 800, "height": 400}) as explorer:
        await expect(explorer.page.locator(".table tbody tr")).to_have_count(7)
        await expect(explorer.page.get_by_text("Answers the staging systems.")).to_be_attached()
        await explorer.page.emulate_media(media="print", color_scheme="dark")
        boxes = explorer.page.locator("body, .page, .middle, .table .scroll, .drawer")
        for out in ("one.scrollHeight - one.clientHeight", "one.scrollWidth - one.clientWidth"):
            assert max(await boxes.evaluate_all(f"all => all.map(one => {out})")) <= 1
        await expect(explorer.page.locator("body")).to_have_css("background-color", "rgb(246, 247, 249)")
        await expect(explorer.button("Filter")).to_have_count(0)


async def test_table_sorts_both_ways(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0, show='table')}") as explorer:
        await expect(explorer.names).to_have_count(7)
        heading = explorer.page.get_by_role("columnheader", name="Name")
        for sort in ("ascending", "descending"):
            await heading.get_by_role("button").click()
            await expect(heading).to_have_attribute("aria-sort", sort)
            await expect(explorer.page.get_by_text("the rows sort as more come")).to_have_count(0)
            names = await explorer.names.all_text_contents()
            assert names == sorted(names, reverse=sort == "descending")
        created = explorer.page.get_by_role("columnheader", name="Created")
        await created.get_by_role("button").click()
        await expect(heading).not_to_have_attribute("aria-sort", re.compile("."))
        moments = await explorer.rows.locator("time").evaluate_all("all => all.map((one) => one.dateTime)")
        assert moments == sorted(moments)
        assert len(moments) == 7


async def test_counts_narrow_the_rows(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0, show='table')}") as explorer:
        kinds = explorer.page.get_by_role("group", name="Rows of a kind").get_by_role("button")
        await expect(kinds).to_have_text(["artifact 3", "action 2", "context 1", "trial component 1"])
        await kinds.first.click()
        await expect(explorer.rows).to_have_count(3)
        await expect(explorer.page.get_by_text("3 of 7 vertices")).to_be_visible()
        await explorer.page.get_by_role("group", name="Rows of a type").get_by_text("Image").click()
        await expect(explorer.names).to_have_text(["image-inference"])
        await expect(kinds).to_have_text(["artifact 3", "action 2", "context 1", "trial component 1"])
        await explorer.page.get_by_label("Search the rows").fill("no such thing")
        await expect(explorer.page.get_by_text("No row is so.")).to_be_visible()


async def test_table_goes_into_stacks(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in fan(312)])
    async with explored(browser, f"{account}{around(artifact_arn(0), 0, 1, show='table')}") as explorer:
        await expect(explorer.page.get_by_text("313 vertices")).to_be_visible()
        await expect(explorer.rows).to_have_count(100)
        await expect(explorer.rows.locator("small")).to_have_count(95)
        await explorer.button("Next page").click()
        await explorer.button("Next page").click()
        await explorer.button("Next page").click()
        await expect(explorer.rows).to_have_count(13)
        await explorer.button("Name").click()
        await expect(explorer.rows).to_have_count(100)
        await expect(explorer.page.get_by_role("progressbar")).to_have_count(0)
        names = await explorer.names.all_text_contents()
        assert names == [f"artifact-{number}" for number in range(100)]
        asked = [sent["variables"]["arns"] for sent in explorer.visit.operations if "query Titles" in sent["query"]]
        assert max(map(len, asked)) == 100
        await explorer.page.get_by_label("Search the rows").fill("artifact-300")
        await expect(explorer.names).to_have_text(["artifact-300"])


async def test_keyboard_goes_through_table(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0, show='table')}") as explorer:
        await expect(explorer.names).to_have_count(7)
        await expect(explorer.rows.locator(".unnamed")).to_have_count(0)
        keyboard = explorer.page.keyboard
        await explorer.tab_to("Created")
        await keyboard.press("Enter")
        await expect(explorer.names.first).to_have_text("image-inference")
        await explorer.tab_to("image-inference")
        await keyboard.press("ArrowDown")
        assert await explorer.focused() == "churn-staging"
        await keyboard.press("ArrowDown")
        await keyboard.press("ArrowUp")
        await keyboard.press("Enter")
        await expect(explorer.page.locator("tr.selected th bdi")).to_have_text("churn-staging")
        assert f"select={STAGING.replace(':', '%3A').replace('/', '%2F')}" in explorer.page.url
        await explorer.rows.nth(0).get_by_role("button").first.focus()
        await explorer.tab_to("Make image-inference the start")
        await keyboard.press("Enter")
        await expect(explorer.rows.filter(has_text="the start").locator("th bdi")).to_have_text("image-inference")
        assert await explorer.focused() == "image-inference"


async def test_rows_can_be_ends(browser: Browser, demo: str) -> None:
    async with explored(browser, f"{demo}{around(STAGING, 4, 0, show='table')}") as explorer:
        await explorer.button("Paths").click()
        await explorer.rows.get_by_role("button", name="model-c3z7demo", exact=True).click()
        await explorer.rows.get_by_role("button", name="churn-staging", exact=True).click()
        await expect(explorer.told).to_contain_text("1 path from model-c3z7demo to churn-staging, 3 hops.")


async def test_names_are_text_alone(browser: Browser, account: str, service: LocalServer) -> None:
    markup = "<img src=x onerror=alert(1)>"
    odd = artifact(1, type=markup, ArtifactName=f"{markup}\u202e" + "x" * 200)
    lines = [context("end"), action("step"), odd, association(artifact_arn(1), arn("action", "step"))]
    service.load([orjson.dumps(line) for line in [*lines, association(arn("action", "step"), arn("context", "end"))]])
    address = f"{account}{around(arn('context', 'end'), 2, 0, show='table')}&path={artifact_arn(1)}"
    async with explored(browser, f"{address}&path={arn('context', 'end')}") as explorer:
        await expect(explorer.told).to_contain_text(markup)
        await explorer.button("Filter").click()
        await explorer.panel.get_by_role("checkbox", name=markup).check()
        await expect(explorer.chips).to_have_text([markup])
        await expect(explorer.names.filter(has_text=markup)).to_have_count(1)
        assert await explorer.page.locator("img").count() == 0
        assert await explorer.page.evaluate("document.documentElement.scrollWidth") == WIDE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nobody_is_shut_out(browser: Browser, demo: str, scheme: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0)}&path={TRAINING}&path={STAGING}&type=Model&type=Approval"
    async with explored(browser, address, color_scheme=scheme) as explorer:
        await expect(explorer.lit).to_have_count(len(WAY))
        assert await serious_violations(explorer.page) == []
        await explorer.button("Filter").first.click()
        await expect(explorer.panel).to_be_visible()
        assert await serious_violations(explorer.page) == []
        await explorer.page.keyboard.press("Escape")
        await explorer.button("Table").click()
        await explorer.page.get_by_role("group", name="Rows of a kind").get_by_role("button").first.click()
        assert await serious_violations(explorer.page) == []


def overlap(one: list[float], other: list[float]) -> bool:
    """Whether two rectangles, each as its left, top, right and bottom, have anything in common."""
    return all(max(one[at], other[at]) < min(one[at + 2], other[at + 2]) for at in (0, 1))


async def data_set(url: str, name: str) -> str:
    """The ARN of the demo's data set of that name."""
    async with httpx.AsyncClient(base_url=url) as client:
        query = '{ artifacts(type: "DataSet", first: 100) { nodes { arn name } } }'
        answer = (await client.post("graphql", json={"query": query})).json()
    found: str = next(node["arn"] for node in answer["data"]["artifacts"]["nodes"] if node["name"] == name)
    return found
