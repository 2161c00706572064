"""The gateway's SageMaker client and an unmodified one make the same requests and return the same responses."""

import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import aioboto3
import orjson
import pytest
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.credentials import AioCredentials
from aiobotocore.parsers import AioResponseParserFactory
from botocore import xform_name
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.model import Shape
from endpoint import CLOSE, Endpoint, Last, Request, answer, endpoint, make_certificate
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_policy import SAGEMAKER, called

from gateway.aws.answers import AnswerParser
from gateway.aws.attempts import UnreadableAnswerError
from gateway.aws.wire import Wire
from gateway.settings import Settings

OPERATIONS = sorted(called())
REGION = "us-east-1"
KEYS = AioCredentials("id", "secret", "token")


class Clients(NamedTuple):
    """The gateway's client and an unmodified one."""

    ours: Any
    theirs: Any


async def outcome(client: Any, operation: str, asked: dict[str, Any]) -> Any:
    """Return a call's response, or the name and text of its error."""
    try:
        found = await getattr(client, xform_name(operation))(**asked)
    except ClientError as error:
        return type(error).__name__, str(error), error.response
    except BotoCoreError as error:
        return type(error).__name__, str(error)
    except Exception as error:  # noqa: BLE001 - botocore raises any exception for an unreadable response
        return UnreadableAnswerError.__name__, str(UnreadableAnswerError(operation=operation, error=error))
    # botocore decides about a retry even after a success, and marks it if it was the last attempt.
    found["ResponseMetadata"].pop("MaxAttemptsReached", None)
    found["ResponseMetadata"].pop("InDoubt", None)  # only the gateway's
    return found


@asynccontextmanager
async def clients(url: str | None, attempts: int = 1, keys: AioCredentials | None = KEYS) -> Any:
    untouched = Config(retries={"mode": "standard", "total_max_attempts": attempts})
    session = aioboto3.Session(KEYS.access_key, KEYS.secret_key, KEYS.token, region_name=REGION)
    async with AsyncExitStack() as both:
        wire = Wire(Settings(max_attempts=attempts))
        ours = await both.enter_async_context(wire.client(keys, REGION, url))
        theirs = await both.enter_async_context(session.client("sagemaker", endpoint_url=url, config=untouched))
        yield Clients(ours, theirs)


@pytest.fixture(scope="module")
async def aws() -> AsyncIterator[Endpoint]:
    async with endpoint() as made:
        yield made


@pytest.fixture(scope="module")
async def pair(aws: Endpoint) -> AsyncIterator[Clients]:
    async with clients(aws.url) as made:
        yield made


def filled(shape: Shape, *above: str, all: bool = True, moment: Any = 1_700_000_000.125) -> Any:
    """Return a value with all members of a shape, or with only the required ones."""
    within = partial(filled, all=all, moment=moment)
    match shape.type_name:
        case "structure":
            names = (
                list(shape.members)[:1] if shape.is_tagged_union else shape.members if all else shape.required_members
            )
            return {
                name: within(member, *above, shape.name)
                for name, member in shape.members.items()
                if name in names
                and not (member.type_name == "list" and member.member.name in above)  # Search's input is recursive
            }
        case "list":
            return [within(shape.member, *above) for _ in range(max(2, shape.metadata.get("min", 0)))]
        case "map":
            return {key: within(shape.value, *above) for key in ("a", "ß")}
    return {
        "boolean": True,
        "integer": shape.metadata.get("min", 7),
        "long": 2**53 + 1,
        "float": 0.5,
        "double": 1 / 3,
        "string": [*getattr(shape, "enum", ()), "größe ".ljust(shape.metadata.get("min", 0), "x")][0],
        "timestamp": moment,
    }[shape.type_name]


def asked(operation: str, *, all: bool) -> dict[str, Any]:
    # Whole seconds, because the gateway sends times with more precision than botocore.
    shape = SAGEMAKER.operation_model(operation).input_shape
    value: dict[str, Any] = filled(shape, all=all, moment=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    return value


def signature(asked: Request, url: str) -> str:
    """Sign a request as botocore does, at the moment that it names."""
    names = asked.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    method, path, _ = asked.line.split()
    headers = {name: asked.headers[name] for name in names}
    request = AWSRequest(method, url + path, headers, asked.body)
    request.context["timestamp"] = asked.headers["x-amz-date"]
    signer = SigV4Auth(KEYS, "sagemaker", REGION)
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)


