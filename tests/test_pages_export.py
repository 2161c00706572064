"""Exports of the explorer's picture: files for other programs, links, and the query in GraphiQL."""

import csv
import io
import re
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import explorer_page
import httpx
import orjson
import pytest
from browser import Visit, visiting
from conftest import listening
from graphs import arn, artifact, artifact_arn, association, diamond, fan
from playwright.async_api import Browser, Page, expect

from gateway.local.server import LocalServer
from gateway.settings import Settings

account, demo = explorer_page.account, explorer_page.demo

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = {
    *("svg", "defs", "marker", "symbol", "use", "g", "text", "title"),
    *("rect", "path", "circle", "ellipse", "line", "polyline", "polygon"),
}
STAGING = arn("context", "churn-staging")
HOSTILE = [
    "<script>alert(1)</script>",
    '"&lt;\'<!-- ]]> --><b onload="x">',
    "\u202egnp.live\u202c \u200f\u05d0\u05d1\u05d2",
    "two\nlines\tand a tab",
    "x" * 1024,
    "=cmd|' /C calc'!A0",
]


@asynccontextmanager
async def drawn(browser: Browser, url: str, **profile: Any) -> AsyncIterator[Visit]:
    """Open the explorer and wait until its walks are drawn completely."""
    async with visiting(browser, url, **profile) as visit:
        await expect(visit.page.locator(".name:not(.unnamed)").first).to_be_visible()
        await expect(visit.page.locator(".progress")).to_have_count(0)
        yield visit


async def choose(page: Page, item: str) -> None:
    """Choose an item of the export menu."""
    await page.get_by_role("button", name="Export").click()
    await page.get_by_role("menuitem", name=item, exact=True).click()


async def download_file(page: Page, item: str, folder: Path) -> Path:
    """Download a file by its item in the export menu."""
    async with page.expect_download() as download:
        await choose(page, item)
    file = folder / (await download.value).suggested_filename
    await (await download.value).save_as(file)
    return file


async def asked(url: str, query: str, **variables: Any) -> Any:
    async with httpx.AsyncClient(base_url=url) as client:
        answer = (await client.post("graphql", json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def exported(url: str, format: str, start: str, direction: str) -> str:
    """Return the walk as the gateway exports it."""
    query = """query($start: [Arn!]!, $direction: LineageDirection!, $format: GraphFormat!) {
      lineage(start: $start, direction: $direction, maxDepth: 10) { export(format: $format) }
    }"""
    data = await asked(url, query, start=[start], direction=direction, format=format)
    text: str = data["lineage"]["export"]
    return text


@pytest.mark.parametrize(("item", "extension"), [("CSV", "csv"), ("Mermaid", "mmd"), ("DOT", "dot")])
async def test_texts_equal_the_gateways_exports(
    browser: Browser, demo: str, tmp_path: Path, item: str, extension: str
) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=10&down=0") as visit:
        file = await download_file(visit.page, item, tmp_path)
    assert file.name == f"lineage-churn-staging-upstream-{datetime.now(UTC):%Y-%m-%d}.{extension}"
    text = file.read_bytes().decode()
    assert "churn-version-3" in text
    assert text == await exported(demo, item.upper(), STAGING, "UPSTREAM")


async def test_csv_has_the_drawn_graph(browser: Browser, demo: str, tmp_path: Path) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=3&down=0") as visit:
        file = await download_file(visit.page, "CSV", tmp_path)
        cards = await visit.page.locator(".face[data-arn]").evaluate_all("all => all.map(one => one.dataset.arn)")
        links = await visit.page.locator(".react-flow__edge").count()
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode(), newline="")))
    assert sorted(row["arn"] for row in rows if row["record"] == "vertex") == sorted(cards)
    assert sum(row["record"] == "edge" for row in rows) == links


