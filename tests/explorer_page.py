"""The explorer's page, over the demo account or an account that a test fills."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from browser import Visit, visiting
from conftest import listening
from graphs import arn, component_arn
from playwright.async_api import Browser, Locator, expect

from gateway.local.server import LocalServer
from gateway.settings import Settings

STAGING, PRODUCTION = arn("context", "churn-staging"), arn("context", "churn-production")
TRAINING = component_arn("churn-train-c3z7demo-aws-training-job")
WAY = {"churn-train-c3z7demo", "model-c3z7demo", "churn-version-3", "deploy-3-to-staging", "churn-staging"}
WIDE = {"width": 1700, "height": 900}


class Explorer:
    """Locators and actions for the picture, its filter, its paths and its table."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page = visit.page
        self.cards = self.page.locator(".card .name")
        self.lit = self.page.locator(".card.lit .name")
        self.panel = self.page.get_by_role("dialog", name="Filter")
        self.chips = self.page.get_by_role("button", name="Remove from the filter")
        self.status = self.page.locator(".paths p[role=status]")
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
        """Press Tab until the element with this name has the focus."""
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
async def open_explorer(browser: Browser, url: str, **profile: Any) -> AsyncIterator[Explorer]:
    """Open the explorer in a window with room for everything that is tested."""
    async with visiting(browser, url, **{"viewport": WIDE, **profile}) as visit:
        yield Explorer(visit)


def around(start: str, up: int, down: int, **more: str) -> str:
    return f"#start={start}&up={up}&down={down}" + "".join(f"&{name}={value}" for name, value in more.items())
