"""Signing in to the explorer, with a key or an issuer's token, and signing out."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from conftest import listening
from explorer_notices import DATASET, ENDPOINT, Load, gateway_over, names, one_hop_more, open_explorer
from graphs import diamond
from issuer import AUDIENCE, ISSUER, issuing
from playwright.async_api import Browser, Request, Route, expect
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.callers import Role
from gateway.http.keys import new_key
from gateway.local.server import LocalServer
from gateway.settings import Settings


@pytest.fixture
def keyed(load: Load, service: LocalServer, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a gateway over a diamond graph, and the only key that it accepts."""
    load(*diamond())
    key, entry = new_key("reader", [Role.READ])
    (tmp_path / "keys.toml").write_text(entry)
    with gateway_over(service, auth="api-key", api_keys=tmp_path / "keys.toml") as place:
        yield place, key


async def test_key_is_requested_and_kept(browser: Browser, keyed: tuple[str, str]) -> None:
    place, key = keyed
    async with open_explorer(browser, f"http://{place}/#start={ENDPOINT}&up=1&down=0", "401") as visit:
        page, form = visit.page, visit.page.get_by_role("form", name="Sign in")
        await expect(form.get_by_label("API key")).to_be_focused()
        await expect(form.get_by_role("alert")).to_have_count(0)
        await form.get_by_label("API key").fill("ключ")
        await page.keyboard.press("Enter")
        await expect(form.get_by_role("alert")).to_contain_text("The gateway did not accept the API key.")
        await form.get_by_label("API key").fill("lgk_wrong")
        await page.keyboard.press("Enter")
        await expect(form.get_by_role("alert")).to_have_text(
            "The gateway did not accept the API key. The key is not known."
        )
        await form.get_by_label("API key").fill(f" {key[:9]}\u200b{key[9:]}\t")
        await form.get_by_role("button", name="Sign in").click()
        await expect(names(page)).to_have_count(3)
        await expect(form).to_have_count(0)
        await page.reload()
        await expect(names(page)).to_have_count(3)
        assert await page.evaluate("Object.values(localStorage)") == []
        assert key not in page.url
        await page.get_by_role("button", name="Sign out").click()
        await expect(form).to_be_visible()
        await expect(page.locator(".card")).to_have_count(0)
        await page.reload()
        await expect(form).to_be_visible()


async def test_signing_out_clears_everything(browser: Browser, keyed: tuple[str, str]) -> None:
    place, key = keyed
    looked_at = f"start={ENDPOINT}&up=1&down=0&select={ENDPOINT}&path={DATASET}&path={ENDPOINT}"
    async with open_explorer(browser, f"http://{place}/#{looked_at}", "401") as visit:
        page, drawer = visit.page, visit.page.get_by_role("complementary")
        for _ in range(2):
            await page.get_by_label("API key").fill(key)
            await page.keyboard.press("Enter")
            await expect(names(page)).to_have_count(6)
            await expect(drawer.get_by_text("s3://bucket/endpoint")).to_be_visible()
            await page.get_by_role("combobox").fill("artifact")
            await expect(page.get_by_role("option")).to_have_count(3)
            await page.keyboard.press("Escape")
            await page.get_by_role("button", name="Sign out").click()
            await expect(page.locator(".card, .neighbours, .drawer [role=alert]")).to_have_count(0)
            await expect(drawer.get_by_text("Sign in to see details.")).to_be_visible()
            await expect(drawer.get_by_text("Loading details…")).to_have_count(0)
            await page.get_by_role("combobox").fill("artifact")
            await expect(page.get_by_text("Not everything could be searched.")).to_be_visible()
            await expect(page.get_by_role("option")).to_have_count(0)
            await page.keyboard.press("Escape")