@pytest.mark.parametrize("all", [True, False], ids=["full", "least"])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_requests_are_the_same(pair: Clients, aws: Endpoint, operation: str, all: bool) -> None:  # noqa: FBT001
    aws.respond_with(answer(b"{}"))
    for client in pair:
        await outcome(client, operation, asked(operation, all=all))
    ours, theirs = aws.requests
    assert ours.line == theirs.line
    assert orjson.loads(ours.body) == orjson.loads(theirs.body)
    # The gateway does not send the headers about retries, and its signature differs with the headers.
    assert theirs.headers.keys() - ours.headers.keys() == {"amz-sdk-invocation-id", "amz-sdk-request"}
    aside = {"content-length", "user-agent", "x-amz-date", "authorization"}
    assert {name: theirs.headers[name] for name in ours.headers if name not in aside} == {
        name: value for name, value in ours.headers.items() if name not in aside
    }
    assert ours.headers["authorization"].endswith("Signature=" + signature(ours, aws.url))


async def test_user_agent_is_the_same(pair: Clients, aws: Endpoint) -> None:
    aws.respond_with(answer(b"{}"))
    for client in pair:
        await client.list_trials()
    ours, theirs = map(like, aws.requests)
    assert ours == theirs


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_answers_are_the_same(pair: Clients, aws: Endpoint, operation: str) -> None:
    value = filled(SAGEMAKER.operation_model(operation).output_shape)
    aws.respond_with(answer(orjson.dumps(value), X_Amzn_RequestId="1", Date="today"))
    ours, theirs = [await outcome(client, operation, asked(operation, all=False)) for client in pair]
    assert ours == theirs
    assert ours.keys() == {*value, "ResponseMetadata"}


ENTITY = orjson.dumps({"TrialName": "t", "CreationTime": 1_700_000_000})


@pytest.mark.parametrize(
    "said",
    [
        answer(b'{"TrialName": null, "Source": null, "CreatedBy": {"Other": 1}, "Other": {"a": null}}'),
        answer(b'{"CreationTime": "2026-10-25T01:30:00.25+02:00"}'),
        answer(b'{"CreationTime": "1700000000.5"}'),
        answer(b'{"CreationTime": -62135596800}'),
        answer(b'{"CreationTime": 1e300}'),
        answer(b'{"CreationTime": NaN}'),
        answer(b'{"CreationTime": "soon"}'),
        answer(b'{"CreationTime": {}}'),
        answer(b'{"TrialName": NaN}'),
        answer(b'{"TrialName": "\xff"}'),
        answer(b'\xef\xbb\xbf{"TrialName": "t"}'),
        answer(b'{"TrialName": "a", "TrialName": "b"}'),
        answer(b'{"Source": "text"}'),
        answer(b'{"Source": []}'),
        answer(ENTITY, status=201),
        answer(ENTITY, status=300),
        answer(ENTITY, status=204).removesuffix(ENTITY),
    ],
)
async def test_odd_answers_are_the_same(pair: Clients, aws: Endpoint, said: bytes) -> None:
    aws.respond_with(said)
    ours, theirs = [await outcome(client, "DescribeTrial", {"TrialName": "t"}) for client in pair]
    assert ours == theirs


@pytest.mark.parametrize("said", [b"", b'{"TrialName": "t"', b"<html>Not Found</html>", b"null", b"[]", b"1"])
async def test_other_json_values_are_refused(pair: Clients, aws: Endpoint, said: bytes) -> None:
    aws.respond_with(answer(said))
    with pytest.raises(UnreadableAnswerError, match="The answer to DescribeTrial could not be read"):
        await pair.ours.describe_trial(TrialName="t")


async def test_empty_bodies_are_empty_responses(pair: Clients, aws: Endpoint) -> None:
    aws.respond_with(answer(b""))
    ours, theirs = [await outcome(client, "DeleteTags", {"ResourceArn": "arn", "TagKeys": ["key"]}) for client in pair]
    assert ours == theirs


