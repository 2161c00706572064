"""Finding vertices in the explorer, and what it shows of those selected."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from browser import Visit, serious_violations, visiting
from conftest import listening
from graphs import action, arn, artifact, artifact_arn, association, component, component_arn, context, diamond
from playwright.async_api import Browser, Locator, Route, expect

from gateway.local.server import LocalServer
from gateway.settings import Settings

MARKUP = '<img src=x onerror="document.title=1">'
DATASET, MODEL, ENDPOINT, RUN = artifact_arn(0), artifact_arn(1), arn("context", "endpoint"), component_arn("left")


class Explorer:
    """The explorer, as who finds and looks at things in it sees it."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.page = visit.page
        self.box = self.page.get_by_role("combobox", name="Find a vertex")
        self.options = self.page.get_by_role("option")
        self.notes = self.page.locator(".found").get_by_role("status")
        self.drawer = self.page.get_by_role("complementary")
        self.heading = self.drawer.get_by_role("heading", level=2)

    def card(self, vertex: str) -> Locator:
        return self.page.locator(f'.face[data-arn="{vertex}"]')

    def row(self, label: str) -> Locator:
        """What the drawer says of a field."""
        return self.drawer.locator("dl > div").filter(has=self.page.get_by_text(label, exact=True)).locator("dd")

    def asked(self, operation: str) -> list[Any]:
        """The variables of each request of an operation."""
        return [sent["variables"] for sent in self.visit.operations if f" {operation}" in sent["query"].split("{")[0]]

    async def seek(self, text: str) -> None:
        await self.page.keyboard.press("/")
        await self.box.fill(text)

    async def expect_start(self, vertex: str) -> None:
        """The vertex is in the middle, in the address and in the drawer."""
        await expect(self.card(vertex)).to_have_accessible_name(re.compile("the start"))
        await expect(self.drawer).to_be_visible()
        assert (self.said("start"), self.said("select")) == ([vertex], [vertex])

    def said(self, name: str) -> list[str]:
        """What the address says of a part of the view."""
        return parse_qs(urlsplit(self.page.url).fragment).get(name, [])

    async def close(self) -> None:
        await self.drawer.get_by_role("button", name="Close").click()


@pytest.fixture(scope="module")
def url(server: LocalServer) -> Iterator[str]:
    with listening(Settings(local_url=server.url, cache_url="off")) as address:
        yield f"http://{address}/"


@pytest.fixture
def at(url: str) -> Callable[..., str]:
    """The address of a view."""

    def at(**view: Any) -> str:
        return f"{url}#{urlencode(view, doseq=True)}"

    return at


@pytest.fixture
async def explorer(browser: Browser, url: str, load: Callable[..., None]) -> AsyncIterator[Explorer]:
    """The explorer of a small account, once it shows something."""
    load(*diamond())
    async with visiting(browser, url) as visit:
        opened = Explorer(visit)
        await expect(opened.card(ENDPOINT)).to_be_visible()
        yield opened


async def test_slash_takes_to_box(explorer: Explorer) -> None:
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
    assert len(explorer.asked("Resolve")) == 1


async def test_several_are_left_to_choose(explorer: Explorer, load: Callable[..., None]) -> None:
    load(artifact(8, Source={"SourceUri": "s3://bucket/0"}))
    before = explorer.page.url
    await explorer.seek("s3://bucket/0")
    await explorer.page.keyboard.press("Enter")
    await expect(explorer.options.first).to_have_attribute("aria-selected", "true")
    assert explorer.page.url == before


async def test_nothing_found_says_so(explorer: Explorer) -> None:
    await explorer.seek("no-such-thing")
    await expect(explorer.notes).to_have_text("Nothing found that is called or stands for “no-such-thing”.")


async def test_what_could_not_be_searched_is_said(explorer: Explorer, service: LocalServer) -> None:
    service.behaviour.deny = ["ListActions:*", "ListTrialComponents:*", "Search:*"]
    await explorer.seek("endpoint")
    await expect(explorer.options.first).to_contain_text("endpoint")
    await expect(explorer.notes).to_contain_text("Not everything could be searched.")
    await explorer.seek("no-such-thing")
    await expect(explorer.notes).to_contain_text("Nothing found")


async def test_gateway_out_of_reach_is_said(explorer: Explorer) -> None:
    await explorer.page.context.set_offline(True)
    await explorer.seek("left")
    await expect(explorer.notes).to_contain_text("The gateway cannot be reached.")
    await expect(explorer.options.first).to_contain_text("left")
    explorer.visit.complaints.clear()