async def test_openlineage_is_an_event_a_line(browser: Browser, demo: str, tmp_path: Path) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=10&down=0") as visit:
        file = await download_file(visit.page, "OpenLineage", tmp_path)
    events = [orjson.loads(line) for line in file.read_text().splitlines()]
    own = [orjson.loads(line) for line in (await exported(demo, "OPENLINEAGE", STAGING, "UPSTREAM")).splitlines()]
    assert file.suffix == ".ndjson"
    assert [event.get("job", {}).get("name") for event in events] == [event.get("job", {}).get("name") for event in own]
    assert any("churn-train-c3z7demo" in event.get("job", {}).get("name", "") for event in events)


async def test_either_side_can_be_exported(browser: Browser, demo: str, tmp_path: Path) -> None:
    start = arn("action", "deploy-3-to-staging")
    async with drawn(browser, f"{demo}#start={start}&up=10&down=10") as visit:
        menu = visit.page.get_by_role("menu")
        await visit.page.get_by_role("button", name="Export").click()
        await expect(menu.get_by_role("menuitemradio", name="Upstream, 10 hops")).to_be_checked()
        await menu.get_by_role("menuitemradio", name="Downstream, 10 hops").click()
        async with visit.page.expect_download() as download:
            await menu.get_by_role("menuitem", name="Mermaid").click()
        await (await download.value).save_as(tmp_path / "downstream")
        assert "-downstream-" in (await download.value).suggested_filename
    assert (tmp_path / "downstream").read_text() == await exported(demo, "MERMAID", start, "DOWNSTREAM")


def read(svg: Path) -> ET.Element:
    return ET.parse(svg).getroot()  # noqa: S314 - the page's own drawing


async def test_picture_is_printed_whole(browser: Browser, demo: str, tmp_path: Path) -> None:
    address = f"{demo}#start={STAGING}&up=4&down=0"
    async with drawn(browser, address, viewport={"width": 800, "height": 400}, color_scheme="dark") as visit:
        page, printed = visit.page, visit.page.locator(".printed svg")
        root = read(await download_file(page, "SVG", tmp_path))
        await expect(printed).to_have_count(0)
        note = "addEventListener('beforeprint', () => (window.seen = document.querySelector('.printed').textContent))"
        await page.evaluate(note)
        await page.pdf(format="A5")
        assert await page.evaluate("seen") == "".join(root.itertext())
        await expect(printed).to_have_count(0)
        # Browsers switch to the style of print only after this event.
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        await page.emulate_media(media="print")
        box = await printed.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 800
        whole = float(root.get("width", "")) / float(root.get("height", ""))
        assert box["width"] / box["height"] == pytest.approx(whole, rel=0.01)
        await expect(printed.locator("> rect")).to_have_css("fill", "rgb(246, 247, 249)")
        await expect(page.locator(".canvas")).to_be_hidden()


async def test_name_is_cut_where_it_ends(browser: Browser, account: str, load: Callable[..., None]) -> None:
    load(artifact(0, ArtifactName="\u05d0\u05d1\u05d2" * 20))
    async with drawn(browser, f"{account}#start={artifact_arn(0)}") as visit:
        await visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        await visit.page.emulate_media(media="print")
        name = visit.page.locator(".printed text").first
        await expect(name).to_contain_text("\u2026")
        places = "one => [0, one.getNumberOfChars() - 1].map(at => one.getExtentOfChar(at).x)"
        first, last = await name.evaluate(places)
        assert last < first


