"""Paths between two vertices in the explorer."""

import asyncio
import re

import explorer_page
import httpx
import orjson
import pytest
from browser import violations
from explorer_page import PRODUCTION, STAGING, TRAINING, WAY, around, open_explorer
from graphs import action, arn, artifact, artifact_arn, association, component_arn, diamond
from playwright.async_api import Browser, Route, expect

from gateway.local.server import LocalServer

account, demo = explorer_page.account, explorer_page.demo


async def test_picked_path_outlives_reload(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 1, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(2)
        await explorer.button("Paths").click()
        await expect(explorer.status).to_contain_text("Pick the vertex where the paths start.")
        await explorer.face("deploy-3-to-staging").click()
        await expect(explorer.status).to_contain_text("From deploy-3-to-staging: pick the vertex where they end.")
        await explorer.face("churn-staging").click()
        await expect(explorer.status).to_contain_text("1 path from deploy-3-to-staging to churn-staging, 1 hop.")
        await expect(explorer.page).to_have_url(re.compile("path=.*path="))
        await expect(explorer.page).not_to_have_url(re.compile("select="))
        await explorer.page.reload()
        await expect(explorer.status).to_contain_text("1 path from deploy-3-to-staging")
        await expect(explorer.lit).to_have_count(2)
        await explorer.button("Leave the paths").press("Enter")
        await expect(explorer.lit).to_have_count(0)
        await expect(explorer.page.locator("main")).to_be_focused()
        await expect(explorer.page).not_to_have_url(re.compile("path="))


async def test_paths_are_stepped_through(browser: Browser, demo: str) -> None:
    raw = await data_set(demo, "raw-customers")
    async with open_explorer(browser, f"{demo}{around(STAGING, 1, 0)}&path={raw}&path={STAGING}") as explorer:
        await expect(explorer.status).to_contain_text("6 paths from raw-customers to churn-staging, 9 hops.")
        await expect(explorer.lit).to_have_count(13)
        await expect(explorer.page.locator(".link.lit")).to_have_count(15)
        await explorer.button("Next path").click()
        await expect(explorer.page.locator("output", has_text="1 of 6")).to_be_visible()
        await expect(explorer.lit).to_have_count(10)
        await expect(explorer.page.locator(".link.lit")).to_have_count(9)
        await explorer.button("Previous path").click()
        await explorer.button("Previous path").click()
        await expect(explorer.page).to_have_url(re.compile("way=6"))
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
    async with open_explorer(browser, f"{address}&path={STAGING}", viewport={"width": 1200, "height": 640}) as explorer:
        await explorer.page.route("**/graphql", hold)
        await explorer.page.reload()
        await expect(explorer.status).to_contain_text("2 paths from churn-prepare-c3z7demo")
        await expect(explorer.lit.first).to_be_visible()
        found.set()
        await expect(explorer.page.locator(".card:not(.lit)").first).to_be_visible()
        for name in WAY | {"churn-prepare-c3z7demo"}:
            await expect(explorer.face(name)).to_be_in_viewport(ratio=0.99)


async def test_rest_can_be_hidden(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0)}&path={TRAINING}&path={STAGING}"
    async with open_explorer(browser, address) as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.page.get_by_label("Hide the rest").check()
        await explorer.expect_cards(WAY)
        await explorer.page.reload()
        await explorer.expect_cards(WAY)
        await explorer.page.get_by_label("Hide the rest").uncheck()
        await expect(explorer.cards).to_have_count(7)


async def test_phone_keeps_cross_beside_text(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0)}&path={TRAINING}&path={STAGING}"
    async with open_explorer(browser, address, viewport={"width": 390, "height": 844}) as explorer:
        await expect(explorer.status).to_contain_text("1 path from churn-train-c3z7demo to churn-staging")
        text, cross = await explorer.status.bounding_box(), await explorer.button("Leave the paths").bounding_box()
        assert text is not None
        assert cross is not None
        assert cross["x"] >= text["x"] + text["width"]
        assert cross["y"] < text["y"] + text["height"]


