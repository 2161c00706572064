"""The explorer of a small account: its search and its drawer."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from browser import Visit, visiting
from conftest import listening
from graphs import arn, artifact_arn, component_arn, diamond
from playwright.async_api import Browser, Locator, expect

from gateway.local.server import LocalServer
from gateway.settings import Settings

DATASET, MODEL, ENDPOINT, RUN = artifact_arn(0), artifact_arn(1), arn("context", "endpoint"), component_arn("left")


class Explorer:
    """Locators and actions for the search and the drawer."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page = visit.page
        self.box = self.page.get_by_role("combobox", name="Find a vertex")
        self.key = self.page.locator(".search kbd")
        self.options = self.page.get_by_role("option")
        self.notes = self.page.locator(".found").get_by_role("status")
        self.drawer = self.page.get_by_role("complementary")
        self.heading = self.drawer.get_by_role("heading", level=2)

    def card(self, vertex: str) -> Locator:
        return self.page.locator(f'.face[data-arn="{vertex}"]')

    def row(self, label: str) -> Locator:
        """The value of a field in the drawer."""
        return self.drawer.locator("dl > div").filter(has=self.page.get_by_text(label, exact=True)).locator("dd")

    def variables_of(self, operation: str) -> list[Any]:
        """Return the variables of each request of an operation."""
        return [sent["variables"] for sent in self.visit.operations if f" {operation}" in sent["query"].split("{")[0]]

    async def seek(self, text: str) -> None:
        await self.page.keyboard.press("/")
        await self.box.fill(text)

    async def expect_start(self, vertex: str) -> None:
        """Expect the vertex to be the start in the picture and the address, and to be selected in the drawer."""
        await expect(self.card(vertex)).to_have_accessible_name(re.compile("the start"))
        await expect(self.drawer).to_be_visible()
        assert (self.in_address("start"), self.in_address("select")) == ([vertex], [vertex])

    def in_address(self, name: str) -> list[str]:
        """Return the values of a parameter in the address's fragment."""
        return parse_qs(urlsplit(self.page.url).fragment).get(name, [])

    async def close(self) -> None:
        await self.drawer.get_by_role("button", name="Close").click()


@pytest.fixture(scope="module")
def url(server: LocalServer) -> Iterator[str]:
    with listening(Settings(local_url=server.url, cache_url="off")) as address:
        yield f"http://{address}/"


@pytest.fixture
def at(url: str) -> Callable[..., str]:
    """A function that returns the address of a view."""

    def at(**view: Any) -> str:
        return f"{url}#{urlencode(view, doseq=True)}"

    return at


@pytest.fixture
async def explorer(browser: Browser, url: str, load: Callable[..., None]) -> AsyncIterator[Explorer]:
    """The explorer of a small account, once it shows its picture."""
    load(*diamond())
    async with visiting(browser, url) as visit:
        opened = Explorer(visit)
        await expect(opened.card(ENDPOINT)).to_be_visible()
        yield opened
