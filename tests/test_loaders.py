"""Loads that the fields of a request share: cancelling one field does not cancel the others."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from conftest import first_call
from graphs import arn, component, component_arn
from graphs import project as project_line

from gateway.app import opened
from gateway.aws.kinds import TRIAL_COMPONENT
from gateway.aws.places import HOME
from gateway.loaders import Loaders
from gateway.local.server import LocalServer
from gateway.settings import Settings

RUN = component_arn("run")


async def cancel_first(asked: list[asyncio.Task[Any]]) -> Any:
    """Cancel the first of two tasks that load the same; return the other's result."""
    asked[0].cancel()
    told = await asked[1]
    assert asked[0].cancelled()
    return told


async def run_name(loaders: Loaders) -> Any:
    return (await loaders.entities.describe(TRIAL_COMPONENT, RUN)).read("TrialComponentName")


async def project(loaders: Loaders) -> Any:
    return await loaders.belongings.project("p-1", HOME)


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (run_name, "run"),
        (project, arn("project", "one")),
    ],
)
async def test_cancelled_field_leaves_shared_load(
    service: LocalServer, load: Callable[..., None], ask: Callable[[Loaders], Coroutine[Any, Any, Any]], told: Any
) -> None:
    load(component("run"), project_line("one", ProjectId="p-1"))
    service.behaviour.latency_ms = 100
    async with opened(Settings(local_url=service.url, cache_url="off")) as backend:
        loaders = backend.loaders()
        asked = [asyncio.create_task(ask(loaders)) for _ in range(2)]
        await first_call(service)
        assert await cancel_first(asked) == told


async def test_cancelled_field_leaves_shared_lookup(service: LocalServer) -> None:
    async with opened(Settings(local_url=service.url, cache_url="memory")) as backend:
        cache = backend.loaders().known.cache
        asked = [asyncio.create_task(cache.entity(HOME, TRIAL_COMPONENT, RUN)) for _ in range(2)]
        await asyncio.sleep(0)
        assert await cancel_first(asked) is None


async def removal(loaders: Loaders) -> Any:
    await loaders.write("DeleteContext", ContextName="nothing")


@pytest.mark.parametrize("ask", [run_name, project, removal])
async def test_abandoned_load_logs_no_error(
    service: LocalServer, ask: Callable[[Loaders], Coroutine[Any, Any, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    service.behaviour.latency_ms = 100
    async with opened(Settings(local_url=service.url, cache_url="off")) as backend:
        others = asyncio.all_tasks()
        loaders = backend.loaders()
        asked = asyncio.create_task(ask(loaders))
        await first_call(service)
        asked.cancel()
        await loaders.end()
        await asyncio.wait(asyncio.all_tasks() - others)
    del asked, loaders
    gc.collect()
    assert not caplog.messages