@pytest.mark.parametrize(
    "said",
    [
        answer(b'{"__type": "ResourceNotFound", "Message": "none"}', 400, X_Amzn_RequestId="1"),
        answer(b'{"__type": "com.amazon.coral#ResourceNotFound:http://x", "message": "none"}', 400),
        answer(b'{"__type": "ValidationException", "message": "1 validation error"}', 400),
        answer(b'{"__type": "ThrottlingException", "message": "Rate exceeded"}', 400),
        answer(b'{"__type": "ConflictException", "Message": "busy", "Other": 1}', 409),
        answer(b'{"__type": "AccessDeniedException"}', 403),
        answer(b'{"message": null}', 400),
        answer(b"{}", 400, X_Amzn_ErrorType="ResourceNotFound"),
        answer(b"", 400, X_Amzn_Query_Error="Other;Sender"),
        answer(b'{"__type": "A"}', 400, X_Amzn_Query_Error="Other;Sender"),
        answer(b"not JSON", 400),
        answer(b"[]", 400),
        answer(b"", 404),
        answer(b"", 500),
        answer(b'{"__type": "InternalFailure"}', 500),
        answer(b"<html><body>Service Unavailable</body></html>", 503),
        answer(b" ", 502),
    ],
)
async def test_errors_are_the_same(pair: Clients, aws: Endpoint, said: bytes) -> None:
    aws.respond_with(said)
    ours, theirs = [await outcome(client, "DescribeTrial", {"TrialName": "t"}) for client in pair]
    assert isinstance(ours, tuple)
    assert ours == theirs


async def test_errors_have_their_classes(pair: Clients, aws: Endpoint) -> None:
    aws.respond_with(answer(b'{"__type": "ResourceNotFound", "Message": "none"}', 400))
    with pytest.raises(pair.ours.exceptions.ResourceNotFound) as raised:
        await pair.ours.describe_trial(TrialName="t")
    assert raised.value.response["Error"] == {"Code": "ResourceNotFound", "Message": "none"}


@pytest.mark.parametrize(
    "refusal",
    [
        CLOSE,
        answer(b"", 503),
        answer(b'{"__type": "ThrottlingException"}', 400),
        answer(b'{"__type": "InternalFailure"}', 500),
    ],
    ids=["closed", "away", "throttled", "failed"],
)
async def test_retries_are_the_same(aws: Endpoint, refusal: bytes) -> None:
    found = []
    async with clients(aws.url, attempts=2) as pair:
        for client in pair:
            aws.respond_with(refusal, answer(ENTITY))
            found.append((await outcome(client, "DescribeTrial", {"TrialName": "t"}), len(aws.requests)))
    ours, theirs = found
    assert ours == theirs
    assert ours[0]["ResponseMetadata"]["RetryAttempts"] == 1


async def test_retry_waits_as_botocore_says(aws: Endpoint) -> None:
    async with clients(aws.url, attempts=2) as pair:
        pair.ours.meta.events.register_first("needs-retry.sagemaker", lambda **_: 0.3)
        aws.respond_with(answer(b"", 503), answer(ENTITY))
        began = time.monotonic()
        assert (await pair.ours.describe_trial(TrialName="t"))["TrialName"] == "t"
        assert time.monotonic() - began >= 0.3


async def test_closed_connections_cost_an_attempt(aws: Endpoint) -> None:
    aws.respond_with(Last(answer(ENTITY)), Last(answer(ENTITY)), answer(ENTITY))
    async with clients(aws.url, attempts=2) as pair:
        found = [await outcome(pair.ours, "DescribeTrial", {"TrialName": "t"}) for _ in range(3)]
    assert [one["TrialName"] for one in found] == ["t"] * 3
    assert aws.connections == 3


def like(asked: Request) -> tuple[str, str, list[str]]:
    """Return the parts of a request that depend on the environment."""
    agent = [part for part in asked.headers["user-agent"].split() if part[:2] != "m/"]
    return asked.line, asked.headers["host"], agent


CONFIGURED = "[default]\nservices = ours\nsdk_ua_app_id = app\n[services ours]\nsagemaker =\n    endpoint_url = {url}\n"


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_ENDPOINT_URL": "{url}"},
        {"AWS_ENDPOINT_URL": "{url}/below"},
        {"AWS_ENDPOINT_URL_SAGEMAKER": "{url}", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
        {"AWS_CONFIG_FILE": "{file}"},
        {"AWS_ENDPOINT_URL": "{url}", "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE", "AWS_SDK_UA_APP_ID": "app"},
        {"AWS_ENDPOINT_URL": "http://sagemaker.invalid", "HTTP_PROXY": "{url}"},
        {"AWS_ENDPOINT_URL": "{url}", "HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"},
    ],
    ids="+".join,
)
async def test_environment_has_the_same_effect(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aws: Endpoint, environment: dict[str, str]
) -> None:
    file = tmp_path / "config"
    file.write_text(CONFIGURED.format(url=aws.url))
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(url=aws.url, file=file))
    aws.respond_with(answer(b"{}"))
    async with clients(None) as pair:
        for client in pair:
            await client.list_trials()
    ours, theirs = map(like, aws.requests)
    assert ours == theirs