async def test_print_asks_for_missing_names(browser: Browser, account: str, load: Callable[..., None]) -> None:
    load(*fan(60))
    address = f"{account}#start={artifact_arn(0)}&open=40:down:{artifact_arn(0)}"
    async with drawn(browser, address, viewport={"width": 500, "height": 400}) as visit:
        printed = """() => {
          dispatchEvent(new Event("beforeprint"));
          return document.querySelector(".printed").textContent;
        }"""
        assert "Some names had not been loaded" in await visit.page.evaluate(printed)
        await visit.page.wait_for_function(f"() => !({printed})().includes('Some names')")
        assert "artifact-39" in await visit.page.evaluate(printed)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_svg_holds_hostile_names(
    browser: Browser, account: str, load: Callable[..., None], tmp_path: Path, scheme: str
) -> None:
    numbers = range(1, len(HOSTILE) + 1)
    load(
        artifact(0),
        *(artifact(number, HOSTILE[0], ArtifactName=HOSTILE[number - 1][:256]) for number in numbers),
        *(association(artifact_arn(number), artifact_arn(0)) for number in numbers),
    )
    async with drawn(browser, f"{account}#start={artifact_arn(0)}", color_scheme=scheme) as visit:
        links = await visit.page.locator(".react-flow__edge").count()
        file = await download_file(visit.page, "SVG", tmp_path)
    picture = read(file)
    tips = ["".join(title.itertext()) for title in picture.iter(f"{SVG}title")]
    for name in HOSTILE:
        assert any(tip.startswith(f"{name[:256]}\n") for tip in tips), name
    assert len(picture.findall(f".//{SVG}path[@class='link']")) == links == len(HOSTILE)
    assert {child.tag.removeprefix(SVG) for child in picture.iter()} <= SHAPES
    assert all(path.get("marker-end") for path in picture.findall(f".//{SVG}path[@class='link']"))
    ground = picture.find(f"{SVG}rect")
    assert ground is not None
    assert ground.get("fill") == {"light": "rgb(246, 247, 249)", "dark": "rgb(20, 23, 28)"}[scheme]
    assert "var(" not in file.read_text()


async def test_svg_has_colours_of_its_own(browser: Browser, demo: str, tmp_path: Path) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=1", forced_colors="active") as visit:
        picture = read(await download_file(visit.page, "SVG", tmp_path))
    ground, text = picture.find(f"{SVG}rect"), picture.find(f".//{SVG}text")
    assert ground is not None
    assert text is not None
    assert ground.get("fill") != text.get("fill")


async def test_svg_replaces_invalid_characters(
    browser: Browser, account: str, load: Callable[..., None], tmp_path: Path
) -> None:
    load(artifact(0, ArtifactName="bell\u0007 and \ufffe"))
    async with drawn(browser, f"{account}#start={artifact_arn(0)}") as visit:
        file = await download_file(visit.page, "SVG", tmp_path)
    title = read(file).find(f".//{SVG}g/{SVG}title")
    assert title is not None
    assert (title.text or "").startswith("bell\ufffd and \ufffd\n")


async def test_svg_has_all_of_a_picture(
    browser: Browser, account: str, load: Callable[..., None], tmp_path: Path
) -> None:
    load(*fan(60))
    address = f"{account}#start={artifact_arn(0)}&open=40:down:{artifact_arn(0)}"
    async with drawn(browser, address, viewport={"width": 500, "height": 400}) as visit:
        file = await download_file(visit.page, "SVG", tmp_path)
        assert await visit.page.locator(".face[data-arn]").count() < 41
    picture = read(file)
    texts = ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]
    assert {f"artifact-{number}" for number in range(41)} <= set(texts)
    assert "40 of 60 shown" in texts
    assert len(picture.findall(f".//{SVG}path[@class='link']")) == 41


@pytest.mark.parametrize("show", ["graph", "table"])
async def test_svg_dashes_hidden_hops(browser: Browser, demo: str, tmp_path: Path, show: str) -> None:
    address = f"{demo}#start={STAGING}&up=6&down=0&type=Model&show={show}"
    async with visiting(browser, address) as visit:
        await expect(visit.page.get_by_text("model-c3z7demo").first).to_be_visible()
        file = await download_file(visit.page, "SVG", tmp_path)
    picture = read(file)
    assert len(picture.findall(f".//{SVG}path[@stroke-dasharray]")) == 1
    assert "1 hidden" in ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


