"""The latency of requests to the local service, with a small store and with a large one.

Both stores have the same structure: runs, each with a dataset, a training job, a model and a deployment, and images
that a hundred jobs each share. Prints a table of medians, over HTTP, of requests about runs from all over the store.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import orjson

from gateway.local.server import LocalServer

SIZES = (1_000, 100_000)
QUESTIONS = 200
Question = tuple[str, dict[str, Any]]
Ask = Callable[[str, dict[str, Any]], Any]

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"


def artifact(number: int) -> str:
    return f"{ACCOUNT}:artifact/{number:032x}"


def job(number: int) -> str:
    return f"{ACCOUNT}:experiment-trial-component/job-{number}"


def image(number: int) -> str:
    return f"{ACCOUNT}:artifact/{number // 100 + 10**9:032x}"


def lines(entities: int) -> Iterator[bytes]:
    for number in range(entities // 4):
        data, model = number * 2, number * 2 + 1
        if number % 100 == 0:
            yield entity("Artifact", ArtifactArn=image(number), ArtifactType="Image")
        yield entity("Artifact", ArtifactArn=artifact(data), ArtifactType="DataSet", ArtifactName=f"data-{number}")
        yield entity("Artifact", ArtifactArn=artifact(model), ArtifactType="Model", ArtifactName=f"model-{number}")
        yield entity("TrialComponent", TrialComponentName=f"job-{number}")
        yield entity("Action", ActionName=f"deploy-{number}", ActionType="ModelDeployment")
        yield edge(artifact(data), job(number), "ContributedTo")
        yield edge(image(number), job(number), "ContributedTo")
        yield edge(job(number), artifact(model), "Produced")
        yield edge(artifact(model), f"{ACCOUNT}:action/deploy-{number}", "ContributedTo")


def entity(kind: str, **record: Any) -> bytes:
    return orjson.dumps({"entity": kind, "record": record})


def edge(source: str, destination: str, kind: str) -> bytes:
    return orjson.dumps({"association": {"SourceArn": source, "DestinationArn": destination, "AssociationType": kind}})


def describe(_: Ask, number: int) -> Question:
    return "DescribeArtifact", {"ArtifactArn": artifact(number * 2)}


def hop(_: Ask, number: int) -> Question:
    return "ListAssociations", {"SourceArn": job(number), "MaxResults": 100}


def wide_hop(_: Ask, number: int) -> Question:
    return "ListAssociations", {"SourceArn": image(number), "MaxResults": 100}


def by_type(_: Ask, __: int) -> Question:
    return "ListAssociations", {"SourceType": "Image", "MaxResults": 100}


def search(_: Ask, number: int) -> Question:
    filters = [{"Name": "TrialComponentArn", "Operator": "Equals", "Value": job(number)}]
    return "Search", {"Resource": "ExperimentTrialComponent", "SearchExpression": {"Filters": filters}}


def first_page(_: Ask, number: int) -> Question:
    return "QueryLineage", {"StartArns": [artifact(number * 2)]}


def next_page(ask: Ask, number: int) -> Question:
    operation, request = first_page(ask, number)
    return operation, request | {"NextToken": ask(operation, request)["NextToken"]}


ASKED = {
    "DescribeArtifact": describe,
    "one hop (ListAssociations), 1 association": hop,
    "one hop, 100 associations": wide_hop,
    "ListAssociations by source type, 100": by_type,
    "Search by ARN": search,
    "QueryLineage, first page of 50": first_page,
    "QueryLineage, next page of 50": next_page,
}


def median(ask: Ask, question: Callable[[Ask, int], Question], runs: int) -> float:
    """Return the median latency, in milliseconds, of one request about each of many runs."""
    times = []
    for number in range(0, runs, max(1, runs // QUESTIONS)):
        asked = question(ask, number)
        began = time.perf_counter()
        ask(*asked)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def measured(entities: int) -> dict[str, float]:
    with LocalServer() as local, httpx.Client(base_url=local.url) as http:

        def ask(operation: str, request: dict[str, Any]) -> Any:
            headers = {"X-Amz-Target": f"SageMaker.{operation}"}
            return orjson.loads(http.post("/", content=orjson.dumps(request), headers=headers).content)

        began = time.perf_counter()
        count = sum(local.load(lines(entities)).values())
        print(f"{entities:,} entities: {count:,} lines imported in {time.perf_counter() - began:.1f} s")
        return {name: median(ask, question, entities // 4) for name, question in ASKED.items()}


def main() -> None:
    small, large = (measured(entities) for entities in SIZES)
    print(f"\n{'median, ms':44} {SIZES[0]:>10,} {SIZES[1]:>10,} {'ratio':>7}")
    for name, figure in small.items():
        print(f"{name:44} {figure:10.2f} {large[name]:10.2f} {large[name] / figure:7.2f}")


if __name__ == "__main__":
    main()