async def test_nothing_appears_after_signing_out(browser: Browser, keyed: tuple[str, str]) -> None:
    place, key = keyed
    held, let_go = asyncio.Event(), asyncio.Event()

    def is_titles(request: Request) -> bool:
        return "query Titles" in (request.post_data or "")

    async def late(route: Route) -> None:
        answer = await route.fetch()
        if is_titles(route.request):
            held.set()
        await let_go.wait()
        await route.fulfill(response=answer)

    async with open_explorer(browser, f"http://{place}/#start={DATASET}&up=0&down=0&select={DATASET}", "401") as visit:
        page, options = visit.page, visit.page.get_by_role("option")
        await page.get_by_label("API key").fill(key)
        await page.keyboard.press("Enter")
        await expect(names(page)).to_have_count(1)
        await page.get_by_role("combobox").fill("artifact")
        await expect(options).to_have_count(3)
        await expect(page.get_by_text("Searching…")).to_have_count(0)
        await page.keyboard.press("Escape")
        await page.route(lambda _: True, late)
        async with page.expect_response(lambda response: is_titles(response.request)) as titled:
            await page.goto(f"http://{place}/#start={ENDPOINT}&up=0&down=0&select={ENDPOINT}&show=table")
            await held.wait()
            await page.get_by_role("button", name="Sign out").click()
            await page.get_by_role("combobox").fill("artifact")
            await expect(page.get_by_text("Searching…")).to_be_visible()
            await expect(options).to_have_count(0)
            let_go.set()
        await (await titled.value).finished()
        await expect(page.get_by_text("Not everything could be searched.")).to_be_visible()
        assert await page.title() == "Lineage explorer"
        await page.unroute_all(behavior="wait")


async def test_drawer_comes_back_after_signing_in(browser: Browser, keyed: tuple[str, str]) -> None:
    place, key = keyed
    # The selected vertex is not in the picture, which would load its name in any case.
    async with open_explorer(browser, f"http://{place}/#start={ENDPOINT}&up=0&down=0&select={DATASET}", "401") as visit:
        drawer = visit.page.get_by_role("complementary")
        for _ in range(2):
            await visit.page.get_by_label("API key").fill(key)
            await visit.page.keyboard.press("Enter")
            await expect(drawer.get_by_role("heading", level=2)).to_have_text("artifact-0")
            await expect(drawer.get_by_role("button", name="left", exact=True)).to_be_visible()
            await visit.page.get_by_role("button", name="Sign out").click()
            await expect(drawer.get_by_role("heading", level=2)).not_to_have_text("artifact-0")


async def test_focus_moves_on_after_signing_in(browser: Browser, keyed: tuple[str, str]) -> None:
    place, key = keyed
    async with open_explorer(
        browser, f"http://{place}/#start={ENDPOINT}&up=1&down=0&select={ENDPOINT}", "401"
    ) as visit:
        page, main, start = visit.page, visit.page.locator("main"), visit.page.locator(".card.start .face")
        for _ in range(2):
            await page.get_by_label("API key").fill("lgk_wrong")
            await page.keyboard.press("Enter")
            await expect(page.locator(".refused")).to_contain_text("The key is not known.")
            await page.get_by_label("API key").fill(key)
            await page.keyboard.press("Enter")
            await expect(names(page)).to_have_count(3)
            await expect(main).to_be_focused()
            # Until these hold, Tab leads to a button that is about to go, or past cards that are not laid out yet.
            await expect(start).to_have_accessible_name(re.compile("nothing downstream"))
            await expect(page.get_by_role("button", name="Show 1 upstream of")).to_have_count(2)
            await expect(page.get_by_role("group", name="The walk under way")).to_have_count(0)
            await page.keyboard.press("Tab")
            await expect(start).to_be_focused()
            await page.get_by_role("button", name="Sign out").click()
        await page.get_by_label("API key").fill(key)
        await page.keyboard.press("Enter")
        await expect(main).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("complementary")).to_have_count(0)


async def test_late_refusal_leaves_no_notice(browser: Browser, keyed: tuple[str, str]) -> None:
    place, key = keyed
    let_go = asyncio.Event()

    async def late(route: Route) -> None:
        answer = await route.fetch()
        if "query Titles" in (route.request.post_data or ""):
            await let_go.wait()
        await route.fulfill(response=answer)

    async with open_explorer(
        browser, f"http://{place}/#start={ENDPOINT}&up=1&down=0&select={ENDPOINT}", "401"
    ) as visit:
        page = visit.page
        await expect(page.get_by_label("API key")).to_be_visible()
        await page.route("**/graphql", late)
        await page.get_by_label("API key").fill("lgk_wrong")
        await page.keyboard.press("Enter")
        await expect(page.locator(".refused")).to_contain_text("The key is not known.")
        await page.get_by_label("API key").fill(key)
        await page.keyboard.press("Enter")
        await expect(page.locator(".face[data-arn]")).to_have_count(3)
        let_go.set()
        await expect(names(page)).to_have_count(3)
        await expect(page.locator(".notice")).to_have_count(0)
        await page.unroute_all(behavior="wait")


