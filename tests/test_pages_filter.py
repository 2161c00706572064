"""The explorer's filter: which vertices of a picture it shows."""

import re

import explorer_page
from conftest import listening
from explorer_page import STAGING, around, open_explorer
from playwright.async_api import Browser, expect

from gateway.local.server import LocalServer
from gateway.settings import Settings

demo = explorer_page.demo


async def test_kind_hides_and_dashes(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, demo) as explorer:
        await expect(explorer.cards).to_have_count(10)
        await explorer.button("Filter").click()
        await explorer.choice("context").check()
        await explorer.choice("trial component").check()
        await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})
        await expect(explorer.page.locator(".link.hidden-hops")).to_have_count(1)
        await expect(explorer.page.locator(".link-label")).to_have_text("3 hidden")
        await expect(explorer.page.get_by_role("slider").first).to_have_accessible_description(
            "Hops count hidden vertices too."
        )
        await expect(explorer.page).to_have_url(re.compile("kind=CONTEXT&kind=TRIAL_COMPONENT"))


async def test_panel_closes_and_gives_focus_back(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, demo) as explorer:
        await expect(explorer.cards).to_have_count(10)
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


async def test_panel_follows_its_button(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, demo) as explorer:
        await explorer.button("Filter").click()
        await expect(explorer.panel).to_be_visible()
        await explorer.page.set_viewport_size({"width": 500, "height": 700})
        await expect(explorer.choice("artifact")).to_be_in_viewport()


async def test_types_stay_choosable_when_hidden(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 9, 0)}") as explorer:
        await expect(explorer.face("raw-events")).to_be_attached()
        await explorer.button("Filter").click()
        count = await explorer.panel.locator(".one", has_text="Data Set").locator(".count").text_content()
        await explorer.choice("Model").check()
        await explorer.expect_cards({"model-c3z7demo", "churn-version-3", "churn-staging"})
        await expect(explorer.panel.locator(".one", has_text="Data Set").locator(".count")).to_have_text(count or "")
        await explorer.choice("Data Set").check()
        await expect(explorer.cards.filter(has_text="raw-")).to_have_count(3)


async def test_counts_cover_the_drawn_vertices(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
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


async def test_unknown_counts_are_left_out(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
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
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
        await expect(explorer.cards).to_have_count(7)
        await explorer.button("Filter").click()
        await explorer.panel.get_by_label("Another type").fill("TrainingJob")
        await explorer.page.keyboard.press("Enter")
        await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})
        await expect(explorer.choice("Training Job")).to_be_checked()


async def test_days_count_whole(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
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
    async with open_explorer(browser, address) as explorer:
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
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
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


async def test_clearing_keeps_the_focus(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0, kind='CONTEXT')}") as explorer:
        await explorer.button("Filter").first.click()
        clear = explorer.panel.get_by_role("button", name="Clear")
        await clear.press("Enter")
        await expect(explorer.cards).to_have_count(7)
        await expect(clear).to_be_disabled()
        await expect(clear).to_be_focused()


async def test_newer_filter_wins(browser: Browser) -> None:
    with LocalServer(demo=True) as local, listening(Settings(local_url=local.url, cache_url="off")) as place:
        async with open_explorer(browser, f"http://{place}/{around(STAGING, 4, 0)}") as explorer:
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
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0, kind='TRIAL_COMPONENT')}") as explorer:
        await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})
        slider = explorer.page.get_by_role("slider").first
        await slider.focus()
        await explorer.page.keyboard.press("ArrowLeft")
        await explorer.expect_cards({"churn-staging"})
        for _ in range(3):
            await explorer.page.keyboard.press("ArrowRight")
        await explorer.expect_cards({"churn-prepare-c3z7demo", "churn-train-c3z7demo", "churn-staging"})


async def test_sides_open_over_hidden_vertices(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0, kind='TRIAL_COMPONENT')}") as explorer:
        await explorer.expect_cards({"churn-train-c3z7demo", "churn-staging"})
        await explorer.button("Show what is upstream of churn-train-c3z7demo").click()
        await explorer.expect_cards({"churn-prepare-c3z7demo", "churn-train-c3z7demo", "churn-staging"})
        await expect(explorer.page.locator(".link-label")).to_have_text(["3 hidden", "1 hidden"])