async def test_more_than_searched_is_said(explorer: Explorer, load: Callable[..., None]) -> None:
    load(*(artifact(number) for number in range(100, 201)))
    await explorer.seek("artifact-1")
    await expect(explorer.notes).to_contain_text("The first 50 of")
    await expect(explorer.notes).to_contain_text("in the newest 100 of each kind")


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


async def test_names_are_shown_as_text(browser: Browser, url: str, load: Callable[..., None]) -> None:
    load(
        artifact(0, MARKUP, ArtifactName=MARKUP, Properties={MARKUP: MARKUP, "long": "é" * 1000 + "\n\u202eend"}),
        component(
            "run",
            DisplayName=MARKUP,
            Parameters={MARKUP: {"StringValue": MARKUP}},
            Status={"PrimaryStatus": "Completed", "Message": MARKUP},
        ),
        association(artifact_arn(0), component_arn("run")),
    )
    async with visiting(browser, url) as visit:
        explorer = Explorer(visit)
        await explorer.seek(MARKUP)
        await expect(explorer.options).to_have_count(2)
        for vertex in artifact_arn(0), component_arn("run"):
            await explorer.seek(vertex)
            await explorer.page.keyboard.press("Enter")
            await expect(explorer.heading).to_have_text(MARKUP)
            await expect(explorer.drawer.locator("th", has_text=MARKUP)).to_be_visible()
            await expect(explorer.drawer.locator(".neighbours")).to_contain_text(MARKUP)
        await expect(explorer.row("Status")).to_contain_text(MARKUP)
        assert await visit.page.locator("img").count() == 0
        assert await visit.page.title() == f"{MARKUP} \u00b7 Lineage explorer"


async def test_long_text_is_cut(browser: Browser, at: Callable[..., str], load: Callable[..., None]) -> None:
    load(artifact(0, Properties={"long": "é" * 1000}))
    async with visiting(browser, at(start=DATASET, select=DATASET)) as visit:
        cell = Explorer(visit).drawer.locator("td")
        await expect(cell).to_have_text(re.compile("^é{240}… show all 1,000 characters$"))
        await cell.get_by_role("button").click()
        await expect(cell).to_have_text(re.compile("^é{1000} show less$"))


METRIC = {"MetricName": "auc", "Min": 0.5, "Max": 0.9, "Avg": 0.75, "Last": 0.875, "StdDev": 0.1, "Count": 20}
SHOWN: dict[str, tuple[dict[str, Any], dict[str, str], list[str]]] = {
    MODEL: (
        artifact(
            1,
            "Model",
            Source={
                "SourceUri": "s3://bucket/1",
                "SourceTypes": [{"SourceIdType": "S3ETag", "Value": "0a1b"}],
            },
            MetadataProperties={"Repository": "https://git/churn", "CommitId": "c0ffee", "GeneratedBy": "hand"},
            Properties={"json": '{"a": 1}'},
        ),
        {
            "Name": "artifact-1",
            "Stands for": "s3://bucket/1",
            "Source type": "s3 e tag 0a1b",
            "Code and process": "repository https://git/churncommit c0ffeegenerated by hand",
            "Lineage group": "sagemaker-default-lineage-group",
        },
        ["Properties"],
    ),
    ENDPOINT: (
        context(
            "endpoint",
            Source={"SourceUri": arn("endpoint", "e"), "SourceType": "Endpoint", "SourceId": "e-1"},
            Description="Serves the shop.",
            Properties={"stage": "production"},
        ),
        {"Description": "Serves the shop.", "Source type": "Endpointid e-1", "Stands for": arn("endpoint", "e")},
        ["Properties"],
    ),
    arn("action", "approve"): (
        action("approve", "Approval", Status="InProgress", Description="By hand."),
        {"Status": "in progress", "Description": "By hand.", "Name": "approve"},
        [],
    ),
    RUN: (
        component(
            "left",
            DisplayName="Left",
            Status={"PrimaryStatus": "Failed", "Message": "Out of memory."},
            StartTime=1_772_000_000,
            EndTime=1_772_000_600,
            Parameters={"eta": {"NumberValue": 0.1}, "objective": {"StringValue": "logistic"}},
            InputArtifacts={"train": {"Value": "s3://bucket/0", "MediaType": "text/csv"}},
            OutputArtifacts={"model": {"Value": "s3://bucket/1"}},
            Metrics=[METRIC],
        ),
        {
            "Status": "failedmessage Out of memory.",
            "Display name": "Left",
            "Name": "left",
            "Source type": "SageMakerTrainingJob",
        },
        ["Metrics", "Parameters", "Inputs", "Outputs"],
    ),
}