async def until_refused(place: str, key: str) -> None:
    """Wait until the gateway has reloaded its key file and refuses the key."""
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {key}"}) as client:
        while (await client.post(f"http://{place}/graphql", json={"query": "{ __typename }"})).is_success:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_withdrawn_key_leads_back_to_the_picture(
    browser: Browser, load: Load, service: LocalServer, tmp_path: Path
) -> None:
    load(*diamond())
    (old, old_entry), (new, new_entry) = (new_key(name, [Role.READ]) for name in ("old", "new"))
    file = tmp_path / "keys.toml"
    file.write_text(old_entry)
    with gateway_over(service, auth="api-key", api_keys=file) as place:
        async with open_explorer(browser, f"http://{place}/#start={ENDPOINT}&up=1&down=0", "401") as visit:
            form = visit.page.get_by_role("form", name="Sign in")
            await form.get_by_label("API key").fill(old)
            await form.get_by_role("button", name="Sign in").click()
            await expect(names(visit.page)).to_have_count(3)
            file.write_text(new_entry)
            await until_refused(place, old)
            await one_hop_more(visit.page)
            await expect(form.get_by_role("alert")).to_contain_text("The key is not known.")
            await expect(names(visit.page)).to_have_count(3)
            # Refused for want of a key, not because of the old one.
            async with visit.page.expect_response(lambda response: "authorization" not in response.request.headers):
                await one_hop_more(visit.page)
            await visit.page.wait_for_timeout(200)
            await expect(form.get_by_role("alert")).to_contain_text("The key is not known.")
            await form.get_by_label("API key").fill(new)
            await form.get_by_role("button", name="Sign in").click()
            await expect(form).to_have_count(0)
            await expect(names(visit.page)).to_have_count(6)
            await expect(visit.page.get_by_role("slider", name="Upstream")).to_be_focused()


async def test_issuers_token_is_requested(browser: Browser, load: Load, service: LocalServer) -> None:
    load(*diamond())
    with issuing() as issuer:
        settings = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE, "jwt_jwks": issuer.url}
        with gateway_over(service, auth="jwt", **settings) as place:
            async with open_explorer(browser, f"http://{place}/", "401") as visit:
                form = visit.page.get_by_role("form", name="Sign in")
                await form.get_by_label("Token").fill(issuer.token())
                await form.get_by_role("button", name="Sign in").click()
                await expect(visit.page.locator(".card.start")).to_contain_text("endpoint")


async def test_any_refused_request_says_why(browser: Browser, load: Load, service: LocalServer, tmp_path: Path) -> None:
    load(*diamond())
    key, entry = new_key("reader", [Role.READ])
    file = tmp_path / "keys.toml"
    file.write_text(entry)
    with gateway_over(service, auth="api-key", api_keys=file) as place:
        async with open_explorer(browser, f"http://{place}/#start={ENDPOINT}&up=1&down=0", "401") as visit:
            page = visit.page
            await page.get_by_label("API key").fill(key)
            await page.keyboard.press("Enter")
            await expect(names(page)).to_have_count(3)
            file.write_text(new_key("other", [Role.READ])[1])
            await until_refused(place, key)
            await page.locator(".card.start .face").click()
            await expect(page.get_by_role("form", name="Sign in").get_by_role("alert")).to_have_text(
                "The gateway did not accept the API key. The key is not known."
            )
            await page.get_by_role("combobox").fill("left")
            await expect(page.get_by_text("Not everything could be searched. Sign in first.")).to_be_visible()
            await page.keyboard.press("Escape")


async def test_key_is_stored_per_gateway(browser: Browser, service: LocalServer, tmp_path: Path) -> None:
    key, entry = new_key("reader", [Role.READ])
    (tmp_path / "keys.toml").write_text(entry)
    settings = Settings(local_url=service.url, auth="api-key", api_keys=tmp_path / "keys.toml")
    sent: list[str | None] = []

    def below_any_path(app: ASGIApp) -> ASGIApp:
        async def proxied(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                _, gateway, path = scope["path"].split("/", 2)
                scope = scope | {"path": f"/{path}"}
                if gateway == "other":
                    sent.append(Headers(scope=scope).get("authorization"))
            await app(scope, receive, send)

        return proxied

    with listening(settings, below_any_path) as place:
        async with open_explorer(browser, f"http://{place}/one/", "401") as visit:
            form = visit.page.get_by_role("form", name="Sign in")
            out = visit.page.get_by_role("button", name="Sign out")
            await form.get_by_label("API key").fill(key)
            await visit.page.keyboard.press("Enter")
            await expect(out).to_be_visible()
            await visit.page.goto(f"http://{place}/other/")
            await expect(form).to_be_visible()
            assert set(sent) == {None}
            await visit.page.goto(f"http://{place}/one/")
            await expect(out).to_be_visible()
