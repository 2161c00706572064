"""The table in the explorer, which has a row for each vertex of the picture."""

import re
from urllib.parse import quote

import explorer_page
import orjson
from explorer_page import STAGING, WIDE, around, open_explorer
from graphs import action, arn, artifact, artifact_arn, association, context, fan
from playwright.async_api import Browser, expect

from gateway.local.server import LocalServer

account, demo = explorer_page.account, explorer_page.demo

MINUS = "\N{MINUS SIGN}"


async def test_table_has_rows_of_picture(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0)}") as explorer:
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
                "training-job/churn-train-c3z7demo",
                "3",
                re.compile("1"),
                "",
            ]
        )


async def test_table_is_printed_whole(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0, show='table', select=STAGING)}"
    async with open_explorer(browser, address, viewport={"width": 800, "height": 400}) as explorer:
        await expect(explorer.page.locator(".table tbody tr")).to_have_count(7)
        await expect(explorer.page.get_by_text("Answers the staging systems.")).to_be_attached()
        await explorer.page.emulate_media(media="print", color_scheme="dark")
        boxes = explorer.page.locator("body, .page, .middle, .table .scroll, .drawer")
        for out in ("one.scrollHeight - one.clientHeight", "one.scrollWidth - one.clientWidth"):
            assert max(await boxes.evaluate_all(f"all => all.map(one => {out})")) <= 1
        await expect(explorer.page.locator("body")).to_have_css("background-color", "rgb(246, 247, 249)")
        await expect(explorer.button("Filter")).to_have_count(0)
        await expect(explorer.button("Copy the ARN")).to_have_count(0)


async def test_copied_rows_repeat_no_distance(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 1, 0, show='table')}"
    async with open_explorer(browser, address, permissions=["clipboard-read", "clipboard-write"]) as explorer:
        await expect(explorer.rows.locator("time")).to_have_count(2)
        await explorer.page.evaluate("getSelection().selectAllChildren(document.querySelector('tbody'))")
        await explorer.page.keyboard.press("Control+c")
        copied = await explorer.page.evaluate("navigator.clipboard.readText()")
        assert f"action\t{MINUS}1\t2026-10-23 06:00" in copied


async def test_long_names_are_printed_whole(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(artifact(0, "t" * 100, ArtifactName="n" * 100))])
    address = f"{account}{around(artifact_arn(0), 0, 0, show='table')}"
    async with open_explorer(browser, address, viewport={"width": 800, "height": 400}) as explorer:
        await expect(explorer.names).to_have_text(["n" * 100])
        await explorer.page.emulate_media(media="print")
        boxes = explorer.page.locator("body, .table .scroll, tbody th bdi, tbody .type bdi")
        assert max(await boxes.evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)")) == 0


async def test_table_sorts_both_ways(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0, show='table')}") as explorer:
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
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0, show='table')}") as explorer:
        kinds = explorer.page.get_by_role("group", name="Rows of a kind").get_by_role("button")
        await expect(kinds).to_have_text(["artifact 3", "action 2", "context 1", "trial component 1"])
        await kinds.first.click()
        await expect(explorer.rows).to_have_count(3)
        await expect(explorer.page.get_by_text("3 of 7 vertices")).to_be_visible()
        await explorer.page.get_by_role("group", name="Rows of a type").get_by_text("Image").click()
        await expect(explorer.names).to_have_text(["image-inference"])
        await expect(kinds).to_have_text(["artifact 3", "action 2", "context 1", "trial component 1"])
        await explorer.page.get_by_label("Search the rows").fill("no such thing")
        await expect(explorer.page.get_by_text("No rows match.")).to_be_visible()


async def test_table_lists_stacked_vertices(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in fan(312)])
    async with open_explorer(browser, f"{account}{around(artifact_arn(0), 0, 1, show='table')}") as explorer:
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


async def test_last_page_keeps_the_focus(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in fan(150)])
    async with open_explorer(browser, f"{account}{around(artifact_arn(0), 0, 1, show='table')}") as explorer:
        following = explorer.button("Next page")
        await following.press("Enter")
        await expect(explorer.rows).to_have_count(51)
        await expect(following).to_be_disabled()
        await expect(following).to_be_focused()
        await explorer.page.keyboard.press("Enter")
        await expect(explorer.page.get_by_text("page 2 of 2")).to_be_visible()
        await explorer.button("Previous page").press("Enter")
        await expect(explorer.rows).to_have_count(100)
        await expect(explorer.button("Previous page")).to_be_focused()


