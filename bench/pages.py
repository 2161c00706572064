"""The explorer in headless Chromium with software rendering: download sizes, time to first picture, and frame rates.

Prints the figures of one run. Frame rates are measured while a picture is dragged for three seconds.
"""

import asyncio
import gzip
import statistics
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import orjson
from dag import ENDPOINT, lines
from playwright.async_api import Browser, Page, async_playwright

from gateway import serving
from gateway.app import create_app
from gateway.local.server import LocalServer
from gateway.settings import Settings

PAGES = Path(serving.__file__).parent / "pages"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
RUNS = 5

FIRST_PICTURE = """
  new MutationObserver((_, observer) => {
    if (document.querySelectorAll(".face[data-arn]").length < 5) return;
    window.firstPicture = performance.now();
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
"""
SINCE_LOADED = "window.firstPicture - performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
FRAMES = """() => new Promise((done) => {
  const began = performance.now();
  let frames = 0;
  const frame = (now) => {
    frames += 1;
    if (now - began > 3000) done((frames / (now - began)) * 1000);
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""


def main() -> None:
    """Measure and print."""
    sizes()
    if Path(CHROMIUM).exists():
        asyncio.run(browsed())
    else:
        print(f"no browser at {CHROMIUM}: nothing is shown in one")


def sizes() -> None:
    """Print the compressed sizes of what the explorer's page loads."""
    page = (PAGES / "explorer.html").read_text()
    scripts = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in (PAGES / "assets").glob("*.js")}
    own = sum(size for name, size in scripts.items() if name in page)
    engine = sum(size for name, size in scripts.items() if name.startswith("layout"))
    print(f"explorer's JavaScript {own / 1000:.0f} KB gzipped, layout engine {engine / 1000:.0f} KB")


async def browsed() -> None:
    """Print what is measured in a browser."""
    async with async_playwright() as playwright, chromium(playwright) as browser:
        with served(demo=True) as url:
            took = [await first_picture(browser, url) for _ in range(RUNS)]
            print(f"demo's first picture {statistics.median(took):.0f} ms after the document is loaded")
        for vertices in (1000, 5000):
            with served(vertices) as url:
                await panned(browser, f"{url}/#start={ENDPOINT}&up=100&down=0", vertices)


@asynccontextmanager
async def chromium(playwright: Any) -> AsyncIterator[Browser]:
    """Start a browser with the flags that the tests use."""
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    await browser.close()


@contextmanager
def served(vertices: int = 0, *, demo: bool = False) -> Iterator[str]:
    """Run a gateway over a local service with so many vertices, or with the demo account; yield its URL."""
    with LocalServer(demo=demo) as local:
        local.load([orjson.dumps(line) for line in lines(vertices)] if vertices else [])
        listener, ready = serving.listen("127.0.0.1", 0), threading.Event()
        server = serving.Server(create_app(Settings(local_url=local.url)), 1, ready.set)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        ready.wait(10)
        yield serving.url_of(listener)
        server.should_exit = True
        thread.join()


async def first_picture(browser: Browser, url: str) -> float:
    """Return the milliseconds from DOMContentLoaded until five cards are shown."""
    page = await browser.new_page()
    await page.add_init_script(FIRST_PICTURE)
    await page.goto(url)
    await page.locator(".face[data-arn]").nth(4).wait_for()
    took: float = await page.evaluate(SINCE_LOADED)
    await page.close()
    return took


async def panned(browser: Browser, url: str, vertices: int) -> None:
    """Print the frame rate while panning, zoomed in and with the whole picture in view."""
    page = await browser.new_page(viewport={"width": 1400, "height": 850})
    await page.goto(url)
    await page.locator(".react-flow__node").first.wait_for(timeout=60_000)
    await page.wait_for_timeout(1000)
    await page.get_by_text("vertices found").wait_for(state="hidden", timeout=120_000)
    await page.wait_for_timeout(3000)
    near = await frames(page)
    await page.get_by_label("Fit View").click()
    await page.wait_for_timeout(1000)
    print(f"{vertices:,} vertices: {near:.0f} frames a second near by, {await frames(page):.0f} as a whole")
    await page.close()


async def frames(page: Page) -> float:
    """Return the frames per second while the picture is dragged."""
    counting = asyncio.create_task(page.evaluate(FRAMES))
    await page.mouse.move(700, 400)
    await page.mouse.down()
    for step in range(150):
        await page.mouse.move(700 + 300 * (step % 40 / 40), 400 + 100 * (step % 20 / 20))
        await asyncio.sleep(0.02)
    await page.mouse.up()
    counted: float = await counting
    return counted


if __name__ == "__main__":
    main()
