"""Listings: their filters, orders, summaries and pages."""

from itertools import chain
from typing import Any

import httpx
import local_conftest
import pytest
from graphs import action, artifact, artifact_arn, component, context
from local_conftest import all_pages, load, refusing

from gateway.local.server import LocalServer

sagemaker = local_conftest.sagemaker


def names(summaries: list[dict[str, Any]], kind: str = "Context") -> list[str]:
    return [summary[f"{kind}Name"] for summary in summaries]


def contexts(service: LocalServer, *named: str, **members: Any) -> None:
    load(service, *(context(name, CreationTime=1000 + at, **members) for at, name in enumerate(named)))


def test_newest_entry_comes_first(sagemaker: Any, service: LocalServer) -> None:
    contexts(service, "b", "c", "a")
    assert names(sagemaker.list_contexts()["ContextSummaries"]) == ["a", "c", "b"]
    assert names(sagemaker.list_contexts(SortOrder="Ascending")["ContextSummaries"]) == ["b", "c", "a"]
    assert names(sagemaker.list_contexts(SortBy="Name")["ContextSummaries"]) == ["c", "b", "a"]
    by_name = sagemaker.list_contexts(SortBy="Name", SortOrder="Ascending")["ContextSummaries"]
    assert names(by_name) == ["a", "b", "c"]


def test_ten_make_a_page(sagemaker: Any, service: LocalServer) -> None:
    contexts(service, *(f"c{number}" for number in range(11)))
    assert len(sagemaker.list_contexts()["ContextSummaries"]) == 10
    assert len(sagemaker.list_contexts(MaxResults=100)["ContextSummaries"]) == 11


@pytest.mark.parametrize("sort", [{}, {"SortBy": "Name"}, {"SortOrder": "Ascending"}])
def test_pages_hold_everything_once(sagemaker: Any, service: LocalServer, sort: dict[str, str]) -> None:
    load(service, *(context(f"c{number:03}", CreationTime=1000 + number // 10) for number in range(95)))
    pages = all_pages(sagemaker.list_contexts, "ContextSummaries", MaxResults=10, **sort)
    assert [len(page) for page in pages] == [10] * 9 + [5]
    assert sorted(names([*chain.from_iterable(pages)])) == [f"c{number:03}" for number in range(95)]


def test_full_last_page_has_no_token(sagemaker: Any, service: LocalServer) -> None:
    contexts(service, *"abcd")
    assert [len(page) for page in all_pages(sagemaker.list_contexts, "ContextSummaries", MaxResults=2)] == [2, 2]


@pytest.mark.parametrize("sort", [{}, {"SortBy": "Name"}, {"SortBy": "Name", "SortOrder": "Ascending"}])
def test_pages_stay_stable_under_writes(sagemaker: Any, service: LocalServer, sort: dict[str, str]) -> None:
    stays = [f"c{number:02}" for number in range(1, 60, 2)]
    load(service, *(context(name, CreationTime=1000 + at) for at, name in enumerate(stays)))
    seen: list[str] = []
    request: dict[str, Any] = {"MaxResults": 4} | sort
    for turn in range(0, 60, 2):
        page = sagemaker.list_contexts(**request)
        seen += names(page["ContextSummaries"])
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
        # one is added before and one after the end of the first page, and one is deleted
        load(service, context(f"c{turn:02}", CreationTime=2000), context(f"c{58 - turn:02}", CreationTime=500))
        sagemaker.delete_context(ContextName=f"c{turn:02}")
    assert len(seen) == len(set(seen))
    assert set(stays) <= set(seen)


def test_broken_tokens_are_refused(sagemaker: Any, service: LocalServer) -> None:
    contexts(service, "a", "b")
    load(service, action("a"), action("b"))
    token = sagemaker.list_contexts(MaxResults=1)["NextToken"]
    flipped = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    for broken in ("", "x", "☃", flipped, token[:-4], token + "AAAA", "A" * 8192):
        with refusing("ValidationException", "NextToken"):
            sagemaker.list_contexts(NextToken=broken)


def test_tokens_fit_one_request_only(sagemaker: Any, service: LocalServer) -> None:
    contexts(service, "a", "b")
    load(service, action("a"), action("b"))
    token = sagemaker.list_contexts(MaxResults=1)["NextToken"]
    with refusing("ValidationException", "NextToken"):
        sagemaker.list_actions(NextToken=token)
    with refusing("ValidationException", "NextToken"):
        sagemaker.list_contexts(NextToken=token, SortOrder="Ascending")
    with refusing("ValidationException", "NextToken"):
        sagemaker.list_contexts(NextToken=token, ContextType="Endpoint")
    assert len(sagemaker.list_contexts(NextToken=token, MaxResults=7)["ContextSummaries"]) == 1


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"CreatedAfter": 1001}, ["c", "b"]),
        ({"CreatedBefore": 1001}, ["b", "a"]),
        ({"CreatedAfter": 1001, "CreatedBefore": 1001}, ["b"]),
        ({"CreatedAfter": 1003}, []),
    ],
)
def test_created_filters_include_their_bound(
    sagemaker: Any, service: LocalServer, bounds: dict[str, int], expected: list[str]
) -> None:
    contexts(service, "a", "b", "c")
    assert names(sagemaker.list_contexts(**bounds)["ContextSummaries"]) == expected


def test_bounds_finer_than_clock_are_cut(service: LocalServer) -> None:
    contexts(service, "made")  # created at 1000.000, to the clock's precision
    headers = {"X-Amz-Target": "SageMaker.ListContexts"}
    answer = httpx.post(service.url, json={"CreatedAfter": 1000.0006, "CreatedBefore": 1000.0006}, headers=headers)
    assert names(answer.json()["ContextSummaries"]) == ["made"]


def test_type_and_source_filter_exactly(sagemaker: Any, service: LocalServer) -> None:
    load(
        service,
        artifact(1, "Model"),
        artifact(2, "model"),
        artifact(3, "Model", Source={"SourceUri": "s3://bucket/1/more"}),
        artifact(4, Source={"SourceUri": "s3://bucket/1", "SourceTypes": [{"SourceIdType": "Custom", "Value": "2"}]}),
    )

    def listed(**filters: str) -> set[str]:
        return {summary["ArtifactArn"] for summary in sagemaker.list_artifacts(**filters)["ArtifactSummaries"]}

    assert listed(ArtifactType="Model") == {artifact_arn(1), artifact_arn(3)}
    assert listed(SourceUri="s3://bucket/1") == {artifact_arn(1), artifact_arn(4)}
    assert listed(SourceUri="s3://bucket/1", ArtifactType="Model") == {artifact_arn(1)}
    assert listed(SourceUri="s3://bucket") == set()


def test_components_are_listed_by_source(sagemaker: Any, service: LocalServer) -> None:
    one, two = component("one"), component("two")
    load(service, one, two)
    source = one["record"]["Source"]
    listed = sagemaker.list_trial_components(SourceArn=source["SourceArn"])["TrialComponentSummaries"]
    assert names(listed, "TrialComponent") == ["one"]
    assert listed[0]["TrialComponentSource"] == source