async def test_light_comes_back_to_paths(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0)}&path={TRAINING}&path={STAGING}"
    async with open_explorer(browser, address) as explorer:
        await expect(explorer.lit).to_have_count(len(WAY))
        await explorer.face("image-inference").hover()
        await expect(explorer.lit).to_have_count(3)
        await explorer.page.mouse.move(20, 300)
        await expect(explorer.lit).to_have_count(len(WAY))


async def test_focus_lights_until_it_leaves(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
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
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
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
    async with open_explorer(browser, address) as explorer:
        await explorer.expect_cards(WAY)
        await explorer.button("Remove from the filter: context").click()
        await expect(explorer.cards).to_have_count(7)
        await expect(explorer.lit).to_have_count(len(WAY))


async def test_path_against_the_arrows_is_found(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await explorer.face("churn-staging").click()
        await expect(explorer.page.locator(".card.selected")).to_have_count(1)
        await explorer.button("Paths").first.click()
        await expect(explorer.status).to_contain_text("From churn-staging: pick")
        await explorer.face("churn-version-3").click()
        await expect(explorer.status).to_contain_text(
            "None leads from churn-staging to churn-version-3, "
            "but 1 path from churn-version-3 to churn-staging, 2 hops."
        )
        await expect(explorer.lit).to_have_count(3)


async def test_shift_click_picks_both_ends(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await explorer.face("model-c3z7demo").click(modifiers=["Shift"])
        await expect(explorer.status).to_contain_text("From model-c3z7demo: pick")
        await explorer.face("model-c3z7demo").click(modifiers=["Shift"])
        await expect(explorer.status).to_contain_text("The paths start there.")
        await explorer.face("churn-version-3").click(modifiers=["Shift"])
        await expect(explorer.status).to_contain_text("1 path from model-c3z7demo to churn-version-3, 1 hop.")


async def test_keyboard_finds_path_alone(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        keyboard = explorer.page.keyboard
        await explorer.tab_to("Paths")
        await keyboard.press("Enter")
        await expect(explorer.face("churn-staging")).to_be_focused()
        await keyboard.press("Escape")
        await expect(explorer.status).to_be_empty()
        await explorer.button("Paths").focus()
        await keyboard.press("Enter")
        await keyboard.press("ArrowLeft")
        await expect(explorer.face("deploy-3-to-staging")).to_be_focused()
        await keyboard.press("Enter")
        await expect(explorer.status).to_contain_text("From deploy-3-to-staging")
        await keyboard.press("ArrowRight")
        await keyboard.press("Enter")
        await expect(explorer.status).to_contain_text("1 path from deploy-3-to-staging to churn-staging")
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
    async with open_explorer(browser, f"{demo}{around(STAGING, 1, 0)}&path={ends[0]}&path={ends[1]}") as explorer:
        await expect(explorer.status).to_contain_text(words)
        await explorer.expect_cards({"deploy-3-to-staging", "churn-staging"})


async def test_failed_paths_can_be_retried(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)

        async def cut(route: Route) -> None:
            await (route.abort() if "PathsBetween" in str(route.request.post_data) else route.continue_())

        await explorer.page.route("**/graphql", cut)
        await explorer.face("model-c3z7demo").click(modifiers=["Shift"])
        await explorer.face("churn-version-3").click(modifiers=["Shift"])
        await expect(explorer.status).to_contain_text("The gateway cannot be reached")
        await explorer.page.unroute("**/graphql")
        await explorer.page.locator(".paths").get_by_role("button", name="Try again").click()
        await expect(explorer.status).to_contain_text("1 path from model-c3z7demo")
        explorer.visit.complaints.clear()


async def test_paths_come_back_with_network(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.face("model-c3z7demo")).to_be_visible()
        await explorer.page.context.set_offline(True)
        await explorer.face("model-c3z7demo").click(modifiers=["Shift"])
        await explorer.face("churn-version-3").click(modifiers=["Shift"])
        await expect(explorer.status).to_have_text(
            "The gateway cannot be reached. This page tries again as soon as the browser is back online."
        )
        await explorer.page.context.set_offline(False)
        await expect(explorer.status).to_contain_text("1 path from model-c3z7demo")
        explorer.visit.complaints.clear()


async def test_too_early_retry_is_repeated(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        failing = ["the first", "the one when the browser is online"]

        async def cut(route: Route) -> None:
            asked = "PathsBetween" in str(route.request.post_data)
            await (route.abort() if asked and failing and failing.pop() else route.continue_())

        await explorer.page.route("**/graphql", cut)
        await explorer.face("model-c3z7demo").click(modifiers=["Shift"])
        await explorer.face("churn-version-3").click(modifiers=["Shift"])
        await expect(explorer.status).to_contain_text("The gateway cannot be reached")
        await explorer.page.evaluate("dispatchEvent(new Event('online'))")
        await expect(explorer.status).to_contain_text("1 path from model-c3z7demo")
        assert not failing
        explorer.visit.complaints.clear()


async def test_incomplete_paths_say_so(browser: Browser, account: str, service: LocalServer) -> None:
    middles = range(1, 31)
    ends = [artifact(0), artifact(31)]
    joins = [(0, number) for number in middles] + [(number, 31) for number in middles]
    lines = [*ends, *(artifact(n) for n in middles), *(association(artifact_arn(a), artifact_arn(b)) for a, b in joins)]
    service.load([orjson.dumps(line) for line in lines])
    address = f"{account}{around(artifact_arn(0), 0, 1)}&path={artifact_arn(0)}&path={artifact_arn(31)}"
    async with open_explorer(browser, address) as explorer:
        await expect(explorer.status).to_contain_text(
            "20 paths from artifact-0 to artifact-31, 2 hops. There may be more."
        )


async def test_cut_search_denies_no_path(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in diamond()])
    service.behaviour.unknown, service.behaviour.deny = ["QueryLineage"], ["ListAssociations:*"]
    ends = f"&path={artifact_arn(0)}&path={arn('context', 'endpoint')}"
    async with open_explorer(browser, f"{account}{around(artifact_arn(0), 0, 0)}{ends}") as explorer:
        await expect(explorer.status).to_contain_text(
            "No path was found from artifact-0 to endpoint, or back. AWS denies the gateway access"
        )


async def test_path_back_denies_no_other(browser: Browser, account: str, service: LocalServer) -> None:
    endpoint, before, after = arn("context", "endpoint"), arn("action", "before"), arn("action", "after")
    beyond = [action("before"), action("after"), association(before, artifact_arn(0)), association(endpoint, after)]
    service.load([orjson.dumps(line) for line in [*diamond(), *beyond]])
    service.behaviour.unknown, service.behaviour.deny = ["QueryLineage"], ["ListAssociations:*:action/*"]
    ends = f"&path={endpoint}&path={artifact_arn(0)}"
    async with open_explorer(browser, f"{account}{around(artifact_arn(0), 0, 0)}{ends}") as explorer:
        await expect(explorer.status).to_contain_text(
            "None was found from endpoint to artifact-0, but 2 paths from artifact-0 to endpoint, 3 hops. AWS denies"
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser: Browser, demo: str, scheme: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0)}&path={TRAINING}&path={STAGING}&type=Model&type=Approval"
    async with open_explorer(browser, address, color_scheme=scheme) as explorer:
        await expect(explorer.lit).to_have_count(len(WAY))
        assert await violations(explorer.page) == []
        await explorer.button("Filter").first.click()
        await expect(explorer.panel).to_be_visible()
        assert await violations(explorer.page) == []
        await explorer.page.keyboard.press("Escape")
        await explorer.button("Table").click()
        await explorer.page.get_by_role("group", name="Rows of a kind").get_by_role("button").first.click()
        assert await violations(explorer.page) == []


def overlap(one: list[float], other: list[float]) -> bool:
    """Return whether two rectangles overlap; each has a left, top, right and bottom."""
    return all(max(one[at], other[at]) < min(one[at + 2], other[at + 2]) for at in (0, 1))


async def data_set(url: str, name: str) -> str:
    """Return the ARN of the demo's data set with this name."""
    async with httpx.AsyncClient(base_url=url) as client:
        query = '{ artifacts(type: "DataSet", first: 100) { nodes { arn name } } }'
        answer = (await client.post("graphql", json={"query": query})).json()
    found: str = next(node["arn"] for node in answer["data"]["artifacts"]["nodes"] if node["name"] == name)
    return found
