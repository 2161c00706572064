"""Real Chromium, and checks of what the gateway's pages must not do in it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, WebSocket, async_playwright, expect

from gateway import __file__ as package

PAGES = Path(package).parent / "pages"
AXE = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Chromium; skip the test if it is not installed or the pages are not built."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium is not there; .ci/parts installs it.")
    if not (PAGES / "graphiql.html").exists():
        pytest.skip("The pages are not built; `npm ci && npm run build` in web/ builds them.")
    expect.set_options(timeout=60_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield browser
        await browser.close()


class Visit:
    """A page, with what it has sent and received and its console's errors since it was opened."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.operations: list[Any] = []
        """The bodies of its POST requests."""
        self.frames: list[str] = []
        """The WebSocket frames that it has received."""
        self.complaints: list[str] = []
        """Errors and warnings on its console, such as policy violations, and requests to other origins.

        A test removes those that it caused on purpose.
        """
        self._host = urlsplit(url).netloc
        page.on("request", self._requested)
        page.on("websocket", self._connected)
        page.context.on("console", self._said)
        page.context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _requested(self, request: Request) -> None:
        self._check_place(request.url)
        if request.method == "POST":
            self.operations.append(request.post_data_json)

    def _connected(self, socket: WebSocket) -> None:
        self._check_place(socket.url)
        socket.on("framereceived", lambda frame: self.frames.append(str(frame)))

    def _check_place(self, url: str) -> None:
        place = urlsplit(url)
        if place.netloc != self._host and place.scheme not in {"blob", "data"}:
            self.complaints.append(f"It asked {url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


@asynccontextmanager
async def visiting(browser: Browser, url: str, **profile: Any) -> AsyncIterator[Visit]:
    """Open a URL in a new profile; at the end, expect no request to another origin and no error on the console."""
    async with await browser.new_context(**profile) as context:
        visit = Visit(await context.new_page(), url)
        await visit.page.goto(url)
        yield visit
        assert not visit.complaints, "\n".join(visit.complaints)


async def violations(page: Page, *except_rules: str) -> list[str]:
    """Return the violations that axe-core finds on a page, except those of the given rules."""
    if not AXE.exists():
        pytest.skip("axe-core is not there; .ci/parts installs it.")
    await page.evaluate(AXE.read_text())
    found = (await page.evaluate("axe.run()"))["violations"]
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found
        for node in violation["nodes"]
        if violation["id"] not in except_rules
    ]
