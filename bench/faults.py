"""The cost of a walk of 500 vertices with a Describe each, when AWS throttles, fails or is slow.

The local service and the gateway run in separate processes. The floor is the least time that the necessary calls could
take, retries of failed calls included: it is set by the service's throttling rate or by its latency, whichever is
longer. Prints each row's time beside its floor, so that rows can be compared between machines.
"""

import multiprocessing
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from gateway import serving
from gateway.app import create_app
from gateway.local.server import LocalServer
from gateway.settings import Settings

VERTICES = 500
CONCURRENT = 200
PAGES = VERTICES // 50
ARN = "arn:aws:sagemaker:us-east-1:123456789012:artifact/{:032x}"
WALK = """query ($arn: Arn!, $most: Int!) {
    lineage(start: [$arn], maxVertices: $most) {
        vertices { entity { arn createdBy { domainId } lastModifiedTime } } coverage { complete reasons } } }"""


@dataclass(frozen=True)
class Trouble:
    """The latency, throttling and faults of the local service."""

    latency_ms: float = 40
    throttle_tps: float | None = None
    fault_rate: float = 0.0

    def floor(self) -> float:
        """Return the least time that the calls can take, in seconds."""
        calls = (VERTICES + PAGES) / (1 - self.fault_rate)
        rounds = (PAGES + 1 + VERTICES / CONCURRENT) * self.latency_ms / 1000
        return max(rounds, calls / self.throttle_tps if self.throttle_tps else 0)


TROUBLES = {
    "40 ms": Trouble(),
    "40 ms, 10 % faults": Trouble(fault_rate=0.1),
    "40 ms, 100 a second": Trouble(throttle_tps=100),
    "40 ms, 100 a second, 10 % faults": Trouble(throttle_tps=100, fault_rate=0.1),
    "40 ms, 50 a second": Trouble(throttle_tps=50),
    "40 ms, 50 a second, 10 % faults": Trouble(throttle_tps=50, fault_rate=0.1),
}


def lines() -> list[bytes]:
    names = [{"ArtifactArn": ARN.format(number), "ArtifactType": "DataSet"} for number in range(VERTICES)]
    records = [{"entity": "Artifact", "record": record} for record in names]
    edges = [
        {"association": {"SourceArn": ARN.format((number - 1) // 3), "DestinationArn": ARN.format(number)}}
        for number in range(1, VERTICES)
    ]
    return [orjson.dumps(line) for line in [*records, *edges]]


def serve_gateway(port: Any, local_url: str) -> None:
    listener = serving.listen("127.0.0.1", 0)
    settings = Settings(local_url=local_url, cache_url="off", deadline_seconds=300)
    serving.run(serving.Server(create_app(settings), 1, lambda: port.put(serving.url_of(listener))), listener)


def probed(url: str, done: threading.Event, took: list[float]) -> None:
    """Probe the gateway's liveness ten times a second, and append how long each probe took."""
    with httpx.Client() as client:
        while not done.wait(0.1):
            began = time.monotonic()
            client.get(f"{url}/healthz").raise_for_status()
            took.append(time.monotonic() - began)


def walk(url: str) -> tuple[float, dict[str, Any], float]:
    """Return the walk's duration in seconds, its response, and the duration of the slowest probe during it."""
    done, probes = threading.Event(), [0.0]
    probing = threading.Thread(target=probed, args=(url, done, probes))
    probing.start()
    began = time.monotonic()
    asked = {"query": WALK, "variables": {"arn": ARN.format(0), "most": VERTICES}}
    answer = httpx.post(f"{url}/graphql", json=asked, timeout=None).json()  # noqa: S113 - it may take minutes
    seconds = time.monotonic() - began
    done.set()
    probing.join()
    return seconds, answer, max(probes)


def main() -> None:
    print(f"{'AWS':34} {'answer':>16} {'calls':>6} {'needed':>6} {'s':>6} {'floor':>6} {'ratio':>6} {'probe ms':>9}")
    spawning = multiprocessing.get_context("spawn")
    with LocalServer(quotas=False) as service:
        service.load(lines())
        for name, trouble in TROUBLES.items():
            port = spawning.Queue()
            process = spawning.Process(target=serve_gateway, args=(port, service.url))
            process.start()
            url = port.get(timeout=30)
            behaviour = service.behaviour
            behaviour.latency_ms, behaviour.fault_rate = trouble.latency_ms, trouble.fault_rate
            behaviour.throttle_tps = trouble.throttle_tps
            service.calls.clear()
            seconds, answer, probe = walk(url)
            behaviour.reset()
            process.terminate()
            process.join()
            graph = answer["data"]["lineage"]
            told = sum(vertex["entity"]["lastModifiedTime"] is not None for vertex in graph["vertices"])
            said = f"{told} {'complete' if graph['coverage']['complete'] else 'partial'}"
            needed = (VERTICES + PAGES) / (1 - trouble.fault_rate)
            print(
                f"{name:34} {said:>16} {service.calls.total():6} {needed:6.0f} {seconds:6.1f} {trouble.floor():6.1f} "
                f"{seconds / trouble.floor():6.2f} {probe * 1000:9.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