async def test_other_rows_begin_at_the_top(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in fan(250)])
    async with open_explorer(browser, f"{account}{around(artifact_arn(0), 0, 1, show='table')}") as explorer:
        scrolled = explorer.page.locator(".table .scroll")
        await expect(explorer.rows).to_have_count(100)
        for act in (
            explorer.button("Next page").click,
            explorer.button("Distance").click,
            lambda: explorer.page.get_by_label("Search the rows").fill("artifact-1"),
        ):
            await scrolled.evaluate("one => one.scrollTo({ top: 9999 })")
            await act()
            await expect(scrolled).to_have_js_property("scrollTop", 0)


async def test_headings_scroll_with_their_columns(browser: Browser, demo: str) -> None:
    address = f"{demo}{around(STAGING, 4, 0, show='table')}"
    async with open_explorer(browser, address, viewport={"width": 390, "height": 844}) as explorer:
        await expect(explorer.names).to_have_count(7)
        await explorer.page.locator(".table .scroll").evaluate("one => one.scrollLeft = 300")
        lefts = "row => [...row.cells].map(cell => Math.round(cell.getBoundingClientRect().left))"
        headings = await explorer.page.locator("thead tr").evaluate(lefts)
        assert headings == await explorer.rows.first.evaluate(lefts)
        assert headings[0] < -200
        assert headings[-1] > 340  # the column that stays in view leaves room for the others


async def test_numbers_are_written_one_way(browser: Browser, account: str, service: LocalServer) -> None:
    service.load([orjson.dumps(line) for line in fan(1200)])
    address = f"{account}{around(artifact_arn(0), 0, 1)}"
    async with open_explorer(browser, address, locale="de-DE") as explorer:
        await expect(explorer.page.get_by_text("4 of 1,200 shown")).to_be_visible()
        await explorer.button("Table").click()
        await expect(explorer.page.get_by_text("1,201 vertices")).to_be_visible()


async def test_keyboard_goes_through_table(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0, show='table')}") as explorer:
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
        await expect(explorer.page).to_have_url(re.compile(f"select={quote(STAGING, safe='')}"))
        await explorer.rows.nth(0).get_by_role("button").first.focus()
        await explorer.tab_to("Make image-inference the start")
        await keyboard.press("Enter")
        await expect(explorer.rows.filter(has_text="the start").locator("th bdi")).to_have_text("image-inference")
        assert await explorer.focused() == "image-inference"


async def test_rows_can_be_ends(browser: Browser, demo: str) -> None:
    async with open_explorer(browser, f"{demo}{around(STAGING, 4, 0, show='table')}") as explorer:
        await explorer.button("Paths").click()
        await explorer.rows.get_by_role("button", name="model-c3z7demo", exact=True).click()
        await explorer.rows.get_by_role("button", name="churn-staging", exact=True).click()
        await expect(explorer.status).to_contain_text("1 path from model-c3z7demo to churn-staging, 3 hops.")


async def test_names_are_shown_as_text(browser: Browser, account: str, service: LocalServer) -> None:
    markup = "<img src=x onerror=alert(1)>"
    odd = artifact(1, type=markup, ArtifactName=f"{markup}\u202e" + "x" * 200)
    lines = [context("end"), action("step"), odd, association(artifact_arn(1), arn("action", "step"))]
    service.load([orjson.dumps(line) for line in [*lines, association(arn("action", "step"), arn("context", "end"))]])
    address = f"{account}{around(arn('context', 'end'), 2, 0, show='table')}&path={artifact_arn(1)}"
    async with open_explorer(browser, f"{address}&path={arn('context', 'end')}") as explorer:
        await expect(explorer.status).to_contain_text(markup)
        await explorer.button("Filter").click()
        await explorer.panel.get_by_role("checkbox", name=markup).check()
        await expect(explorer.chips).to_have_text([markup])
        await expect(explorer.names.filter(has_text=markup)).to_have_count(1)
        assert await explorer.page.locator("img").count() == 0
        assert await explorer.page.evaluate("document.documentElement.scrollWidth") == WIDE["width"]
