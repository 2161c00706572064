"""The explorer's notices when there is no picture or only a part of it, and their disappearance."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import explorer_notices
import httpx
import pytest
from browser import violations, visiting
from conftest import listening
from explorer_notices import DATASET, ENDPOINT, Load, gateway_over, names, notice, one_hop_more, open_explorer
from graphs import Line, arn, artifact, artifact_arn, association, component, component_arn, diamond, fan
from playwright.async_api import Browser, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.local.server import LocalServer
from gateway.settings import Settings

account = explorer_notices.account


def chain(length: int) -> Iterator[Line]:
    """Return a chain that alternates between trial components and artifacts."""
    vertices = [component_arn(f"run-{n}") if n % 2 else artifact_arn(n) for n in range(length)]
    yield from (component(f"run-{n}") if n % 2 else artifact(n) for n in range(length))
    yield from (association(*pair) for pair in pairwise(vertices))


async def test_complete_picture_has_no_notice(browser: Browser, account: str, load: Load) -> None:
    load(*diamond())
    async with open_explorer(browser, f"{account}#start={DATASET}&up=1&down=9") as visit:
        await expect(names(visit.page)).to_have_count(6)
        await expect(visit.page.locator(".progress")).to_have_count(0)
        await expect(visit.page.locator(".notice, .skeleton, .side.missing")).to_have_count(0)


async def test_skeleton_shows_until_cards_load(
    browser: Browser, account: str, load: Load, service: LocalServer
) -> None:
    load(*diamond())
    service.behaviour.latency_ms = 2000
    async with open_explorer(browser, f"{account}#start={DATASET}") as visit:
        await expect(visit.page.locator(".skeleton .card").first).to_be_visible()
        await expect(visit.page.get_by_role("button", name="Cancel")).to_be_visible()
        await expect(names(visit.page).first).to_be_visible()
        await expect(visit.page.locator(".skeleton, .progress")).to_have_count(0)


async def test_long_walk_can_be_stopped_and_continued(
    browser: Browser, account: str, load: Load, service: LocalServer
) -> None:
    load(*chain(30))
    service.behaviour.unknown, service.behaviour.latency_ms = ["QueryLineage"], 700
    async with open_explorer(browser, f"{account}#start={DATASET}&up=0&down=40") as visit:
        page = visit.page
        progress = page.get_by_role("group", name="The walk under way")
        await expect(progress).to_contain_text(re.compile(r"^[3-9] vertices found · \d+ AWS calls"))
        await progress.get_by_role("button", name="Cancel").click()
        await expect(progress).to_have_count(0)
        await expect(notice(page, "Stopped")).to_contain_text("This is what was found so far.")
        found = await page.locator(".face[data-arn]").count()
        assert 2 <= found < 29
        service.behaviour.latency_ms = 0
        await notice(page, "Stopped").get_by_role("button", name="Go on").click()
        await expect(page.locator(".react-flow__minimap")).to_have_count(0)
        await expect(notice(page, "Stopped")).to_have_count(0)
        await page.get_by_role("button", name="Table").click()
        await expect(page.get_by_role("row")).to_have_count(31)


async def test_slow_walk_ends_without_crossings(
    browser: Browser, account: str, load: Load, service: LocalServer
) -> None:
    parents = {child: (child - 1) // 4 for child in range(1, 85)}
    load(*(artifact(number) for number in range(85)))
    load(*(association(artifact_arn(parent), artifact_arn(child)) for child, parent in parents.items()))
    service.behaviour.latency_ms = 500  # for each of the walk's two pages
    tall = {"width": 1700, "height": 3600}
    async with visiting(browser, f"{account}#start={DATASET}&up=0&down=3", viewport=tall) as visit:
        await expect(visit.page.locator(".progress")).to_contain_text("AWS calls")
        await expect(names(visit.page)).to_have_count(85)
        await expect(visit.page.locator(".progress")).to_have_count(0)
        cards = visit.page.locator(".face[data-arn]")
        tops = dict(await cards.evaluate_all("all => all.map(one => [one.dataset.arn, one.getBoundingClientRect().y])"))
        for first in (1, 5, 21):
            column = sorted(range(first, 4 * first + 1), key=lambda child: tops[artifact_arn(child)])
            above = [tops[artifact_arn(parents[child])] for child in column]
            assert above == sorted(above)


async def test_newer_walk_replaces_an_older_one(
    browser: Browser, account: str, load: Load, service: LocalServer
) -> None:
    load(*chain(6))
    async with open_explorer(browser, f"{account}#start={artifact_arn(4)}&up=1&down=1") as visit:
        await expect(names(visit.page)).to_have_count(3)
        service.behaviour.latency_ms = 1000
        await one_hop_more(visit.page)
        await expect(visit.page.locator(".progress")).to_be_visible()
        await one_hop_more(visit.page)
        await expect(names(visit.page)).to_have_count(5)
        await expect(visit.page.locator(".progress, .notice")).to_have_count(0)


async def test_denied_vertex_is_marked(browser: Browser, account: str, load: Load, service: LocalServer) -> None:
    load(*diamond())
    service.behaviour.unknown, service.behaviour.deny = ["QueryLineage"], ["ListAssociations:*/left"]
    async with open_explorer(browser, f"{account}#start={ENDPOINT}&up=5&down=0") as visit:
        told = notice(visit.page, "Something is missing upstream")
        await expect(told).to_contain_text("AWS denies the gateway access beyond some of the vertices")
        await expect(told.get_by_role("button", name="Try again")).to_have_count(0)
        marked = visit.page.locator(".side.missing")
        await expect(marked).to_have_attribute("aria-label", re.compile("left"))
        await expect(marked.locator(".lucide-triangle-alert")).to_be_visible()
        await expect(visit.page.locator(".face", has_text="left")).to_have_attribute(
            "aria-label", re.compile("upstream (missing|shown in part)")
        )
        await expect(names(visit.page)).to_have_count(6)
        await told.get_by_role("button", name="Dismiss").click()
        await expect(told).to_have_count(0)
        await expect(marked).to_have_count(1)
        service.behaviour.reset()
        await visit.page.reload()
        await expect(names(visit.page)).to_have_count(6)
        await expect(visit.page.locator(".notice, .side.missing")).to_have_count(0)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [({"throttle_tps": 0.001}, "AWS throttled the calls."), ({"fault_rate": 1.0}, "AWS failed")],
)
async def test_temporary_failure_is_retried(
    browser: Browser, account: str, load: Load, service: LocalServer, behaviour: dict[str, float], words: str
) -> None:
    load(*diamond())
    for name, value in behaviour.items():
        setattr(service.behaviour, name, value)
    async with open_explorer(browser, f"{account}#start={ENDPOINT}&up=5&down=0") as visit:
        told = visit.page.locator(".notice", has_text="missing").filter(has_text=words)
        await expect(told).to_be_visible()
        service.behaviour.reset()
        await told.get_by_role("button", name="Try again").click()
        await expect(names(visit.page)).to_have_count(6)
        await expect(visit.page.locator(".notice, .side.missing")).to_have_count(0)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"max_aws_calls": 6}, "its budget of AWS calls"), ({"deadline_seconds": 2.0}, "ran out of time")],
)
async def test_interrupted_walk_continues_from_frontier(
    browser: Browser, load: Load, service: LocalServer, settings: dict[str, Any], words: str
) -> None:
    load(*chain(20))
    service.behaviour.unknown, service.behaviour.latency_ms = ["QueryLineage"], 250
    with gateway_over(service, **settings) as place:
        async with open_explorer(browser, f"http://{place}/#start={DATASET}&up=0&down=18&show=table") as visit:
            told = notice(visit.page, "There is more downstream")
            await expect(told).to_contain_text(words)
            rows = visit.page.get_by_role("row")
            before = await rows.count()
            assert 2 < before < 19
            visit.operations.clear()
            await told.get_by_role("button", name="Load more").click()
            await expect(rows).not_to_have_count(before)
            walks = [asked["variables"] for asked in visit.operations if "subscription Walk" in asked["query"]]
            assert walks[0]["start"] != [DATASET]
            assert walks[0]["maxDepth"] < 19


async def test_thousands_are_loaded_in_turns(browser: Browser, account: str, load: Load) -> None:
    load(*fan(10_050))
    async with open_explorer(browser, f"{account}#start={DATASET}&up=0") as visit:
        told = notice(visit.page, "There is more downstream")
        await expect(visit.page.locator(".stack")).to_contain_text("4 of 4,999 shown")
        await told.get_by_role("button", name="Load more").click()
        await expect(visit.page.locator(".stack")).to_contain_text("4 of 9,999 shown")
        await expect(told).to_contain_text("More than 10,000 are too many to draw: set a filter.")
        await expect(told.get_by_role("button", name="Load more")).to_have_count(0)
        await told.get_by_role("button", name="Filter").click()
        panel = visit.page.get_by_role("dialog", name="Filter")
        await expect(panel.get_by_role("checkbox").first).to_be_focused()


async def test_large_picture_announces_groups(browser: Browser, account: str, load: Load) -> None:
    load(*fan(1600))
    async with open_explorer(browser, f"{account}#start={DATASET}&up=0&open=1600:down:{DATASET}") as visit:
        told = notice(visit.page, "1,601 vertices are drawn as groups")
        await expect(told).to_contain_text("Search a group")
        await expect(visit.page.locator(".stack")).to_contain_text("Model")
        await visit.page.goto(f"{account}#start={DATASET}&up=0")
        await expect(visit.page.locator(".stack")).to_contain_text("4 of 1,600 shown")
        await expect(told).to_have_count(0)


async def test_empty_account_says_how_to_begin(browser: Browser, account: str, load: Load) -> None:
    async with open_explorer(browser, account) as visit:
        told = notice(visit.page, "There is no lineage here yet")
        await expect(told).to_contain_text("training, processing or batch transform job")
        await expect(visit.page.get_by_role("button", name="Export")).to_be_disabled()
        load(*diamond())
        await told.get_by_role("button", name="Look again").click()
        await expect(told).to_have_count(0)
        await expect(visit.page.locator(".card.start")).to_be_visible()


async def test_missing_vertex_is_reported(browser: Browser, account: str, load: Load) -> None:
    load(*diamond())
    async with open_explorer(browser, f"{account}#start={arn('context', 'gone')}") as visit:
        told = notice(visit.page, "There is no such vertex")
        await expect(told).to_contain_text("context/gone")
        await told.get_by_role("button", name="Show the latest instead").click()
        await expect(told).to_have_count(0)
        await expect(visit.page.locator(".card.start")).to_contain_text("endpoint")


async def test_meaningless_address_is_reported(browser: Browser, account: str, load: Load) -> None:
    load(*diamond())
    async with open_explorer(browser, f"{account}#start=rubbish") as visit:
        told = notice(visit.page, "This link is not valid")
        await expect(told).to_contain_text("not the ARN")
        await told.get_by_role("button", name="Show the latest instead").click()
        await expect(visit.page.locator(".card.start")).to_contain_text("endpoint")
        await expect(told).to_have_count(0)


async def test_meaningless_selection_costs_no_names(browser: Browser, account: str, load: Load) -> None:
    load(*diamond())
    chosen = f"select=rubbish&path={DATASET}&path=rubbish"
    async with open_explorer(browser, f"{account}#start={DATASET}&up=0&down=1&{chosen}") as visit:
        await expect(visit.page.get_by_role("complementary").get_by_role("alert")).to_contain_text("not the ARN")
        await expect(visit.page.get_by_role("region", name="Paths")).to_contain_text("not the ARN")
        await expect(names(visit.page)).to_have_count(3)
        await expect(visit.page.locator(".notice")).to_have_count(0)


async def test_filter_without_matches_is_reported(browser: Browser, account: str, load: Load) -> None:
    load(*diamond())
    async with open_explorer(browser, f"{account}#start={ENDPOINT}&up=1&down=0&type=DataSet") as visit:
        told = notice(visit.page, "The filter hides everything but the start")
        await told.get_by_role("button", name="Go deeper").click()
        await expect(visit.page.locator(".face[data-arn]")).to_have_count(2)
        await expect(told).to_have_count(0)
        await visit.page.goto(f"{account}#start={ENDPOINT}&up=9&down=0&type=Nothing")
        await expect(told).to_contain_text("Nothing connected with the start matches it.")
        await expect(told.get_by_role("button", name="Go deeper")).to_have_count(0)
        await told.get_by_role("button", name="Clear the filter").click()
        await expect(visit.page.locator(".face[data-arn]")).to_have_count(6)
        await expect(told).to_have_count(0)


async def test_isolated_vertex_is_reported(browser: Browser, account: str, load: Load) -> None:
    load(artifact(0))
    async with open_explorer(browser, f"{account}#start={DATASET}") as visit:
        await expect(notice(visit.page, "Nothing is associated with it")).to_be_visible()


async def test_denied_account_is_reported(browser: Browser, account: str, load: Load, service: LocalServer) -> None:
    load(*diamond())
    service.behaviour.deny = ["*"]
    async with open_explorer(browser, account) as visit:
        told = notice(visit.page, "Access denied")
        await expect(told).to_contain_text(re.compile("AWS denies the gateway List"))
        service.behaviour.reset()
        await told.get_by_role("button", name="Try again").click()
        await expect(visit.page.locator(".card.start")).to_contain_text("endpoint")
        await expect(told).to_have_count(0)


async def test_denied_names_are_reported(browser: Browser, account: str, load: Load, service: LocalServer) -> None:
    load(*diamond())
    service.behaviour.deny = ["Describe*:*", "Search:*"]
    async with open_explorer(browser, f"{account}#start={ENDPOINT}&up=5&down=0") as visit:
        told = notice(visit.page, "Some vertices could not be described")
        await expect(told).to_contain_text("AWS denies the gateway Describe")
        await expect(visit.page.locator(".face[data-arn]")).to_have_count(6)


async def test_names_can_be_retried(browser: Browser, account: str, load: Load, service: LocalServer) -> None:
    load(*diamond())
    service.behaviour.fault_rate = 1.0
    async with open_explorer(browser, f"{account}#start={ENDPOINT}&up=1&down=0") as visit:
        told = notice(visit.page, "Some vertices could not be described")
        await expect(told).to_contain_text(re.compile("failed at AWS|could not be reached"))
        service.behaviour.reset()
        await told.get_by_role("button", name="Try again").press("Enter")
        await expect(names(visit.page)).to_have_count(3)
        await expect(visit.page.locator(".notice")).to_have_count(0)
        await expect(visit.page.locator("main")).to_be_focused()


async def test_throttled_account_is_reported(browser: Browser, account: str, load: Load, service: LocalServer) -> None:
    load(*diamond())
    service.behaviour.throttle_tps = 0.001
    # The first call succeeds; all later ones are throttled.
    async with httpx.AsyncClient() as client:
        await client.post(f"{account}graphql", json={"query": "{ artifacts { nodes { arn } } }"})
    async with open_explorer(browser, account) as visit:
        told = notice(visit.page, "Too many requests")
        await expect(told).to_contain_text("AWS is throttling")
        service.behaviour.reset()
        await told.get_by_role("button", name="Try again").click()
        await expect(visit.page.locator(".card.start")).to_contain_text("endpoint")
        await expect(told).to_have_count(0)


async def test_failing_account_is_reported(browser: Browser, account: str, load: Load, service: LocalServer) -> None:
    load(*diamond())
    service.behaviour.fault_rate = 1.0
    async with open_explorer(browser, account) as visit:
        told = notice(visit.page, "Service unavailable")
        await expect(told).to_be_visible()
        service.behaviour.reset()
        await told.get_by_role("button", name="Try again").click()
        await expect(visit.page.locator(".card.start")).to_contain_text("endpoint")
        await expect(told).to_have_count(0)


async def test_callers_own_rate_counts_down(browser: Browser, load: Load, service: LocalServer) -> None:
    load(*diamond())
    # A walk of 5,000 vertices costs 25,021, and a picture takes two walks.
    with gateway_over(service, rate_cost_per_second=6000, rate_cost_burst=60_000) as place:
        async with open_explorer(browser, f"http://{place}/#start={ENDPOINT}", "429") as visit:
            await expect(visit.page.locator(".face[data-arn]")).to_have_count(3)
            await visit.page.reload()
            told = notice(visit.page, "Too many requests")
            again = told.get_by_role("button", name="Try again")
            await expect(told).to_contain_text("The gateway limits what each caller may ask at a time")
            await expect(again).to_have_text(re.compile(r"Try again in \d+ s"))
            await expect(again).to_be_disabled()
            await expect(again).to_have_text("Try again")
            await expect(again).to_be_enabled()


async def test_too_costly_operation_is_reported(browser: Browser, load: Load, service: LocalServer) -> None:
    load(*diamond())
    with gateway_over(service, max_cost=1000) as place:
        async with open_explorer(browser, f"http://{place}/") as visit:
            told = notice(visit.page, "This exceeds a limit of the gateway")
            await expect(told).to_contain_text("1,000 is allowed")


async def test_only_trusted_documents_are_answered(browser: Browser, service: LocalServer, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text("{}")
    with gateway_over(service, trusted_documents=manifest, trusted_documents_only=True) as place:
        async with open_explorer(browser, f"http://{place}/", "403") as visit:
            told = notice(visit.page, "Access denied")
            await expect(told).to_contain_text("Only trusted documents are accepted here.")


async def test_restored_network_clears_the_notice(browser: Browser, account: str, load: Load) -> None:
    load(*diamond())
    async with open_explorer(browser, f"{account}#start={ENDPOINT}&up=1&down=0", "ERR_INTERNET") as visit:
        await expect(names(visit.page)).to_have_count(3)
        await visit.page.context.set_offline(True)
        await one_hop_more(visit.page)
        told = notice(visit.page, "The gateway cannot be reached")
        await expect(told).to_be_visible()
        await expect(visit.page.locator(".face[data-arn]")).to_have_count(5)
        await visit.page.wait_for_timeout(500)  # until the requests for their names have failed too
        await visit.page.context.set_offline(False)
        await expect(told).to_have_count(0)
        await expect(names(visit.page)).to_have_count(5)


async def test_broken_response_is_reported(browser: Browser, service: LocalServer) -> None:
    def broken(app: ASGIApp) -> ASGIApp:
        async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["method"] != "POST":
                await app(scope, receive, send)
                return
            length = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": length})
            await send({"type": "http.response.body", "body": b'{"data":'})

        return breaking

    with listening(Settings(local_url=service.url), broken) as place:
        async with open_explorer(browser, f"http://{place}/", "ERR_CONTENT_LENGTH_MISMATCH") as visit:
            await expect(notice(visit.page, "The gateway cannot be reached")).to_be_visible()


async def test_stopped_gateway_is_reported(browser: Browser, load: Load, service: LocalServer) -> None:
    load(*diamond())
    with ExitStack() as running:
        place = running.enter_context(gateway_over(service))
        async with open_explorer(browser, f"http://{place}/#start={ENDPOINT}&up=1&down=0", "ERR_") as visit:
            await expect(names(visit.page)).to_have_count(3)
            running.close()
            await one_hop_more(visit.page)
            told = notice(visit.page, "The gateway cannot be reached")
            await expect(told).to_be_visible()
            await told.get_by_role("button", name="Try again").click()
            await expect(told).to_be_visible()
            await expect(names(visit.page)).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_notices(
    browser: Browser, account: str, load: Load, service: LocalServer, scheme: str
) -> None:
    load(*diamond())
    service.behaviour.unknown, service.behaviour.deny = ["QueryLineage"], ["ListAssociations:*/left"]
    async with open_explorer(browser, f"{account}#start={ENDPOINT}&up=5&down=0", color_scheme=scheme) as visit:
        await expect(notice(visit.page, "Something is missing upstream")).to_be_visible()
        await visit.page.get_by_role("button", name="Export").click()
        assert await violations(visit.page) == []
