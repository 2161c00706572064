"""What a mutation invalidates, beyond the entities that its arguments name and this process's own cache."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
from accounts import HOME
from conftest import asking, expecting_data, running
from fault_proxy import FaultProxy, fault_proxy
from graphs import arn, artifact, artifact_arn, context

from gateway.local.server import LocalServer
from gateway.settings import Settings

ARTIFACT = "query ($arn: Arn!) { artifact(arn: $arn) { name } }"
TAGGED = "query ($arn: Arn!) { artifact(arn: $arn) { name tags { key } } }"
HOP = "query ($arn: Arn!) { artifact(arn: $arn) { upstream { nodes { arn } } } }"
RENAME = """mutation ($arn: Arn!, $name: String!) {
    updateArtifact(input: { arn: $arn, name: $name }) { artifact { arn } } }"""
JOIN = """mutation ($from: Arn!, $to: Arn!) {
    addAssociation(input: { sourceArn: $from, destinationArn: $to }) { association { id } } }"""
CREATE = """mutation ($name: String!) {
    createArtifact(input: { name: $name, type: "DataSet", source: { sourceUri: "s3://bucket/x" } }) {
        artifact { arn } } }"""
CONTEXT = '{ context(name: "a") { description } }'
DESCRIBE = """mutation ($arn: Arn!) {
    updateContext(input: { arn: $arn, description: "new" }) { context { arn } } }"""
DELETE = """mutation { deleteArtifact(input: { source: { sourceUri: "s3://bucket/x" } }) { deleted } }"""

ELSEWHERE = "210987654321"


async def gateway(stack: AsyncExitStack, url: str, **settings: Any) -> httpx.AsyncClient:
    # With one attempt, a read that joins one that is held back fails.
    return await stack.enter_async_context(running(Settings(local_url=url, mutations=True, max_attempts=1, **settings)))


async def held(proxy: FaultProxy) -> None:
    while proxy.held:  # noqa: ASYNC110 - it takes only milliseconds
        await asyncio.sleep(0.01)


async def test_deletion_by_source_evicts_the_artifact(service: LocalServer) -> None:
    async with AsyncExitStack() as stack:
        ask = expecting_data(asking(await gateway(stack, service.url)))
        arn = (await ask(CREATE, name="x"))["createArtifact"]["artifact"]["arn"]
        assert (await ask(ARTIFACT, arn=arn))["artifact"] == {"name": "x"}
        assert (await ask(DELETE))["deleteArtifact"] == {"deleted": True}
        assert (await ask(ARTIFACT, arn=arn))["artifact"] is None


async def test_creation_evicts_an_earlier_artifact(service: LocalServer) -> None:
    async with AsyncExitStack() as stack:
        ask = expecting_data(asking(await gateway(stack, service.url)))
        arn = (await ask(CREATE, name="first"))["createArtifact"]["artifact"]["arn"]
        assert (await ask(ARTIFACT, arn=arn))["artifact"] == {"name": "first"}
        service.clear()
        await ask(CREATE, name="second")
        assert (await ask(ARTIFACT, arn=arn))["artifact"] == {"name": "second"}


async def test_write_by_role_evicts_own_names(service: LocalServer, load: Callable[..., None]) -> None:
    load(context("a"))
    accounts = {HOME: {"role_arn": f"arn:aws:iam::{HOME}:role/lineage"}}
    async with AsyncExitStack() as stack:
        ask = expecting_data(asking(await gateway(stack, service.url, accounts=accounts)))
        assert (await ask(CONTEXT))["context"] == {"description": None}
        await ask(DESCRIBE, arn=arn("context", "a"))
        assert (await ask(CONTEXT))["context"] == {"description": "new"}
    assert service.calls["AssumeRole"] == 1


async def test_reads_from_before_are_not_joined(
    service: LocalServer, load: Callable[..., None], redis_url: str
) -> None:
    load(artifact(1))
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(fault_proxy(service.url))
        here = expecting_data(asking(await gateway(stack, service.url, cache_url=redis_url)))
        there = expecting_data(asking(await gateway(stack, proxy.url, cache_url=redis_url)))
        proxy.held["DescribeArtifact"] = release = asyncio.Event()
        before = asyncio.create_task(there(ARTIFACT, arn=artifact_arn(1)))
        await held(proxy)
        await here(RENAME, arn=artifact_arn(1), name="renamed")
        after = await there(TAGGED, arn=artifact_arn(1))
        release.set()
        assert (await before)["artifact"]["name"] == "artifact-1"
        assert after["artifact"]["name"] == "renamed"


async def test_neither_end_joins_earlier_reads(service: LocalServer, load: Callable[..., None]) -> None:
    there = artifact_arn(2).replace("123456789012", ELSEWHERE)
    load(artifact(1), artifact(2, ArtifactArn=there))
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(fault_proxy(service.url))
        accounts = {ELSEWHERE: {"endpoint_url": proxy.url}}
        ask = expecting_data(asking(await gateway(stack, service.url, accounts=accounts)))
        proxy.held["ListAssociations"] = release = asyncio.Event()
        before = asyncio.create_task(ask(HOP, arn=there))
        await held(proxy)
        await ask(JOIN, **{"from": artifact_arn(1), "to": there})
        after = await ask(HOP, arn=there)
        release.set()
        assert (await before)["artifact"]["upstream"]["nodes"] == []
        assert after["artifact"]["upstream"]["nodes"] == [{"arn": artifact_arn(1)}]
