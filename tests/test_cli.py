"""The command line, run as a process of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import httpx
import orjson
import pytest
from graphs import arn, artifact, artifact_arn, association, context
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from gateway import schema
from gateway.local.server import LocalServer
from gateway.settings import Settings

COMMAND = [sys.executable, "-W", "always::ResourceWarning", "-m", "gateway"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty home directory and without AWS settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GATEWAY_"))}
    return kept | {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}


def run(environment: dict[str, str], *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        [*COMMAND, *arguments], env=environment | variables, capture_output=True, text=True, timeout=120, check=False
    )


class Running:
    """A serving process and its output so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""

    def wait_for(self, pattern: str) -> str:
        assert self.process.stdout
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            found = re.search(pattern, self.said)
            if found:
                return found[1]
            line = self.process.stdout.readline()
            if not line:
                break
            self.said += line
        raise AssertionError(self.said)

    def stop(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=60)
        return self.process.returncode, errors


@contextmanager
def serving(environment: dict[str, str], *arguments: str) -> Iterator[Running]:
    with subprocess.Popen(  # noqa: S603
        [*COMMAND, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell makes its background jobs ignore Ctrl-C, and the tests may be one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - before any thread
    ) as process:
        # so that the test ends even if something goes wrong
        deadline = Timer(60, process.kill)
        deadline.start()
        try:
            yield Running(process)
        finally:
            deadline.cancel()
            process.kill()
            process.communicate()


def test_version_is_the_installed_one(environment: dict[str, str]) -> None:
    done = run(environment, "--version")
    assert (done.returncode, done.stdout) == (0, f"lineage-gateway {metadata.version('lineage-gateway')}\n")


def test_schema_command_prints_the_schema(environment: dict[str, str]) -> None:
    done = run(environment, "schema")
    assert (done.returncode, done.stdout, done.stderr) == (0, schema.build(Settings()).sdl, "")


def test_schema_command_prints_mutations_if_on(environment: dict[str, str]) -> None:
    done = run(environment, "schema", GATEWAY_MUTATIONS="true")
    assert (done.returncode, done.stdout, done.stderr) == (0, schema.build(Settings(mutations=True)).sdl, "")


def test_schema_command_takes_other_names(environment: dict[str, str]) -> None:
    done = run(environment, "schema", GATEWAY_TYPE_PREFIX="SageMaker", GATEWAY_NODE_FIELD="false")
    assert (done.returncode, done.stdout) == (0, schema.build(Settings(type_prefix="SageMaker", node_field=False)).sdl)
    refused = run(environment, "schema", GATEWAY_TYPE_PREFIX="1st")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "GATEWAY_TYPE_PREFIX" in refused.stderr


def test_query_command_takes_mutations_if_on(environment: dict[str, str]) -> None:
    mutation = 'mutation { createTrialComponent(input: {name: "new"}) { trialComponent { name } } }'
    done = run(environment, "query", "--demo", mutation, GATEWAY_MUTATIONS="true")
    assert orjson.loads(done.stdout) == {"data": {"createTrialComponent": {"trialComponent": {"name": "new"}}}}
    assert run(environment, "query", "--demo", mutation).returncode == 1


def test_mutation_command_ignores_cached_associations(
    environment: dict[str, str], service: LocalServer, load: Callable[..., None], redis_url: str
) -> None:
    hub = arn("context", "hub-of-the-command")
    settings = {"GATEWAY_LOCAL_URL": service.url, "GATEWAY_CACHE_URL": redis_url, "GATEWAY_MUTATIONS": "true"}
    load(context("hub-of-the-command"), artifact(1), artifact(2), association(artifact_arn(1), hub))
    neighbours = f'{{ entity(arn: "{hub}") {{ upstream {{ nodes {{ arn }} }} }} }}'
    assert run(environment, "query", neighbours, **settings).returncode == 0
    load(association(artifact_arn(2), hub))  # made by another client
    delete = f'mutation {{ deleteContext(input: {{arn: "{hub}", disassociate: true}}) {{ deleted }} }}'
    done = run(environment, "query", delete, **settings)
    assert orjson.loads(done.stdout) == {"data": {"deleteContext": {"deleted": True}}}


def test_query_command_answers_in_process(environment: dict[str, str]) -> None:
    query = "query($name: String) { context(name: $name) { name type } }"
    done = run(environment, "query", "--demo", query, "--variables", '{"name": "churn-production"}')
    assert orjson.loads(done.stdout) == {"data": {"context": {"name": "churn-production", "type": "Endpoint"}}}
    assert (done.returncode, done.stderr) == (0, "")


def test_query_with_errors_exits_one(environment: dict[str, str]) -> None:
    done = run(environment, "query", "--demo", '{ artifact(arn: "x") { name } }')
    assert orjson.loads(done.stdout)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "variables", "reason"),
    [
        (["query", "{ a }", "--variables", "{"], {}, "JSON"),
        (["query", "{ a }", "--variables", "[]"], {}, "JSON object"),
        (["query", "{ artifacts { nodes { arn } } }"], {}, "region"),
        (["query", "{ artifacts { nodes { arn } } }"], {"AWS_PROFILE": "nobody"}, "nobody"),
        (["serve"], {"AWS_REGION": "", "GATEWAY_PORT": "0"}, "region"),
        (["serve"], {"AWS_REGION": "us east", "GATEWAY_PORT": "0"}, "'us east'"),
        (["serve"], {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_SAGEMAKER": "here", "GATEWAY_PORT": "0"}, "here"),
        (
            ["serve"],
            {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://localhost:65536", "GATEWAY_PORT": "0"},
            "65535",
        ),
        (["serve"], {"GATEWAY_LOCAL_URL": "here", "GATEWAY_PORT": "0"}, "GATEWAY_LOCAL_URL"),
        (["demo"], {"GATEWAY_ACCOUNTS": '{"210987654321": {"endpoint_url": "here"}}'}, ".210987654321.ENDPOINT_URL"),
        (["serve"], {"GATEWAY_PORT": "many"}, "GATEWAY_PORT"),
        (["serve"], {"GATEWAY_PORT": "tcp://10.0.0.1:80"}, "enableServiceLinks: false"),
        (["demo"], {"GATEWAY_RATE_COST_PER_SECOND": "inf"}, "GATEWAY_RATE_COST_PER_SECOND"),
        (["demo"], {"GATEWAY_ACCOUNTS": "none"}, "GATEWAY_ACCOUNTS: not JSON"),
        (["serve"], {"GATEWAY_LOCAL_URL": "http://localhost:65536"}, "GATEWAY_LOCAL_URL: Port is no number"),
        (["demo"], {"GATEWAY_CACHE_URL": "redis://localhost:many"}, "GATEWAY_CACHE_URL: Port is no number"),
        (["demo"], {"GATEWAY_JWT_JWKS": "https://[::1/keys"}, "GATEWAY_JWT_JWKS: Invalid IPv6 URL"),
        (["demo"], {"GATEWAY_CORS_ORIGINS": "https://[::1"}, "GATEWAY_CORS_ORIGINS: https://[::1 is no origin"),
        (["demo"], {"GATEWAY_CACHE_URL": "redis://localhost?colour=red"}, "'colour'"),
        (["demo"], {"GATEWAY_CACHE_URL": "redis://localhost?protocol=9"}, "protocol"),
        (["demo"], {"GATEWAY_FORWARDED_ALLOW_IPS": "127.0.0.1, 10.1.2.3/8"}, "10.1.2.3/8 has host bits set"),
        (["demo"], {"GATEWAY_LOG_LEVEL": "loud"}, "GATEWAY_LOG_LEVEL"),
        (["serve", "--host", "0.0.0.0"], {}, "GATEWAY_AUTH=none"),  # noqa: S104
        (["demo"], {"GATEWAY_HOST": "::"}, "GATEWAY_AUTH=none"),
        (["demo"], {"GATEWAY_PROFILE": "production"}, "GATEWAY_PROFILE=production"),
        (["demo"], {"GATEWAY_AUTH": "api-key"}, "GATEWAY_API_KEYS"),
        (["demo"], {"GATEWAY_AUTH": "api-key", "GATEWAY_API_KEYS": "missing.toml"}, "missing.toml"),
        (["demo"], {"GATEWAY_CORS_ORIGINS": "["}, "GATEWAY_CORS_ORIGINS"),
        (["key", ""], {}, "name"),
        (["local", "--port", "0", "--load", "missing.jsonl"], {}, "missing.jsonl"),
        (["local", "--port", "0", "--load", __file__], {}, f"{__file__}: line 1: not JSON"),
        (["local", "--port", "0", "--store", __file__], {}, "not a database"),
        (["local", "--port", "65536"], {}, "65536"),
        (["local", "--account", "1234567890123"], {}, "twelve digits"),
        (["local", "--region", "here"], {}, "us-east-1"),
        (["local", "--port", "0", "--region", "eusc-de-east-1", "--load", "missing.jsonl"], {}, "missing.jsonl"),
        (["local", "--latency-ms", "nan"], {}, "nan"),
        (["local", "--fault-rate", "2"], {}, "from 0 to 1"),
    ],
)
def test_failing_command_says_why(
    environment: dict[str, str], arguments: list[str], variables: dict[str, str], reason: str
) -> None:
    done = run(environment, *arguments, **variables)
    assert done.returncode == 2, done.stderr
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_settings_are_warned_of(environment: dict[str, str]) -> None:
    unknown = {"GATEWAY_MUTATION": "true", "GATEWAY_COLOUR": "red"}
    others = {"GATEWAY_V2_SERVICE_PORT_HTTP": "80", "GATEWAY_PORT_80_TCP_ADDR": "10.0.0.1", "GATEWAY_WEB": "skip"}
    with serving(environment | unknown | others, "demo", "--port", "0") as demo:
        demo.wait_for(r"(Ctrl-C)")
        _, errors = demo.stop(signal.SIGINT)
    assert [orjson.loads(line)["message"] for line in errors.splitlines()] == [
        "GATEWAY_COLOUR is no setting",
        "GATEWAY_MUTATION is no setting; did you mean GATEWAY_MUTATIONS?",
    ]


@pytest.mark.parametrize("command", ["demo", "local"])
def test_taken_port_is_reported(environment: dict[str, str], command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(environment, command, "--port", str(port))
    assert done.returncode == 2
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("number", "prefix", "contexts"),
    [(signal.SIGINT, {}, "contexts"), (signal.SIGTERM, {"GATEWAY_TYPE_PREFIX": "SageMaker"}, "sageMakerContexts")],
)
def test_demo_prints_url_and_stops(
    environment: dict[str, str], number: int, prefix: dict[str, str], contexts: str
) -> None:
    with serving(environment | prefix, "demo", "--port", "0") as demo:
        url = demo.wait_for(r"(http://\S+/graphql)")
        aws = demo.wait_for(r"AWS_ENDPOINT_URL_SAGEMAKER=(http://[^)\s]+)")
        demo.wait_for(r"(Ctrl-C)")
        assert demo.said.startswith(f"Explorer      {url.removesuffix('graphql')}\n")
        query = demo.said.partition("Try")[2].partition("Ctrl-C")[0]
        answer = httpx.post(url, json={"query": query}).json()
        assert answer["data"][contexts]["nodes"][0]["upstream"]["nodes"]
        assert httpx.get(f"{aws}/_local/health").json() == {"status": "ok"}
        code, errors = demo.stop(number)
    assert code == 0
    assert "Traceback" not in errors
    assert "Warning" not in errors
    assert "Unclosed" not in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_local_prints_url_and_stops(environment: dict[str, str], number: int) -> None:
    with serving(environment, "local", "--port", "0") as local:
        url = local.wait_for(r"(http://[\d.:]+)")
        assert httpx.get(f"{url}/_local/health").json() == {"status": "ok"}
        code, errors = local.stop(number)
    assert (code, errors) == (0, "")


def test_local_options_reach_the_service(environment: dict[str, str]) -> None:
    options = ["--demo", "--region", "eu-west-1", "--latency-ms", "200", "--deny", "ListContexts:*"]
    with serving(environment, "local", "--port", "0", *options) as local:
        url, began = local.wait_for(r"(http://[\d.:]+)"), time.monotonic()
        denied, found = [
            httpx.post(url, json={}, headers={"x-amz-target": f"SageMaker.List{kinds}"}, timeout=60).json()
            for kinds in ("Contexts", "Artifacts")
        ]
    assert denied["__type"] == "AccessDeniedException"
    assert found["ArtifactSummaries"][0]["ArtifactArn"].startswith("arn:aws:sagemaker:eu-west-1:")
    assert time.monotonic() - began >= 0.4
    with serving(environment, "local", "--port", "0", "--throttle-tps", "0") as local:
        url = local.wait_for(r"(http://[\d.:]+)")
        throttled = httpx.post(url, json={}, headers={"x-amz-target": "SageMaker.ListContexts"}, timeout=60)
    assert throttled.json()["__type"] == "ThrottlingException"


def test_second_interruption_ends_quietly(environment: dict[str, str]) -> None:
    with serving(environment, "local", "--port", "0", "--latency-ms", "20000") as local:
        local.wait_for(r"(http://[\d.:]+)")
        local.process.send_signal(signal.SIGINT)
        time.sleep(0.02)
        code, errors = local.stop(signal.SIGINT)
    assert (code, errors) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_import_ends_quietly(environment: dict[str, str], tmp_path: Path, number: int) -> None:
    (tmp_path / "orjson.py").write_text(f"import os\nos.kill(os.getpid(), {number})\n")
    done = run(environment, "--version", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")


def test_closed_pipe_ends_quietly(environment: dict[str, str]) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*COMMAND, "schema"], env=environment, **pipes) as schema:  # type: ignore[call-overload] # noqa: S603
        schema.stdout.close()
        assert schema.stderr.read() == b""
    assert schema.returncode == 141


@pytest.mark.parametrize(
    ("closed", "code", "written"),
    [
        ("<&-", 1, "Unexpected <EOF>"),
        (">&-", 0, ""),
        ("2>&-", 0, "__typename"),
    ],
)
def test_closed_streams_receive_nothing(environment: dict[str, str], closed: str, code: int, written: str) -> None:
    document = "-" if closed == "<&-" else "'{ __typename }'"
    done = subprocess.run(  # noqa: S602
        f"{sys.executable} -m gateway query --demo {document} {closed}",
        shell=True,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert written in done.stdout


def test_query_is_interrupted_quietly(environment: dict[str, str]) -> None:
    with LocalServer(latency_ms=20_000) as local:
        variables = environment | {"GATEWAY_LOCAL_URL": local.url}
        with serving(variables, "query", "{ artifacts { nodes { arn } } }") as query:
            while not local.calls:
                time.sleep(0.01)
            code, errors = query.stop(signal.SIGINT)
        local.behaviour.reset()
    assert (code, errors) == (130, "")


def test_request_in_flight_is_finished(environment: dict[str, str]) -> None:
    answers: list[Any] = []
    with LocalServer(latency_ms=1500) as local:
        variables = environment | {"GATEWAY_LOCAL_URL": local.url}
        with serving(variables, "serve", "--port", "0") as gateway:
            url = gateway.wait_for(r"(http://\S+/graphql)")
            query = {"query": "{ artifacts { nodes { arn } } }"}
            asking = Thread(target=lambda: answers.append(httpx.post(url, json=query, timeout=60).json()))
            asking.start()
            while not local.calls:
                time.sleep(0.01)
            code, errors = gateway.stop(signal.SIGTERM)
            asking.join()
    assert answers == [{"data": {"artifacts": {"nodes": []}}}]
    assert code == 0
    assert "Traceback" not in errors
    assert "Unclosed" not in errors


def test_cut_off_stream_is_no_error(environment: dict[str, str]) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:context/a"
    query = {"query": f'subscription {{ lineage(start: "{arn}", direction: UPSTREAM) {{ __typename }} }}'}
    with LocalServer(latency_ms=20_000) as local:
        variables = environment | {"GATEWAY_LOCAL_URL": local.url}
        with serving(variables, "serve", "--port", "0") as gateway:
            url = gateway.wait_for(r"(http://\S+/graphql)")
            with httpx.stream("POST", url, json=query, headers={"Accept": "text/event-stream"}) as response:
                assert response.status_code == 200
                code, errors = gateway.stop(signal.SIGTERM)
                with pytest.raises(httpx.RemoteProtocolError):
                    response.read()
    assert code == 0
    assert [orjson.loads(line)["level"] for line in errors.splitlines()] == ["info"]


def test_grace_period_ends_long_requests(environment: dict[str, str]) -> None:
    answers: list[int] = []
    with LocalServer(latency_ms=20_000) as local:
        variables = environment | {"GATEWAY_LOCAL_URL": local.url, "GATEWAY_GRACE_SECONDS": "1"}
        with serving(variables, "serve", "--port", "0") as gateway:
            url = gateway.wait_for(r"(http://\S+/graphql)")
            query = {"query": "{ artifacts { nodes { arn } } }"}
            asking = Thread(target=lambda: answers.append(httpx.post(url, json=query, timeout=60).status_code))
            asking.start()
            while not local.calls:
                time.sleep(0.01)
            code, errors = gateway.stop(signal.SIGINT)
            asking.join()
    assert (answers, code) == ([500], 0)
    assert "Traceback" not in errors
    assert "Unclosed" not in errors


def test_idle_connection_closes_after_timeout(environment: dict[str, str]) -> None:
    request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with serving(environment | {"GATEWAY_IDLE_SECONDS": "0"}, "demo", "--port", "0") as demo:
        url = httpx.URL(demo.wait_for(r"(http://\S+/graphql)"))
        with socket.create_connection((url.host, url.port), timeout=60) as connection:
            connection.sendall(request)
            answered = b"".join(iter(lambda: connection.recv(4096), b""))
        demo.stop(signal.SIGTERM)
    assert answered.startswith(b"HTTP/1.1 200 ")


def test_settings_reach_the_server(environment: dict[str, str]) -> None:
    environment |= {
        "GATEWAY_MAX_BODY_BYTES": "100",
        "GATEWAY_FORWARDED_ALLOW_IPS": "10.0.0.1",
        "GATEWAY_RATE_COST_PER_SECOND": "0.001",
        "GATEWAY_RATE_COST_BURST": "1",
    }
    with serving(environment, "demo", "--port", "0") as demo:
        url = demo.wait_for(r"(http://\S+/graphql)")
        answers = [
            httpx.post(url, json={"query": "{ __typename }"}, headers={"x-forwarded-for": address})
            for address in ("192.0.2.1", "192.0.2.2")
        ]
        assert [answer.status_code for answer in answers] == [200, 429]
        with connect(url.replace("http:", "ws:"), subprotocols=["graphql-transport-ws"]) as client:  # type: ignore[list-item]
            client.send("x" * 101)
            with pytest.raises(ConnectionClosedError, match="1009"):
                client.recv()


def test_demo_answers_its_own_names_only(environment: dict[str, str]) -> None:
    query = {"query": "{ __typename }"}
    with serving(environment, "demo", "--port", "0") as demo:
        url = demo.wait_for(r"(http://\S+/graphql)")
        for host, status in (
            ("localhost", 200),
            ("127.0.0.1:80", 200),
            ("[::1]:80", 200),
            ("rebound.example.com", 421),
        ):
            assert httpx.post(url, json=query, headers={"host": host}).status_code == status
            page = httpx.get(url.removesuffix("graphql"), headers={"host": host, "x-request-id": f"to-{status}"})
            assert (page.status_code, page.headers["x-request-id"]) == (status, f"to-{status}")
            assert page.headers["x-content-type-options"] == "nosniff"
        here = socket.create_connection(("127.0.0.1", httpx.URL(url).port))
        with pytest.raises(InvalidStatus, match="421"), connect("ws://rebound.example.com/graphql", sock=here):
            pass
        _, errors = demo.stop(signal.SIGTERM)
    assert '"request_id":"to-421"' in errors
    with serving(environment | {"GATEWAY_INSECURE": "true"}, "demo", "--port", "0", "--host", "0.0.0.0") as demo:  # noqa: S104
        url = demo.wait_for(r"(http://\S+/graphql)").replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        assert httpx.post(url, json=query, headers={"host": "gateway.example.com"}).status_code == 200


def test_created_key_opens_gateway(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    made = [run(environment, "key", "reports"), run(environment, "key", "ci", "--role", "read", "--role", "schema")]
    file.write_text("".join(done.stdout for done in made))
    keys = [done.stderr.split()[-1] for done in made]
    assert not [key for key in keys if key in file.read_text()]
    signed = environment | {"GATEWAY_AUTH": "api-key", "GATEWAY_API_KEYS": str(file)}
    with serving(signed, "demo", "--port", "0") as demo:
        url = demo.wait_for(r"(http://\S+/graphql)")
        for key, status in ((keys[0], 200), (keys[1], 200), ("lgk_other", 401)):
            response = httpx.post(url, json={"query": "{ __typename }"}, headers={"x-api-key": key})
            assert response.status_code == status
        _, errors = demo.stop(signal.SIGTERM)
    assert '"caller":"reports"' in errors
    assert not [key for key in keys if key in errors]


def test_store_file_survives_restart(environment: dict[str, str], tmp_path: Path) -> None:
    store, lines = tmp_path / "lineage.sqlite", tmp_path / "lines.jsonl"
    lines.write_text('{"entity": "Context", "record": {"ContextName": "kept"}}\n')
    begin = ["local", "--port", "0", "--store", str(store), "--load", str(lines), "--account", "210987654321"]
    with serving(environment, *begin) as local:
        local.wait_for(r"(http://[\d.:]+)")
        local.stop(signal.SIGTERM)
    done = run(environment, "query", "--store", str(store), '{ context(name: "kept") { arn } }')
    arn = "arn:aws:sagemaker:us-east-1:210987654321:context/kept"
    assert orjson.loads(done.stdout) == {"data": {"context": {"arn": arn}}}
