"""Filters of a walk: what they show, the edges over what they hide, and what they cannot decide."""

from collections.abc import Callable
from typing import Any

import pytest
import walk_query
from conftest import Ask
from graphs import action, arn, artifact, artifact_arn, association, component, component_arn, context, diamond
from walk_query import WALK, depths, ends, walked

from gateway.local.server import LocalServer

walk_operation = walk_query.walk_operation

DATASET = artifact_arn(0)
JOBS = {component_arn("left"), component_arn("right")}
MODELS = {artifact_arn(1), artifact_arn(2)}


@pytest.mark.usefixtures("walk_operation")
@pytest.mark.parametrize(
    ("filter", "shown"),
    [
        ({"types": ["Model"]}, MODELS),
        ({"types": ["TrainingJob"]}, JOBS),
        (
            {"types": ["SageMakerTrainingJob", "Endpoint"]},
            {component_arn("left"), component_arn("right"), arn("context", "endpoint")},
        ),
        ({"lineageTypes": ["CONTEXT"]}, {arn("context", "endpoint")}),
        ({"lineageTypes": ["CONTEXT"], "types": ["Model"]}, set()),
        ({"createdAfter": "2099-01-01"}, set()),
        (
            {"types": [], "lineageTypes": None},
            {
                component_arn("left"),
                component_arn("right"),
                artifact_arn(1),
                artifact_arn(2),
                arn("context", "endpoint"),
            },
        ),
    ],
)
async def test_filter_chooses_what_is_shown(ask: Ask, load: Callable[..., None], filter: Any, shown: set[str]) -> None:
    load(*diamond())
    graph = await walked(ask, DATASET, filter=filter)
    assert depths(graph).keys() == shown | {DATASET}
    assert graph["coverage"]["complete"]


@pytest.mark.usefixtures("walk_operation")
async def test_hidden_vertices_leave_an_edge(ask: Ask, load: Callable[..., None]) -> None:
    load(*diamond())
    graph = await walked(ask, DATASET, filter={"types": ["Endpoint"]})
    assert graph["edges"] == [
        {
            "source": {"arn": DATASET},
            "destination": {"arn": arn("context", "endpoint")},
            "associationType": None,
            "hiddenHops": 2,
        }
    ]
    assert sum(count["count"] for count in graph["counts"]) == 2


async def test_too_many_joins_are_refused(
    refused: Ask, load: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(*diamond())
    monkeypatch.setattr("gateway.lineage.graph.MOST_EDGES", 3)
    await refused(WALK, "BUDGET_EXCEEDED", start=[DATASET], filter={"types": ["Model", "Endpoint"]})


@pytest.mark.usefixtures("walk_operation")
async def test_properties_and_times_are_filters(ask: Ask, load: Callable[..., None]) -> None:
    moments = {"CreationTime": 1_700_000_000, "LastModifiedTime": 1_700_000_500}
    load(artifact(0), artifact(1, Properties={"a": "1", "b": "2"}, **moments), context("c", Properties={"a": "2"}))
    load(action("x", Properties={"b": "2"}), component("job"))
    load(
        *(
            association(DATASET, end)
            for end in (artifact_arn(1), arn("context", "c"), arn("action", "x"), component_arn("job"))
        )
    )
    wanted = [{"key": "a", "value": "2"}, {"key": "b", "value": "2"}]
    assert depths(await walked(ask, DATASET, filter={"properties": wanted})).keys() == {
        DATASET,
        artifact_arn(1),
        arn("context", "c"),
        arn("action", "x"),
    }
    for filter in ({"createdBefore": "2023-11-14T22:13:20Z"}, {"modifiedBefore": "2023-11-14T22:21:40Z"}):
        assert depths(await walked(ask, DATASET, filter=filter)).keys() == {DATASET, artifact_arn(1)}
    assert depths(await walked(ask, DATASET, filter={"modifiedBefore": "2023-11-14T22:21:39Z"})).keys() == {DATASET}


async def test_denied_filter_is_reported(ask: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*diamond())
    service.behaviour.deny = [f"Describe*:{artifact_arn(1)}"]
    graph = await walked(ask, DATASET, filter={"createdAfter": "2000-01-01", "types": ["Model"]})
    assert depths(graph).keys() == {DATASET, artifact_arn(2)}
    assert graph["coverage"]["reasons"] == ["ACCESS_DENIED"]


async def test_joins_over_hidden_vertices_are_limited(
    ask: Ask, refused: Ask, load: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hidden vertices that lead to no shown vertex do not count, however many there are."""
    hidden, shown = range(1, 41), artifact_arn(50)
    load(artifact(0), *map(artifact, hidden), *(association(DATASET, artifact_arn(n)) for n in hidden))
    monkeypatch.setattr("gateway.lineage.graph.MOST_STEPS", 2)
    load(artifact(50, "Model"), association(artifact_arn(40), shown))
    only = {"filter": {"types": ["Model"]}}
    assert ends(await walked(ask, DATASET, **only)) == {(DATASET, shown)}
    load(*(association(artifact_arn(n), artifact_arn(n + 1)) for n in hidden[:-1]))
    await refused(WALK, "BUDGET_EXCEEDED", start=[DATASET], **only)