async def test_svg_marks_what_is_missing(
    browser: Browser, account: str, load: Callable[..., None], service: LocalServer, tmp_path: Path
) -> None:
    load(*diamond())
    service.behaviour.unknown, service.behaviour.deny = ["QueryLineage"], ["ListAssociations:*/left"]
    async with drawn(browser, f"{account}#start={arn('context', 'endpoint')}&up=5&down=0") as visit:
        await expect(visit.page.locator(".side.missing")).to_have_count(1)
        whole = await download_file(visit.page, "SVG", tmp_path)
    picture = read(whole)
    marks = [use for use in picture.iter(f"{SVG}use") if use.get("width") == "12"]
    assert len(marks) == 1


def size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


async def test_png_is_twice_as_large(browser: Browser, demo: str, tmp_path: Path) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=4&down=0") as visit:
        svg = read(await download_file(visit.page, "SVG", tmp_path))
        png = await download_file(visit.page, "PNG", tmp_path)
        await expect(visit.page.get_by_role("status").filter(has_text="is saved.")).to_contain_text(png.name)
    measures = [round(2 * float(svg.get(measure, 0))) for measure in ("width", "height")]
    assert size(png.read_bytes()) == tuple(measures)


async def test_png_says_when_it_is_smaller(
    browser: Browser, account: str, load: Callable[..., None], tmp_path: Path
) -> None:
    load(*fan(320))
    async with drawn(browser, f"{account}#start={artifact_arn(0)}&open=310:down:{artifact_arn(0)}") as visit:
        file = await download_file(visit.page, "PNG", tmp_path)
        said = visit.page.get_by_role("status").filter(has_text="is saved.")
        await expect(said).to_have_text(re.compile(r"drawn at \d\d % of its size"))
        await said.get_by_role("button", name="Dismiss").click()
        await expect(said).to_have_count(0)
    assert size(file.read_bytes())[1] == 16_000


