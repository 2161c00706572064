"""What the fields of a request load together: one that leaves takes nothing from the others."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from conftest import first_call
from graphs import arn, component, component_arn, project

from gateway.app import opened
from gateway.aws.kinds import TRIAL_COMPONENT
from gateway.aws.places import HOME
from gateway.loaders import Loaders
from gateway.local.server import LocalServer
from gateway.settings import Settings

RUN = component_arn("run")


async def leave(asked: list[asyncio.Task[Any]]) -> Any:
    """Have the first of two who ask the same leave; return what the other is told."""
    asked[0].cancel()
    told = await asked[1]
    assert asked[0].cancelled()
    return told


async def run_name(loaders: Loaders) -> Any:
    return (await loaders.entities.describe(TRIAL_COMPONENT, RUN)).read("TrialComponentName")


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (run_name, "run"),
        (lambda loaders: loaders.belongings.project("p-1"), arn("project", "one")),
    ],
    ids=["entity", "project"],
)
async def test_whoever_leaves_takes_no_answer(
    service: LocalServer, load: Callable[..., None], ask: Callable[[Loaders], Coroutine[Any, Any, Any]], told: Any
) -> None:
    load(component("run"), project("one", ProjectId="p-1"))
    service.behaviour.latency_ms = 100
    async with opened(Settings(local_url=service.url, cache_url="off")) as backend:
        loaders = backend.loaders()
        asked = [asyncio.create_task(ask(loaders)) for _ in range(2)]
        await first_call(service)
        assert await leave(asked) == told


async def test_whoever_leaves_ends_no_lookup(service: LocalServer) -> None:
    async with opened(Settings(local_url=service.url, cache_url="memory")) as backend:
        cache = backend.loaders().known.cache
        asked = [asyncio.create_task(cache.entity(HOME, TRIAL_COMPONENT, RUN)) for _ in range(2)]
        await asyncio.sleep(0)
        assert await leave(asked) is None
