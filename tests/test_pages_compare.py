"""Two vertices compared in the explorer's drawer."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import explorer_search
import pytest
from browser import violations, visiting
from dag import lines as layered
from explorer_search import DATASET, ENDPOINT, MODEL, RUN, Explorer
from graphs import artifact, artifact_arn, association, component, component_arn, diamond, fan
from playwright.async_api import Browser, Locator, Route, expect

from gateway.local.server import LocalServer

at, url = explorer_search.at, explorer_search.url

OTHER = component_arn("right")
RUNS = [
    component(
        "left",
        Parameters={"eta": {"NumberValue": 0.1}, "objective": {"StringValue": "logistic"}},
        Metrics=[{"MetricName": "auc", "Last": 0.123456789, "Count": 1}],
        InputArtifacts={"train": {"Value": "s3://bucket/0", "MediaType": "text/csv"}},
    ),
    component(
        "right",
        Parameters={"eta": {"NumberValue": 0.2}, "objective": {"StringValue": "logistic"}},
        Metrics=[{"MetricName": "auc", "Last": 0.875, "Count": 1}],
        InputArtifacts={"train": {"Value": "s3://bucket/0", "MediaType": "text/csv"}},
    ),
]


class Comparing(Explorer):
    """Locators and actions for the comparison."""

    @property
    def table(self) -> Locator:
        return self.drawer.get_by_role("table", name="The two vertices, member by member")

    @property
    def ends(self) -> Locator:
        return self.table.get_by_role("columnheader").get_by_role("button")

    @property
    def offer(self) -> Locator:
        return self.drawer.get_by_role("button", name="Compare…")

    def member(self, label: str) -> Locator:
        """The row of a member."""
        return self.table.get_by_role("row").filter(
            has=self.page.get_by_role("rowheader", name=re.compile(rf"^{label}( \(differs\))?$"))
        )

    async def expect_values(self, label: str, *values: str, differ: bool) -> None:
        await expect(self.member(label).get_by_role("cell")).to_have_text(list(values))
        await expect(self.member(label).get_by_text("(differs)")).to_have_count(int(differ))


def compares(*arns: str) -> re.Pattern[str]:
    """Return what an address has that compares these vertices, in this order."""
    return re.compile("&".join(f"compare={re.escape(quote(arn, safe=''))}" for arn in arns) + "(&|$)")


@asynccontextmanager
async def comparing(browser: Browser, address: str, **profile: Any) -> AsyncIterator[Comparing]:
    async with visiting(browser, address, **profile) as visit:
        yield Comparing(visit)


@pytest.fixture
def runs(load: Callable[..., None]) -> None:
    """Fill the account with two runs, of which each makes a model of one data set."""
    load(*(line for line in diamond() if line.get("entity") != "TrialComponent"), *RUNS)


@pytest.mark.usefixtures("runs")
async def test_search_offers_what_is_alike(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, up=2, select=RUN)) as explorer:
        await explorer.offer.press("Enter")
        await expect(explorer.box).to_be_focused()
        await expect(explorer.page.get_by_role("region", name="Comparison")).to_contain_text(
            "Pick the vertex to compare left with."
        )
        await expect(explorer.options).to_have_count(1)
        await explorer.page.keyboard.press("ArrowDown")
        await explorer.page.keyboard.press("Enter")
        await expect(explorer.heading).to_have_text("Comparison")
        await expect(explorer.heading).to_be_focused()
        await expect(explorer.ends).to_have_text(["left", "right"])
        await expect(explorer.page).to_have_url(compares(RUN, OTHER))
        assert explorer.in_address("start") == [ENDPOINT]


@pytest.mark.usefixtures("runs")
async def test_members_stand_side_by_side(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, compare=[RUN, OTHER])) as explorer:
        await explorer.expect_values("eta", "0.1", "0.2", differ=True)
        await explorer.expect_values("objective", "logistic", "logistic", differ=False)
        await explorer.expect_values("auc", "0.12346", "0.875", differ=True)
        await explorer.expect_values("train", "s3://bucket/0text/csv", "s3://bucket/0text/csv", differ=False)
        await explorer.expect_values("Upstream", "artifact-0", "artifact-0", differ=False)
        await explorer.expect_values("Downstream", "artifact-1", "artifact-2", differ=True)
        await expect(explorer.member("Downstream").get_by_title(MODEL, exact=True)).to_have_text("artifact-1")
        await expect(explorer.member("eta").get_by_role("cell").first).to_have_css("text-align", "right")
        await expect(explorer.drawer).to_contain_text("Not set in either: outputs")
        assert explorer.variables_of("Detail") == [{"arn": RUN}, {"arn": OTHER}]
        assert await violations(explorer.page) == []


@pytest.mark.usefixtures("runs")
async def test_click_picks_and_back_returns(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, up=3, select=RUN)) as explorer:
        await explorer.offer.click()
        await expect(explorer.options).to_have_count(1)
        await explorer.card(OTHER).click()
        await expect(explorer.options).to_have_count(0)
        await expect(explorer.ends).to_have_text(["left", "right"])
        for vertex in RUN, OTHER:
            await expect(explorer.page.locator(".card.selected", has=explorer.card(vertex))).to_have_count(1)
            await expect(explorer.card(vertex)).to_be_in_viewport(ratio=0.99)
        await explorer.ends.last.click()
        await expect(explorer.heading).to_have_text("right")
        await explorer.page.go_back()
        await expect(explorer.heading).to_have_text("Comparison")
        await explorer.page.go_back()
        await expect(explorer.heading).to_have_text("left")


@pytest.mark.usefixtures("runs")
async def test_table_and_keyboard_pick_too(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, up=3, select=MODEL, show="table")) as explorer:
        await explorer.offer.press("Enter")
        row = explorer.page.locator(f'[data-row="{artifact_arn(2)}"]')
        await row.press("Enter")
        await expect(explorer.heading).to_be_focused()
        await explorer.expect_values("Upstream", "left", "right", differ=True)
        await explorer.page.keyboard.press("Escape")
        await expect(explorer.drawer).to_have_count(0)
        await expect(row).to_be_focused()


@pytest.mark.usefixtures("runs")
async def test_both_stand_out_in_table(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, up=3, compare=[RUN, OTHER], show="table")) as explorer:
        await expect(explorer.page.locator(".selected [data-row]")).to_have_text(["left", "right"])


@pytest.mark.usefixtures("runs")
async def test_both_come_into_sight(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, up=3, compare=[RUN, OTHER])) as explorer:
        for vertex in RUN, OTHER:
            await expect(explorer.card(vertex)).to_be_in_viewport(ratio=0.99)


@pytest.mark.usefixtures("runs")
async def test_closing_leads_back_to_card(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, up=3, compare=[RUN, OTHER])) as explorer:
        await expect(explorer.card(RUN)).to_be_in_viewport(ratio=0.99)
        await explorer.drawer.get_by_role("button", name="Close").press("Enter")
        await expect(explorer.drawer).to_have_count(0)
        await expect(explorer.card(RUN)).to_be_focused()
        await explorer.page.go_back()
        await expect(explorer.heading).to_have_text("Comparison")
        await explorer.card(RUN).press("Escape")
        await expect(explorer.drawer).to_have_count(0)


@pytest.mark.usefixtures("runs")
async def test_picking_can_be_left(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, up=3, select=RUN)) as explorer:
        await explorer.offer.click()
        await explorer.card(RUN).click()
        await expect(explorer.page.get_by_role("region", name="Comparison")).to_contain_text("That is the same vertex.")
        await explorer.page.keyboard.press("/")
        await explorer.page.keyboard.press("Escape")
        await expect(explorer.offer).to_be_focused()
        await expect(explorer.options).to_have_count(0)
        await explorer.card(OTHER).click()
        await expect(explorer.heading).to_have_text("right")


@pytest.mark.usefixtures("runs")
async def test_phone_makes_room_for_picking(browser: Browser, at: Callable[..., str]) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
    async with comparing(browser, at(start=ENDPOINT, up=3, select=RUN), **phone) as explorer:
        await explorer.offer.tap()
        await expect(explorer.drawer).to_be_hidden()
        await explorer.page.get_by_role("button", name="Cancel").press("Enter")
        await expect(explorer.offer).to_be_focused()
        await explorer.offer.tap()
        await explorer.options.first.tap()
        await expect(explorer.ends).to_have_text(["left", "right"])


@pytest.mark.usefixtures("runs")
async def test_swapping_asks_nothing_again(browser: Browser, at: Callable[..., str], service: LocalServer) -> None:
    service.behaviour.deny = [f"ListTags:{OTHER}"]
    async with comparing(browser, at(start=ENDPOINT, compare=[RUN, OTHER])) as explorer:
        await explorer.expect_values("eta", "0.1", "0.2", differ=True)
        swap = explorer.drawer.get_by_role("button", name="Swap")
        await swap.press("Enter")
        await explorer.expect_values("eta", "0.2", "0.1", differ=True)
        await expect(explorer.ends).to_have_text(["right", "left"])
        await expect(swap).to_be_focused()
        await expect(explorer.page).to_have_url(compares(OTHER, RUN))
        assert len(explorer.variables_of("Detail")) == 2


@pytest.mark.usefixtures("runs")
async def test_only_differences_outlive_reload(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, compare=[RUN, OTHER])) as explorer:
        await expect(explorer.member("objective")).to_have_count(1)
        await explorer.drawer.get_by_label("Only the differences").check()
        await expect(explorer.member("objective")).to_have_count(0)
        await explorer.page.reload()
        await expect(explorer.member("eta")).to_have_count(1)
        await expect(explorer.member("objective")).to_have_count(0)
        await expect(explorer.table.get_by_text("Inputs")).to_have_count(0)


@pytest.mark.usefixtures("runs")
async def test_print_has_whole_width(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, compare=[RUN, OTHER])) as explorer:
        await explorer.expect_values("eta", "0.1", "0.2", differ=True)
        await explorer.page.emulate_media(media="print")
        assert await explorer.drawer.evaluate("drawer => innerWidth - drawer.offsetWidth") == 0


async def test_heads_cover_no_focus(browser: Browser, at: Callable[..., str], load: Callable[..., None]) -> None:
    load(
        *(artifact(n, ArtifactName="n" * 250, Properties={str(key): f"{n}é" * 200 for key in range(8)}) for n in (0, 1))
    )
    async with comparing(browser, at(start=DATASET, compare=[DATASET, MODEL])) as explorer:
        buttons = explorer.table.get_by_role("button", name="show all 400 characters")
        await expect(buttons).to_have_count(16)
        await expect(explorer.ends).to_have_text(["n" * 250] * 2)
        await buttons.nth(6).focus()
        covered = buttons.nth(5)
        await covered.evaluate("button => button.closest('aside').scrollBy(0, button.getBoundingClientRect().top - 80)")
        await explorer.page.keyboard.press("Shift+Tab")
        await expect(covered).to_be_focused()
        heads = "document.querySelector('thead th').getBoundingClientRect()"
        below = await covered.evaluate(f"button => button.getBoundingClientRect().top - {heads}.bottom")
        assert below >= 0


@pytest.mark.usefixtures("runs")
async def test_kinds_can_be_mixed(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(compare=[RUN, ENDPOINT])) as explorer:
        await explorer.expect_values("eta", "0.1", "not set", differ=True)
        await explorer.expect_values("Name", "left", "endpoint", differ=True)
        await expect(explorer.card(RUN)).to_have_accessible_name(re.compile("the start"))


@pytest.mark.usefixtures("runs")
async def test_denied_member_is_not_compared(browser: Browser, at: Callable[..., str], service: LocalServer) -> None:
    service.behaviour.deny = [f"ListTags:{OTHER}"]
    async with comparing(browser, at(start=ENDPOINT, compare=[RUN, OTHER])) as explorer:
        await explorer.expect_values("Tags", "not set", "Missing: denied.", differ=False)
        await expect(explorer.drawer).to_contain_text("could not be compared")
        service.behaviour.deny = []
        await explorer.drawer.get_by_role("button", name="Ask again").click()
        await expect(explorer.drawer.get_by_role("alert")).to_have_count(0)
        await expect(explorer.drawer).not_to_contain_text("Missing")
        await expect(explorer.drawer).not_to_contain_text("could not be compared")


@pytest.mark.usefixtures("runs")
async def test_what_is_gone_is_named(browser: Browser, at: Callable[..., str]) -> None:
    async with comparing(browser, at(start=ENDPOINT, compare=[RUN, component_arn("gone")])) as explorer:
        await expect(explorer.drawer).to_contain_text("gone no longer exists")
        await expect(explorer.ends).to_have_text(["left", "gone"])
        assert await explorer.drawer.get_by_role("alert").count() == 0


@pytest.mark.usefixtures("runs")
async def test_slow_side_is_awaited(browser: Browser, at: Callable[..., str]) -> None:
    asked, released = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        body = route.request.post_data or ""
        if "query Detail" in body and OTHER in body:
            asked.set()
            await released.wait()
        await route.continue_()

    async with comparing(browser, at(start=ENDPOINT, select=RUN)) as explorer:
        await expect(explorer.row("Name")).to_have_text("left")
        await explorer.page.route("**/graphql", hold)
        await explorer.page.goto(at(start=ENDPOINT, compare=[RUN, OTHER]))
        await asked.wait()
        await expect(explorer.drawer.get_by_text("Loading the comparison…")).to_be_attached()
        await expect(explorer.ends).to_have_text(["left", "right"])
        released.set()
        await explorer.page.unroute_all(behavior="wait")
        await explorer.expect_values("eta", "0.1", "0.2", differ=True)
        await expect(explorer.drawer.get_by_text("Loading the comparison…")).to_have_count(0)


HOSTILE = '<img src=x onerror="document.title=1">'
RIGHT_TO_LEFT = "\u202eنموذج" + "é" * 1000


@pytest.mark.parametrize("width", [1280, 390])
async def test_hostile_names_stay_text(
    browser: Browser, at: Callable[..., str], load: Callable[..., None], width: int
) -> None:
    load(
        artifact(
            0, HOSTILE, ArtifactName=HOSTILE, Properties={HOSTILE: HOSTILE, RIGHT_TO_LEFT: "1"}, CreationTime=1.001
        ),
        artifact(1, "Model", ArtifactName=RIGHT_TO_LEFT, Properties={HOSTILE: RIGHT_TO_LEFT}, CreationTime=1.002),
        association(DATASET, MODEL),
    )
    address = at(start=DATASET, compare=[DATASET, MODEL])
    async with comparing(browser, address, viewport={"width": width, "height": 800}) as explorer:
        await expect(explorer.ends).to_have_text([HOSTILE, RIGHT_TO_LEFT])
        await expect(explorer.member(re.escape(HOSTILE)).get_by_role("cell").first).to_have_text(HOSTILE)
        await expect(explorer.member("Created").get_by_role("cell").last).to_have_text("1970-01-01T00:00:01.002+00:00")
        assert await explorer.page.locator("img").count() == 0
        widths = "[drawer.scrollWidth - drawer.clientWidth, document.documentElement.scrollWidth - innerWidth]"
        assert await explorer.drawer.evaluate(f"drawer => {widths}") == [0, 0]
        assert (await explorer.ends.last.bounding_box() or {"height": 0})["height"] < 100


async def test_long_neighbours_are_cut(browser: Browser, at: Callable[..., str], load: Callable[..., None]) -> None:
    load(*fan(40))
    async with comparing(browser, at(start=DATASET, compare=[DATASET, MODEL])) as explorer:
        await expect(explorer.member("Downstream").get_by_role("cell").first).to_contain_text("and 28 more")
        await explorer.expect_values("Upstream", "none", "artifact-0", differ=True)


async def test_cut_neighbours_are_those_that_differ(
    browser: Browser, at: Callable[..., str], load: Callable[..., None]
) -> None:
    other = artifact_arn(50)
    load(*fan(40), artifact(50), *(association(other, artifact_arn(leaf)) for leaf in range(1, 13)))
    async with comparing(browser, at(start=DATASET, compare=[DATASET, other])) as explorer:
        left, right = (explorer.member("Downstream").get_by_role("cell").nth(at) for at in (0, 1))
        await expect(right.get_by_text("artifact-2", exact=True)).to_have_count(1)
        await expect(left).to_contain_text("and 28 more")
        await expect(left.get_by_role("listitem").first).to_have_text("artifact-13")


async def test_stack_offers_its_members(browser: Browser, at: Callable[..., str], load: Callable[..., None]) -> None:
    load(*fan(40))
    async with comparing(browser, at(start=DATASET, select=MODEL)) as explorer:
        await explorer.offer.click()
        await explorer.page.get_by_role("button", name="search", exact=True).click()
        await explorer.page.get_by_label("Search the stack").fill("artifact-30")
        await explorer.page.get_by_role("dialog").get_by_role("button", name="artifact-30").click()
        await explorer.expect_values("Name", "artifact-1", "artifact-30", differ=True)


async def test_large_picture_can_be_compared_from(
    browser: Browser, at: Callable[..., str], load: Callable[..., None]
) -> None:
    load(*layered(1000))
    run = component_arn("run-4-20")
    async with comparing(browser, at(start=ENDPOINT, up=60, down=0, select=run)) as explorer:
        await explorer.offer.click()
        await explorer.box.fill("run-4-21")
        await explorer.options.filter(has_text="run-4-21").first.click()
        await expect(explorer.ends).to_have_text(["run-4-20", "run-4-21"])
        await explorer.expect_values("Name", "run-4-20", "run-4-21", differ=True)