async def test_menu_goes_by_keyboard(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=1&down=0") as visit:
        button, keyboard = visit.page.get_by_role("button", name="Export"), visit.page.keyboard
        await button.focus()
        for key, item in (
            ("ArrowDown", "PNG"),
            ("ArrowDown", "SVG"),
            ("End", "Open in GraphiQL"),
            ("ArrowDown", "PNG"),
            ("ArrowUp", "Open in GraphiQL"),
            ("m", "Mermaid"),
            ("Home", "PNG"),
        ):
            await keyboard.press(key)
            await expect(visit.page.get_by_role("menuitem", name=item)).to_be_focused()
        await keyboard.press("Escape")
        await expect(visit.page.get_by_role("menu")).to_have_count(0)
        await expect(button).to_be_focused()
        await keyboard.press("Enter")
        await keyboard.press("Tab")
        await expect(visit.page.get_by_role("menu")).to_have_count(0)


async def test_link_is_copied(browser: Browser, demo: str) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    async with drawn(browser, f"{demo}#start={STAGING}&up=2&down=0", permissions=permissions) as visit:
        await choose(visit.page, "Copy link")
        await expect(visit.page.get_by_text("Copied.")).to_be_visible()
        await expect(visit.page).to_have_url(await visit.page.evaluate("navigator.clipboard.readText()"))


async def test_graphiql_gets_the_very_query(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=4&down=1&type=Model&kind=ARTIFACT") as visit:
        await visit.page.get_by_role("button", name="Export").click()
        item = visit.page.get_by_role("menuitem", name="Open in GraphiQL")
        assert {name: await item.get_attribute(name) for name in ("target", "rel")} == {
            "target": "_blank",
            "rel": "noreferrer",
        }
        address = str(await item.get_attribute("href"))
        async with visit.page.context.expect_page() as opened:
            await item.click()
        await expect((await opened.value).get_by_text("LineageAround").first).to_be_visible()
        cards = await visit.page.locator(".face[data-arn]").evaluate_all("all => all.map(one => one.dataset.arn)")
    assert address.startswith("graphql#")
    [query], [variables] = (parse_qs(urlsplit(address).fragment)[name] for name in ("query", "variables"))
    assert "fragment" in query
    given = orjson.loads(variables)
    assert given | {"maxVertices": 0} == {
        "start": [STAGING],
        "up": 4,
        "down": 1,
        "maxVertices": 0,
        "filter": {"lineageTypes": ["ARTIFACT"], "types": ["Model"]},
    }
    data = await asked(demo, query, **given)
    found = {vertex["entity"]["arn"] for side in ("upstream", "downstream") for vertex in data[side]["vertices"]}
    assert found == set(cards)


async def test_graphiqls_query_has_the_prefix(browser: Browser) -> None:
    settings: dict[str, Any] = {"type_prefix": "SageMaker", "node_field": False}
    with LocalServer(demo=True) as local, listening(Settings(local_url=local.url, **settings)) as place:
        async with drawn(browser, f"http://{place}/") as visit:
            await visit.page.get_by_role("button", name="Export").click()
            item = visit.page.get_by_role("menuitem", name="Open in GraphiQL")
            await expect(item).to_have_attribute("href", re.compile("sageMakerLineage"))
            address = urlsplit(str(await item.get_attribute("href"))).fragment
        said = {name: value for name, [value] in parse_qs(address).items()}
        data = await asked(f"http://{place}/", said["query"], **orjson.loads(said["variables"]))
        assert data["upstream"]["vertices"]


async def test_graphiql_is_not_offered_in_production(browser: Browser) -> None:
    settings: dict[str, Any] = {"profile": "production", "insecure": True}
    with LocalServer(demo=True) as local, listening(Settings(local_url=local.url, **settings)) as place:
        async with drawn(browser, f"http://{place}/") as visit:
            await visit.page.get_by_role("button", name="Export").click()
            await expect(visit.page.get_by_role("menuitem", name="Copy link")).to_be_visible()
            await expect(visit.page.get_by_role("menuitem", name="Open in GraphiQL")).to_have_count(0)


async def test_slow_file_can_be_cancelled(
    browser: Browser, account: str, load: Callable[..., None], service: LocalServer, tmp_path: Path
) -> None:
    load(*diamond())
    async with drawn(browser, f"{account}#start={artifact_arn(0)}&up=0&down=9") as visit:
        service.behaviour.latency_ms = 5000
        await choose(visit.page, "CSV")
        under_way = visit.page.get_by_text("The CSV is being made.")
        await expect(under_way).to_be_visible()
        await visit.page.get_by_role("button", name="Cancel").click()
        await expect(under_way).to_have_count(0)
        service.behaviour.reset()
        assert (await download_file(visit.page, "DOT", tmp_path)).suffix == ".dot"


async def test_failed_file_says_why(browser: Browser, demo: str) -> None:
    async with drawn(browser, f"{demo}#start={STAGING}&up=1&down=0") as visit:
        await visit.page.context.set_offline(True)
        await choose(visit.page, "CSV")
        await expect(visit.page.get_by_text("There is no CSV: The gateway cannot be reached.")).to_be_visible()
        await visit.page.context.set_offline(False)
        visit.complaints = [said for said in visit.complaints if "ERR_INTERNET_DISCONNECTED" not in said]


async def test_file_without_all_names_says_so(
    browser: Browser, account: str, load: Callable[..., None], service: LocalServer, tmp_path: Path
) -> None:
    load(*diamond())
    service.behaviour.deny = [f"DescribeArtifact:{artifact_arn(1)}"]
    async with drawn(browser, f"{account}#start={artifact_arn(0)}&up=0&down=9") as visit:
        file = await download_file(visit.page, "CSV", tmp_path)
        await expect(visit.page.get_by_text("AWS denies the gateway DescribeArtifact here.").last).to_be_visible()
        await visit.page.locator(".export-menu").get_by_role("button", name="Dismiss").press("Enter")
        await expect(visit.page.get_by_role("button", name="Export")).to_be_focused()
    assert artifact_arn(1) in file.read_text()
