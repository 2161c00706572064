"""Finding vertices in the explorer."""

import re
from collections.abc import Callable

import explorer_search
import pytest
from browser import visiting
from explorer_search import DATASET, ENDPOINT, MODEL, RUN, Explorer
from graphs import arn, artifact, artifact_arn
from playwright.async_api import Browser, expect

from gateway.local.server import LocalServer

explorer, url = explorer_search.explorer, explorer_search.url


async def test_slash_focuses_the_box(explorer: Explorer) -> None:
    await explorer.card(ENDPOINT).focus()
    await explorer.page.keyboard.press("/")
    await expect(explorer.box).to_be_focused()
    await explorer.page.keyboard.type("s3://")
    await expect(explorer.box).to_have_value("s3://")
    await explorer.page.keyboard.press("Escape")
    await expect(explorer.card(ENDPOINT)).to_be_focused()
    await expect(explorer.options).to_have_count(0)


async def test_part_of_name_finds(explorer: Explorer) -> None:
    await explorer.seek("ENDPO")
    await expect(explorer.options).to_have_count(1)
    await expect(explorer.options).to_contain_text("endpoint")
    await explorer.seek("ifact")
    await expect(explorer.options).to_have_text([re.compile(r"artifact-\d")] * 3)
    await explorer.page.keyboard.press("ArrowDown")
    await explorer.page.keyboard.press("ArrowDown")
    active = await explorer.box.get_attribute("aria-activedescendant")
    second = await explorer.options.nth(1).get_attribute("id")
    assert active == second
    chosen = await explorer.options.nth(1).get_attribute("data-arn")
    assert chosen is not None
    await explorer.page.keyboard.press("Enter")
    await explorer.expect_start(chosen)
    await expect(explorer.card(chosen)).to_be_focused()


@pytest.mark.parametrize(
    ("reference", "vertex"),
    [
        pytest.param("s3://bucket/0", DATASET, id="S3 URI"),
        pytest.param("left", RUN, id="job"),
        pytest.param(arn("training-job", "left"), RUN, id="ARN of a job"),
        pytest.param("endpoint", ENDPOINT, id="name"),
        pytest.param(f" {MODEL}\u200b ", MODEL, id="ARN with what a page adds to it"),
        pytest.param(f'"{MODEL}",', MODEL, id="ARN as it stands in JSON"),
        pytest.param(f"“{MODEL}”", MODEL, id="ARN as a document quotes it"),
        pytest.param(arn("model-package", "churn/3"), artifact_arn(3), id="model package"),
    ],
)
async def test_reference_and_enter_find(
    explorer: Explorer, load: Callable[..., None], reference: str, vertex: str
) -> None:
    load(artifact(3, "Model", Source={"SourceUri": arn("model-package", "churn/3")}))
    await explorer.seek(reference)
    await explorer.page.keyboard.press("Enter")
    await explorer.expect_start(vertex)
    assert len(explorer.variables_of("Resolve")) == 1


async def test_composition_ignores_enter_and_escape(explorer: Explorer) -> None:
    before = explorer.page.url
    await explorer.seek("artifact-0")
    await expect(explorer.options).to_have_count(1)
    for key in ("Enter", "Escape"):
        await explorer.box.dispatch_event("keydown", {"key": key, "isComposing": True})
    await expect(explorer.options).to_have_count(1)
    assert explorer.page.url == before
    await explorer.page.keyboard.press("Enter")
    await explorer.expect_start(DATASET)


async def test_several_are_left_to_choose(explorer: Explorer, load: Callable[..., None]) -> None:
    load(artifact(8, Source={"SourceUri": "s3://bucket/0"}))
    before = explorer.page.url
    await explorer.seek("s3://bucket/0")
    await explorer.page.keyboard.press("Enter")
    await expect(explorer.options.first).to_have_attribute("aria-selected", "true")
    assert explorer.page.url == before


async def test_nothing_found_says_so(explorer: Explorer) -> None:
    await explorer.seek("no-such-thing")
    await expect(explorer.notes).to_have_text("Nothing found for “no-such-thing”.")


async def test_long_text_stays_in_list(explorer: Explorer) -> None:
    await explorer.seek("x" * 2000)
    await expect(explorer.notes).to_contain_text("Nothing found")
    found = explorer.page.locator(".found")
    assert await found.evaluate("one => one.scrollHeight <= one.clientHeight")


async def test_long_type_leaves_name_room(explorer: Explorer, load: Callable[..., None]) -> None:
    load(artifact(9, "T" * 250))
    await explorer.seek("artifact-9")
    name = await explorer.options.locator(".name").bounding_box()
    assert name
    assert name["width"] > 100
    assert await explorer.options.evaluate("one => one.scrollWidth <= one.clientWidth")


async def test_touch_needs_no_key(browser: Browser, explorer: Explorer) -> None:
    await expect(explorer.key).to_be_visible()
    async with visiting(browser, explorer.page.url, has_touch=True, is_mobile=True) as visit:
        on_phone = Explorer(visit)
        await expect(on_phone.box).to_be_visible()
        await expect(on_phone.key).to_be_hidden()


async def test_failed_searches_are_reported(explorer: Explorer, service: LocalServer) -> None:
    service.behaviour.deny = ["ListActions:*", "ListTrialComponents:*", "Search:*"]
    await explorer.seek("endpoint")
    await expect(explorer.options.first).to_contain_text("endpoint")
    await expect(explorer.notes).to_contain_text("Not everything could be searched.")
    await explorer.seek("no-such-thing")
    await expect(explorer.notes).to_contain_text("Nothing found")


async def test_unreachable_gateway_is_reported(explorer: Explorer) -> None:
    await explorer.page.context.set_offline(True)
    await explorer.seek("left")
    await expect(explorer.notes).to_contain_text("The gateway cannot be reached.")
    await expect(explorer.options.first).to_contain_text("left")
    explorer.visit.complaints.clear()


async def test_incomplete_search_is_reported(explorer: Explorer, load: Callable[..., None]) -> None:
    load(*(artifact(number) for number in range(100, 201)))
    await explorer.seek("artifact-1")
    await expect(explorer.notes).to_contain_text("The first 50 of")
    await expect(explorer.notes).to_contain_text("and the newest 100 of each kind")


async def test_recent_and_starred_outlive_page(explorer: Explorer) -> None:
    await explorer.page.keyboard.press("/")
    await expect(explorer.notes).to_contain_text("in this browser only")
    await explorer.box.fill("artifact-1")
    await explorer.options.first.get_by_title("Star").click()
    await explorer.options.first.click()
    await explorer.expect_start(MODEL)
    await explorer.page.reload()
    await explorer.expect_start(MODEL)
    await explorer.page.keyboard.press("/")
    groups = explorer.page.get_by_role("listbox").get_by_role("group")
    await expect(groups).to_have_text([re.compile("^Starred.*artifact-1"), re.compile("^Recent.*artifact-1")])
    await expect(explorer.options.first).to_have_accessible_name(re.compile("starred"))
    await expect(explorer.drawer.get_by_role("button", name="Starred")).to_have_attribute("aria-pressed", "true")