@pytest.mark.parametrize("vertex", [pytest.param(arn, id=SHOWN[arn][0]["entity"]) for arn in SHOWN])
async def test_inspector_shows_fields(
    browser: Browser, at: Callable[..., str], load: Callable[..., None], vertex: str
) -> None:
    line, rows, tables = SHOWN[vertex]
    load(line)
    async with visiting(browser, at(start=vertex, select=vertex)) as visit:
        explorer = Explorer(visit)
        for label, said in rows.items():
            await expect(explorer.row(label)).to_have_text(said)
        for table in tables:
            await expect(explorer.drawer.get_by_role("table", name=table)).to_be_visible()
        assert explorer.asked("Detail") == [{"arn": vertex}]
        assert await explorer.drawer.get_by_text("Missing").count() == 0


async def test_metric_has_chart(browser: Browser, at: Callable[..., str], load: Callable[..., None]) -> None:
    load(SHOWN[RUN][0])
    async with visiting(browser, at(start=RUN, select=RUN)) as visit:
        table = Explorer(visit).drawer.get_by_role("table", name="Metrics")
        figures = table.locator("tbody tr").nth(1).locator("td")
        await expect(figures).to_have_text(["0.875", "0.5", "0.75", "0.9", "0.1", "20"])
        await expect(table.get_by_role("img")).to_have_accessible_name("auc: from 0.5 to 0.9, mean 0.75, last 0.875")


async def test_link_leads_to_console(explorer: Explorer) -> None:
    await explorer.seek("left")
    await explorer.page.keyboard.press("Enter")
    link = explorer.drawer.get_by_role("link", name="Open the training job in AWS")
    await expect(link).to_have_attribute("href", re.compile(r"^https://console\.aws\.amazon\.com/.*#/jobs/left$"))
    await expect(link).to_have_attribute("rel", "noreferrer")


