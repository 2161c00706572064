"""Starting and stopping the service, in a thread and in the foreground."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aioboto3
import botocore.session
import httpx
import pytest
from graphs import artifact, artifact_arn, context
from local_conftest import KEYS, REGION, client, load

from gateway.local.server import LocalServer, create_local_app

SERVING = """
import sys
from gateway.local.server import serve
serve(host="127.0.0.1", port=0, grace_seconds=5, announce=lambda url: print(url, flush=True), latency_ms=400)
print("ended", flush=True)
"""


@contextmanager
def serving() -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-W", "always", "-c", SERVING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_server_takes_a_free_port() -> None:
    with LocalServer() as one, LocalServer() as other:
        assert one.url != other.url
        load(one, context("c"))
        assert client(one.url).list_contexts()["ContextSummaries"]
        assert client(other.url).list_contexts()["ContextSummaries"] == []


def test_taken_port_is_an_error() -> None:
    with LocalServer() as local:
        port = int(local.url.rpartition(":")[2])
        with pytest.raises(OSError, match=f"port {port}"):
            LocalServer(port=port).start()


def test_port_is_free_after_stopping() -> None:
    with LocalServer() as local:
        port = int(local.url.rpartition(":")[2])
    with LocalServer(port=port) as again:
        assert httpx.get(f"{again.url}/_local/health").status_code == 200


def test_stopping_leaves_nothing_running() -> None:
    with LocalServer(latency_ms=1) as local:
        sagemaker = client(local.url)
        sagemaker.list_artifacts()
        assert any(thread.name == "lineage-local" for thread in threading.enumerate())
        alive = {thread.ident for thread in threading.enumerate()}
    assert len(alive - {thread.ident for thread in threading.enumerate()}) == 1


def test_stopping_finishes_requests_under_way() -> None:
    answers: list[Any] = []
    with LocalServer(latency_ms=300) as local:
        asking = threading.Thread(target=lambda: answers.append(client(local.url).list_artifacts()))
        asking.start()
        while not local.calls:
            time.sleep(0.01)
    asking.join()
    assert answers[0]["ArtifactSummaries"] == []


def test_clear_forgets_all_there_was(service: LocalServer) -> None:
    load(service, artifact(1))
    sagemaker = client(service.url)
    sagemaker.add_tags(ResourceArn=artifact_arn(1), Tags=[{"Key": "k", "Value": "v"}])
    service.clear()
    assert not service.calls
    assert not service.requests
    assert len(httpx.get(f"{service.url}/_local/export").content.splitlines()) == 1


def test_recording_of_requests_is_optional() -> None:
    with LocalServer(record=False) as local:
        client(local.url).list_artifacts()
        assert (local.calls, list(local.requests)) == ({"ListArtifacts": 1}, [])


def test_account_and_region_are_options() -> None:
    with LocalServer(account="999999999999", region="cn-north-1") as local:
        made = client(local.url).create_context(ContextName="c", ContextType="t", Source={"SourceUri": "s3://x"})
    assert made["ContextArn"] == "arn:aws-cn:sagemaker:cn-north-1:999999999999:context/c"


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1"])
def test_region_says_which_partition(region: str) -> None:
    partition = botocore.session.get_session().get_partition_for_region(region)
    with LocalServer(region=region) as local:
        [group] = client(local.url).list_lineage_groups()["LineageGroupSummaries"]
    assert group["LineageGroupArn"].startswith(f"arn:{partition}:sagemaker:{region}:")


def test_invalid_files_release_the_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            LocalServer(port=port, load=[tmp_path / "missing"]).start()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_foreground_ends_without_a_trace(number: int) -> None:
    with serving() as (process, url):
        assert httpx.get(f"{url}/_local/health").status_code == 200
        process.send_signal(number)
        said, errors = process.communicate(timeout=60)
    assert (process.returncode, said, errors) == (0, "ended\n", "")


def test_foreground_finishes_open_requests() -> None:
    answers: list[Any] = []
    with serving() as (process, url):
        sagemaker = client(url)
        asking = threading.Thread(target=lambda: answers.append(sagemaker.list_artifacts()))
        asking.start()
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        asking.join()
        assert process.wait(60) == 0
    assert answers[0]["ArtifactSummaries"] == []


async def test_application_runs_by_itself() -> None:
    app = create_local_app()
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://l") as http:
        answer = await http.post("/", content=b"{}", headers={"X-Amz-Target": "SageMaker.ListArtifacts"})
    assert answer.json() == {"ArtifactSummaries": []}
    assert app.state.local.calls == {"ListArtifacts": 1}


async def test_application_without_connections_drops_none() -> None:
    app = create_local_app(fault_rate=1.0)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://l") as http:
        headers = {"X-Amz-Target": "SageMaker.ListArtifacts"}
        answers = [await http.post("/", content=b"{}", headers=headers) for _ in range(40)]
    assert {answer.status_code for answer in answers} <= {500, 503}
    assert {answer.json()["__type"] for answer in answers} <= {"InternalFailure", "ServiceUnavailable"}


async def test_aioboto3_walks_a_round(service: LocalServer) -> None:
    session = aioboto3.Session(region_name=REGION, **KEYS)
    async with session.client("sagemaker", endpoint_url=service.url) as sagemaker:
        ends = [
            (await sagemaker.create_artifact(ArtifactType="t", Source={"SourceUri": f"s3://{name}"}))["ArtifactArn"]
            for name in "ab"
        ]
        await sagemaker.add_association(SourceArn=ends[0], DestinationArn=ends[1])
        page = await sagemaker.query_lineage(StartArns=ends[:1])
        assert [vertex["Arn"] for vertex in page["Vertices"]] == ends
        with pytest.raises(sagemaker.exceptions.ResourceNotFound):
            await sagemaker.describe_artifact(ArtifactArn=artifact_arn(7))
        await sagemaker.delete_association(SourceArn=ends[0], DestinationArn=ends[1])
        for end in ends:
            await sagemaker.delete_artifact(ArtifactArn=end)
        assert (await sagemaker.list_artifacts())["ArtifactSummaries"] == []


def test_demo_fills_the_account() -> None:
    with LocalServer(demo=True, deny=["Create*:*", "*churn-prepare*"]) as local:
        sagemaker = client(local.url)
        assert sagemaker.list_contexts()["ContextSummaries"]
        components = sagemaker.list_trial_components(MaxResults=100)["TrialComponentSummaries"]
        jobs = {one["TrialComponentSource"]["SourceArn"] for one in components if "TrialComponentSource" in one}
        executed = [job for job in jobs if "churn-train-" in job]
        assert len(executed) == 3
        # The SageMaker SDK reads it there.
        assert all("pipeline-execution" in sagemaker.list_tags(ResourceArn=job)["Tags"][0]["Key"] for job in executed)


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example.com"}, {"Origin": "null"}, {"Host": "rebound.example.com"}]
)
def test_web_pages_are_not_answered(service: LocalServer, headers: dict[str, str]) -> None:
    line = {"entity": "Context", "record": {"ContextName": "forged"}}
    assert httpx.post(f"{service.url}/_local/import", json=line, headers=headers).status_code == 403
    assert httpx.get(f"{service.url}/_local/export", headers=headers).status_code == 403
    assert b"forged" not in httpx.get(f"{service.url}/_local/export", headers={"Host": "localhost:1"}).content


def test_other_machines_use_their_own_names() -> None:
    with LocalServer("0.0.0.0") as local:  # noqa: S104 - so that any name is one of this machine's
        health = httpx.get(f"{local.url}/_local/health", headers={"Host": "lineage.example.com"})
    assert health.json() == {"status": "ok"}


def test_clients_need_no_host_header(service: LocalServer) -> None:
    with closing(HTTPConnection(service.url.removeprefix("http://"))) as connection:
        connection.putrequest("GET", "/_local/health", skip_host=True)
        connection.endheaders()
        assert connection.getresponse().status == 200
