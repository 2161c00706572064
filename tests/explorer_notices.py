"""The explorer over an account that a test fills, and its notices."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import pytest
from browser import Visit, visiting
from conftest import listening
from graphs import arn, artifact_arn
from playwright.async_api import Browser, Locator, Page

from gateway.local.server import LocalServer
from gateway.settings import Settings

Load = Callable[..., None]
DATASET = artifact_arn(0)
ENDPOINT = arn("context", "endpoint")


def gateway_over(service: LocalServer, **settings: Any) -> AbstractContextManager[str]:
    """Run a gateway over the service, without a cache and without retries."""
    return listening(Settings(local_url=service.url, cache_url="off", max_attempts=1, **settings))


@pytest.fixture
def account(service: LocalServer) -> Iterator[str]:
    """The URL of a gateway over an account that a test fills."""
    with gateway_over(service) as place:
        yield f"http://{place}/"


@asynccontextmanager
async def open_explorer(browser: Browser, url: str, *provoked: str, **profile: Any) -> AsyncIterator[Visit]:
    """Open the explorer with room for every card; ignore console messages that contain a text in `provoked`."""
    async with visiting(browser, url, viewport={"width": 3200, "height": 900}, **profile) as visit:
        yield visit
        visit.complaints = [text for text in visit.complaints if not any(expected in text for expected in provoked)]


def notice(page: Page, title: str) -> Locator:
    return page.locator(".notice").filter(has=page.get_by_role("heading", name=title, exact=True))


def names(page: Page) -> Locator:
    return page.locator(".card .name:not(.unnamed)")


async def one_hop_more(page: Page) -> None:
    """Show one more hop upstream."""
    await page.get_by_role("slider", name="Upstream").focus()
    await page.keyboard.press("ArrowRight")
