"""CPU time of an AWS call made by the gateway, by a default aioboto3 client, and as a bare signed request.

All of them call the same endpoint, which runs in a process of its own and answers at once. They take turns in the same
event loop, with fifty calls in flight. The gateway's AWS client is also measured alone, without what the gateway adds
to botocore: sharing, pacing and counting. The bare request is the smallest possible client: it signs with botocore's
SigV4, sends with aiohttp and parses with orjson. Prints the medians of the rounds, in microseconds of CPU time of this
process.

Then prints the start-up cost, measured in separate processes: importing the gateway and creating its first AWS client.
Both happen before the gateway accepts requests.
"""

import asyncio
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aioboto3
import aiohttp
import orjson
import uvloop
from botocore import xform_name
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from dag import ENDPOINT, arn, lines
from stub import stub

from gateway.aws.calls import Calls, Tally
from gateway.aws.places import HOME
from gateway.aws.pool import Pool
from gateway.aws.slots import Slots
from gateway.rates import Rates
from gateway.settings import Settings

ROUNDS = 5
CALLS = 1_000
IN_FLIGHT = 50
STARTS = 3
ASKED = {
    "DescribeArtifact": {"ArtifactArn": arn(1, 0)},
    "QueryLineage": {"StartArns": [ENDPOINT], "Direction": "Ascendants", "IncludeEdges": True, "MaxResults": 50},
}
Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

# Prints after each step how many seconds it took, and the process's peak memory so far in MB.
START = r"""
import asyncio, re, time

def step(began):
    with open("/proc/self/status") as status:
        most = re.search(r"VmHWM:\s+(\d+)", status.read())[1]
    print(time.perf_counter() - began, int(most) / 1000)

step(time.perf_counter())
began = time.perf_counter()
import gateway.app
step(began)
from gateway.aws.pool import Pool
from gateway.settings import Settings

async def client():
    async with Pool(Settings(local_url="http://127.0.0.1:1")):
        step(began)

began = time.perf_counter()
asyncio.run(client())
"""


def bare(session: aiohttp.ClientSession, url: str) -> Ask:
    signer = SigV4Auth(Credentials("stub", "stub"), "sagemaker", "us-east-1")

    async def ask(operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        body = orjson.dumps(asked)
        headers = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        request = AWSRequest("POST", f"{url}/", headers, body)
        signer.add_auth(request)
        async with session.post(request.url, data=body, headers=dict(request.headers.items())) as response:
            answer: dict[str, Any] = orjson.loads(await response.read())
        return answer

    return ask


async def cpu_per_call(ask: Ask, operation: str) -> float:
    """Make the calls of a round and return the CPU time per call, in microseconds."""

    async def some() -> None:
        for _ in range(CALLS // IN_FLIGHT):
            await ask(operation, ASKED[operation])

    gc.collect()
    began = time.process_time()
    await asyncio.gather(*(some() for _ in range(IN_FLIGHT)))
    return (time.process_time() - began) / CALLS * 1e6


async def compare(ways: dict[str, Ask]) -> None:
    print(f"{'CPU per call, µs':20}" + "".join(f"{way:>9}" for way in ways) + "  gateway / default  client / default")
    for operation in ASKED:
        took: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(1 + ROUNDS):
            for way, ask in ways.items():
                took[way].append(await cpu_per_call(ask, operation))
        # The first round is dropped: it opens the connections.
        middle = {way: statistics.median(some[1:]) for way, some in took.items()}
        figures = "".join(f"{figure:9.0f}" for figure in middle.values())
        ratios = [middle[way] / middle["default"] for way in ("gateway", "client")]
        print("{:20}{}{:19.2f}{:18.2f}".format(operation, figures, *ratios), flush=True)


def by_client(client: Any) -> Ask:
    async def ask(operation: str, asked: dict[str, Any]) -> Any:
        return await getattr(client, xform_name(operation))(**asked)

    return ask


async def measure(url: str) -> None:
    settings = Settings(local_url=url)
    keys = {"region_name": "us-east-1", "aws_access_key_id": "stub", "aws_secret_access_key": "stub"}
    async with (
        aioboto3.Session(**keys).client("sagemaker", endpoint_url=url) as client,
        Pool(settings) as pool,
        Calls(settings, Rates()) as calls,
        aiohttp.ClientSession() as session,
    ):
        tally = Tally(Slots(IN_FLIGHT))

        async def gateway(operation: str, asked: dict[str, Any]) -> Any:
            return await calls.read(operation, HOME, asked, tally, join=False)

        gc.freeze()  # as the gateway does after start-up
        own = await pool.client(HOME)
        ways = {"default": by_client(client), "gateway": gateway, "client": by_client(own), "bare": bare(session, url)}
        await compare(ways)


def start() -> list[float]:
    """Start a process; return the seconds and MB that the import took, then those of the first client."""
    shown = subprocess.run([sys.executable, "-c", START], check=True, capture_output=True, text=True).stdout  # noqa: S603
    (_, before), (imported, then), (made, after) = (map(float, line.split()) for line in shown.splitlines())
    return [imported, then - before, made, after - then]


def main() -> None:
    """Print the table and the start-up cost."""
    with stub(lines(200)) as endpoint:
        uvloop.run(measure(endpoint.url))
    figures = [statistics.median(some) for some in zip(*(start() for _ in range(STARTS)), strict=True)]
    print("\nOnce, at start-up: import {:.2f} s and {:.0f} MB, first client {:.2f} s and {:.0f} MB".format(*figures))


if __name__ == "__main__":
    main()