async def test_own_authorities_are_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", make_certificate(tmp_path))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "localhost.pem")
    async with endpoint(context) as aws:
        aws.respond_with(answer(b"{}", X_Amzn_RequestId="1"))
        async with clients(aws.url.replace("127.0.0.1", "localhost")) as pair:
            ours, theirs = [await outcome(client, "ListTrials", {}) for client in pair]
        assert ours == theirs
        # The unmodified client does not check the host name.
        async with clients(aws.url) as pair:
            name, _ = await outcome(pair.ours, "ListTrials", {})
        assert name == "SSLError"


async def test_without_credentials_nothing_is_sent(aws: Endpoint) -> None:
    aws.respond_with(answer(ENTITY))
    async with clients(aws.url, keys=None) as pair:
        with pytest.raises(NoCredentialsError):
            await pair.ours.describe_trial(TrialName="t")
    assert not aws.requests


async def url_asked(made: AbstractAsyncContextManager[Any]) -> str:
    """Return the URL of a client's request, or the error if it cannot make one."""
    sent: list[str] = []

    def instead(params: dict[str, Any], **_: Any) -> tuple[AioAWSResponse, dict[str, Any]]:
        sent.append(params["url"])
        return AioAWSResponse(params["url"], 200, {}, None), {}

    try:
        async with made as client:
            client.meta.events.register_first("before-call.sagemaker", instead)
            await client.list_trials()
    except BotoCoreError as error:
        return str(error)
    return sent.pop()


@pytest.mark.parametrize("variant", ["", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
async def test_endpoints_are_the_same(monkeypatch: pytest.MonkeyPatch, variant: str) -> None:
    if variant:
        monkeypatch.setenv(variant, "true")
    wire, session = Wire(Settings()), aioboto3.Session(KEYS.access_key, KEYS.secret_key)
    for region in await wire.regions():
        ours, theirs = wire.client(KEYS, region, None), session.client("sagemaker", region)
        assert await url_asked(ours) == await url_asked(theirs)


LONGS = st.integers(-(2**63), 2**63 - 1)
SCALARS = {
    "boolean": st.booleans(),
    "integer": LONGS,
    "long": LONGS,
    "float": st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["NaN", "Infinity", "-Infinity"]),
    "string": st.text(max_size=4),
    "timestamp": LONGS | st.floats(-1e12, 1e12) | st.datetimes().map(datetime.isoformat),
}
SCALARS["double"] = SCALARS["float"]


@cache
def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Generate arbitrary values for a shape, valid or not."""
    match shape.type_name:
        case "structure":
            members = {name: st.none() | values(member) for name, member in shape.members.items()} or {"A": LONGS}
            some = st.lists(st.sampled_from(list(members)), max_size=4)
            known = some.flatmap(lambda names: st.fixed_dictionaries({name: members[name] for name in names}))
            return st.builds(dict.__or__, known, st.dictionaries(st.text(max_size=2), LONGS, max_size=1))
        case "list":
            return st.lists(st.none() | values(shape.member), max_size=2)
        case "map":
            return st.dictionaries(st.text(max_size=2), st.none() | values(shape.value), max_size=2)
    return SCALARS[shape.type_name]


async def parsed(parser: Any, operation: str, body: bytes) -> Any:
    response = {"status_code": 200, "headers": {"x-amzn-requestid": "1"}, "body": body, "context": {}}
    try:
        return await parser.parse(response, SAGEMAKER.operation_model(operation).output_shape)
    except Exception as error:  # noqa: BLE001 - both parsers have to raise the same
        return type(error), str(error)


THEIRS = AioResponseParserFactory().create_parser("json")


@pytest.mark.parametrize("operation", OPERATIONS)
@hypothesis_settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_any_value_is_parsed_alike(operation: str, data: st.DataObject) -> None:
    body = orjson.dumps(data.draw(values(SAGEMAKER.operation_model(operation).output_shape)))
    assert await parsed(AnswerParser(), operation, body) == await parsed(THEIRS, operation, body)