async def test_arn_is_copied(explorer: Explorer) -> None:
    await explorer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await explorer.card(ENDPOINT).click()
    await explorer.drawer.get_by_role("button", name="Copy the ARN").click()
    await expect(explorer.drawer.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    assert await explorer.page.evaluate("navigator.clipboard.readText()") == ENDPOINT


async def test_vertex_becomes_start(explorer: Explorer) -> None:
    await explorer.card(MODEL).click()
    await explorer.drawer.get_by_role("button", name="Make this the start").click()
    await explorer.expect_start(MODEL)
    await expect(explorer.drawer.get_by_role("button", name="Make this the start")).to_have_count(0)


async def test_paths_lead_to_start(explorer: Explorer) -> None:
    await explorer.seek("endpoint")
    await explorer.page.keyboard.press("Enter")
    await explorer.expect_start(ENDPOINT)
    await explorer.card(MODEL).click()
    await explorer.drawer.get_by_role("button", name="Paths to the start").click()
    await expect(explorer.page).to_have_url(re.compile("path="))
    assert explorer.said("path") == [MODEL, ENDPOINT]


async def test_neighbours_lead_on(explorer: Explorer) -> None:
    await explorer.card(ENDPOINT).click()
    upstream = explorer.drawer.locator("section").filter(has_text="Upstream")
    await upstream.get_by_role("button", name="artifact-1", exact=True).click()
    await expect(explorer.heading).to_have_text("artifact-1")
    await expect(explorer.heading).to_be_focused()
    await expect(explorer.card(MODEL)).to_have_class(re.compile("face"))
    assert explorer.said("select") == [MODEL]


async def test_edge_tells_who_and_when(explorer: Explorer, load: Callable[..., None]) -> None:
    maker = {"UserProfileName": "ines", "DomainId": "d-1"}
    load(artifact(5), association(artifact_arn(5), MODEL, CreatedBy=maker, CreationTime=1_772_000_000))
    await explorer.seek(artifact_arn(5))
    await explorer.page.keyboard.press("Enter")
    await explorer.drawer.get_by_role("button", name="contributed to (the association with artifact-1)").click()
    await expect(explorer.heading).to_have_text("Association")
    await expect(explorer.drawer.locator(".ends")).to_have_text(re.compile("From artifact-5.*To artifact-1"))
    await expect(explorer.row("Association")).to_have_text("contributed to")
    await expect(explorer.row("Created by")).to_have_text("inesdomain d-1")
    await expect(explorer.row("Created").locator("time")).to_have_attribute("title", re.compile("^2026-02-25T"))
    await explorer.drawer.get_by_role("button", name="artifact-1").click()
    await expect(explorer.heading).to_have_text("artifact-1")


async def test_hidden_vertices_are_told(browser: Browser, at: Callable[..., str], load: Callable[..., None]) -> None:
    load(*diamond())
    kinds, types = ["CONTEXT", "ARTIFACT"], ["Endpoint", "DataSet"]
    async with visiting(browser, at(start=ENDPOINT, up=3, kind=kinds, type=types, select=[DATASET, ENDPOINT])) as visit:
        explorer = Explorer(visit)
        await expect(explorer.drawer).to_contain_text("The filter hides at least 2 vertices between the two.")
        await explorer.drawer.get_by_role("button", name="Clear the filter").click()
        await expect(explorer.drawer).to_contain_text("No association leads straight from one to the other.")


async def test_denied_field_says_so(explorer: Explorer, service: LocalServer) -> None:
    service.behaviour.deny = ["ListTags:*"]
    await explorer.card(ENDPOINT).click()
    tags = explorer.drawer.locator("section").filter(has_text="Tags")
    await expect(tags).to_contain_text("Missing: denied.")
    await expect(explorer.row("Name")).to_have_text("endpoint")
    service.behaviour.deny = []
    await explorer.drawer.get_by_role("button", name="Ask again").click()
    await expect(explorer.drawer.get_by_role("alert")).to_have_count(0)
    await expect(explorer.drawer).not_to_contain_text("Missing")


async def test_denied_vertex_says_so(explorer: Explorer, service: LocalServer) -> None:
    service.behaviour.deny = ["DescribeContext:*"]
    await explorer.card(ENDPOINT).click()
    await expect(explorer.drawer.get_by_role("alert")).to_be_visible()
    await expect(explorer.heading).to_have_text("endpoint")
    await expect(explorer.drawer.locator(".neighbours")).to_contain_text("artifact-1")


async def test_missing_vertex_says_so(browser: Browser, at: Callable[..., str], load: Callable[..., None]) -> None:
    load(*diamond())
    async with visiting(browser, at(start=ENDPOINT, select=artifact_arn(77))) as visit:
        await expect(Explorer(visit).drawer).to_contain_text("It no longer exists")


async def test_latest_selected_is_shown(explorer: Explorer) -> None:
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        body = route.request.post_data or ""
        if "query Detail" in body and ENDPOINT in body:
            await released.wait()
        await route.continue_()

    await explorer.page.route("**/graphql", hold)
    await explorer.card(ENDPOINT).click()
    await expect(explorer.drawer.get_by_text("Loading details…")).to_be_attached()
    await explorer.card(MODEL).click()
    await expect(explorer.row("Name")).to_have_text("artifact-1")
    released.set()
    await explorer.page.unroute_all(behavior="wait")
    await expect(explorer.row("Name")).to_have_text("artifact-1")


async def test_keyboard_goes_to_drawer_and_back(explorer: Explorer) -> None:
    await explorer.card(ENDPOINT).focus()
    await explorer.page.keyboard.press("Space")
    await expect(explorer.heading).to_be_focused()
    await explorer.page.keyboard.press("Escape")
    await expect(explorer.drawer).to_have_count(0)
    await expect(explorer.card(ENDPOINT)).to_be_focused()


async def test_ring_shows_keyboard_its_place(explorer: Explorer) -> None:
    head = explorer.drawer.locator(".head")
    await explorer.card(ENDPOINT).click()
    await explorer.drawer.locator(".neighbours").get_by_role("button", name="artifact-1", exact=True).click()
    await expect(explorer.heading).to_be_focused()
    await expect(head).to_have_css("outline-style", "none")
    await expect(explorer.heading).to_have_css("outline-style", "none")
    await explorer.close()
    await explorer.card(ENDPOINT).focus()
    await explorer.page.keyboard.press("Space")
    await expect(explorer.heading).to_be_focused()
    await expect(head).to_have_css("outline-style", "solid")
    await explorer.page.keyboard.press("Shift+Tab")
    await expect(explorer.drawer.get_by_role("button", name="Close")).to_be_focused()
    await expect(head).to_have_css("outline-style", "none")


async def test_mouse_leaves_keyboard_where_it_is(explorer: Explorer) -> None:
    await explorer.card(ENDPOINT).click()
    await expect(explorer.heading).to_have_text("endpoint")
    await expect(explorer.card(ENDPOINT)).to_be_focused()
    await explorer.close()
    await expect(explorer.drawer).to_have_count(0)


async def test_drawer_and_list_are_accessible(explorer: Explorer) -> None:
    await explorer.card(ENDPOINT).click()
    await expect(explorer.row("Name")).to_have_text("endpoint")
    await explorer.seek("artifact")
    await expect(explorer.options.first).to_be_visible()
    assert await serious_violations(explorer.page) == []
