"""AWS denies, throttles, fails or disconnects: which fields are lost, and which are still returned."""

import asyncio
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Ask, asking, expecting_data, expecting_error, running
from endpoint import SILENCE, endpoint
from endpoint import answer as answered
from graphs import arn, artifact, artifact_arn, diamond, fan
from test_policy import called

from gateway.aws.calls import Calls, Tally
from gateway.aws.places import HOME
from gateway.errors import (
    BadUserInput,
    Conflict,
    Forbidden,
    GatewayError,
    NotFound,
    Throttled,
    Unsupported,
    UpstreamUnavailable,
)
from gateway.local.server import LocalServer
from gateway.rates import Rates
from gateway.settings import Settings

DATASET = artifact_arn(0)
NAMES = "query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes { arn name creationTime } } } }"


async def test_denied_vertex_fails_its_fields(answer: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*fan(3))
    service.behaviour.deny = [f"DescribeArtifact:{artifact_arn(2)}"]
    said = await answer(NAMES, arn=DATASET)
    nodes = said["data"]["artifact"]["downstream"]["nodes"]
    assert [node["name"] for node in nodes] == ["artifact-1", "artifact-2", "artifact-3"]
    assert [node["creationTime"] is None for node in nodes] == [False, True, False]
    assert [(error["path"], error["extensions"]) for error in said["errors"]] == [
        (["artifact", "downstream", "nodes", 1, "creationTime"], {"code": "FORBIDDEN"})
    ]


async def test_denied_vertex_takes_one_call(
    answer: Ask, load: Callable[..., None], service: LocalServer, calls: Counter[str]
) -> None:
    load(*fan(1))
    service.behaviour.deny = [f"DescribeArtifact:{artifact_arn(1)}"]
    said = await answer(
        """query($arn: Arn!) { artifact(arn: $arn) { downstream { nodes {
          creationTime createdBy { domainId } upstream { nodes { downstream { nodes { lastModifiedTime } } } }
        } } } }""",
        arn=DATASET,
    )
    assert len(said["errors"]) == 3
    assert calls == {"DescribeArtifact": 2, "ListAssociations": 2}


async def test_denied_component_fails_its_fields(answer: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*diamond())
    service.behaviour.deny = ["*/left"]
    said = await answer(NAMES, arn=DATASET)
    nodes = said["data"]["artifact"]["downstream"]["nodes"]
    assert {node["name"]: node["creationTime"] is None for node in nodes} == {"left": True, "right": False}
    assert [error["extensions"]["code"] for error in said["errors"]] == ["FORBIDDEN"]


async def test_denied_hop_is_reported(answer: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*fan(1))
    service.behaviour.deny = ["ListAssociations:*"]
    said = await answer(NAMES.replace("{ downstream", "{ name downstream"), arn=DATASET)
    assert said["data"]["artifact"] == {"name": "artifact-0", "downstream": {"nodes": []}}
    [error] = said["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["artifact", "downstream"], "FORBIDDEN")
    assert "123456789012" not in error["message"]


async def test_denied_list_leaves_the_rest(answer: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*fan(1))
    service.behaviour.deny = ["ListContexts:*"]
    page = "nodes { arn } pageInfo { hasNextPage endCursor }"
    said = await answer(f"{{ contexts {{ {page} }} artifacts(first: 1) {{ {page} }} }}")
    assert said["data"]["contexts"] == {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    assert len(said["data"]["artifacts"]["nodes"]) == 1
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [(["contexts"], "FORBIDDEN")]


async def test_errors_beside_data_are_located(answer: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*fan(1))
    service.behaviour.deny = ["ListContexts:*", "ListAssociations:*"]
    said = await answer(
        """query($arn: Arn!) {
          contexts { ...Names }
          artifact(arn: $arn) { downstream { nodes { name } } ...Again }
        }
        fragment Names on ContextConnection { nodes { name } }
        fragment Again on Artifact { downstream { pageInfo { hasNextPage } } }""",
        arn=DATASET,
    )
    assert {tuple(error["path"]): error["locations"] for error in said["errors"]} == {
        ("contexts",): [{"line": 2, "column": 11}],
        ("artifact", "downstream"): [{"line": 3, "column": 33}, {"line": 6, "column": 38}],
    }


async def test_list_ends_where_aws_stopped(load: Callable[..., None], service: LocalServer) -> None:
    load(*fan(129))
    query = """query($arn: Arn!, $after: String) { artifact(arn: $arn) {
        downstream(first: 100, after: $after, filter: {lineageTypes: [ARTIFACT]}) {
            nodes { arn } pageInfo { hasNextPage endCursor } } } }"""
    async with running(Settings(local_url=service.url, cache_url="off", max_aws_calls=2)) as client:
        said = await asking(client)(query, arn=DATASET)
        found = said["data"]["artifact"]["downstream"]
        rest = await expecting_data(asking(client))(query, arn=DATASET, after=found["pageInfo"]["endCursor"])
    assert [error["extensions"]["code"] for error in said["errors"]] == ["BUDGET_EXCEEDED"]
    assert (len(found["nodes"]), found["pageInfo"]["hasNextPage"]) == (100, True)
    assert len(rest["artifact"]["downstream"]["nodes"]) == 29


async def test_list_ends_where_token_expired() -> None:
    page = b'{"ArtifactSummaries": [{"ArtifactArn": "%s"}], "NextToken": "expired"}' % DATASET.encode()
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off")) as client:
        aws.respond_with(answered(page), answered(b'{"__type": "ValidationException"}', 400))
        said = await asking(client)("{ artifacts { nodes { arn } } }")
    assert said["data"] == {"artifacts": {"nodes": [{"arn": DATASET}]}}
    assert [error["extensions"]["code"] for error in said["errors"]] == ["UPSTREAM_UNAVAILABLE"]


async def test_resumed_list_ends_there_too() -> None:
    pages = [
        b'{"ArtifactSummaries": [{"ArtifactArn": "%s"}], "NextToken": "%d"}' % (DATASET.encode(), n) for n in (1, 2)
    ]
    query = "query($after: String) { artifacts(first: 2, after: $after) { nodes { arn } edges { cursor } } }"
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off")) as client:
        aws.respond_with(*map(answered, pages))
        cursor = (await expecting_data(asking(client))(query))["artifacts"]["edges"][0]["cursor"]
        aws.respond_with(answered(pages[1]), answered(b'{"__type": "ValidationException"}', 400))
        said = await asking(client)(query, after=cursor)
    assert said["data"]["artifacts"]["nodes"] == [{"arn": DATASET}]
    assert [error["extensions"]["code"] for error in said["errors"]] == ["UPSTREAM_UNAVAILABLE"]


async def test_short_pages_hide_nothing() -> None:
    image, found = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1.0", [artifact_arn(1), artifact_arn(2)]
    items: list[list[bytes]] = [[], *([b'{"ArtifactArn": "%s"}' % one.encode()] for one in found)]
    pages = [b'{"ArtifactSummaries": [%s], "NextToken": "%d"}' % (b"".join(some), n) for n, some in enumerate(items)]
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off")) as client:
        aws.respond_with(*map(answered, pages), answered(b'{"ArtifactSummaries": []}'))
        said = await asking(client)("query($it: String!) { resolve(reference: $it) { arn } }", it=image)
    assert said == {"data": {"resolve": [{"arn": one} for one in found]}}


async def test_empty_page_hides_no_association() -> None:
    ends = artifact_arn(1), artifact_arn(2)
    id = urlsafe_b64encode(" ".join(ends).encode()).decode()
    summary = b'{"SourceArn": "%s", "DestinationArn": "%s"}' % tuple(one.encode() for one in ends)
    pages = [b'{"AssociationSummaries": [], "NextToken": "more"}', b'{"AssociationSummaries": [%s]}' % summary]
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off")) as client:
        aws.respond_with(*map(answered, pages))
        said = await asking(client)("query($id: ID!) { node(id: $id) { id } }", id=id)
    assert said == {"data": {"node": {"id": id.rstrip("=")}}}


async def test_denied_vertex_keeps_its_identity(answer: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*fan(1))
    service.behaviour.deny = ["DescribeArtifact:*"]
    said = await answer("query($arn: Arn!) { entity(arn: $arn) { arn lineageType } }", arn=DATASET)
    assert said == {"data": {"entity": {"arn": DATASET, "lineageType": "ARTIFACT"}}}
    said = await answer("query($arn: Arn!) { entity(arn: $arn) { arn name } }", arn=DATASET)
    assert said["data"] == {"entity": {"arn": DATASET, "name": None}}
    assert [(error["path"], error["extensions"]["code"]) for error in said["errors"]] == [
        (["entity", "name"], "FORBIDDEN")
    ]


async def test_throttled_calls_are_retried(ask: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*fan(10))
    service.behaviour.throttle_tps = 20
    data = await ask(NAMES, arn=DATASET)
    assert all(node["creationTime"] for node in data["artifact"]["downstream"]["nodes"])


async def test_constant_throttling_has_a_code(refused: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(artifact(0))
    service.behaviour.throttle_tps = 0.001
    # The first call succeeds; the second and all its retries are throttled.
    query = 'query($arn: Arn!) { artifact(arn: $arn) { name } action(name: "other") { name } }'
    await refused(query, "THROTTLED", arn=DATASET)


async def test_throttled_attempts_are_counted() -> None:
    async with endpoint() as aws, Calls(Settings(local_url=aws.url, max_attempts=2), Rates()) as calls:
        aws.respond_with(answered(b'{"__type": "ThrottlingException"}', 400))
        with pytest.raises(Throttled):
            await calls("DescribeArtifact", HOME, {"ArtifactArn": DATASET}, Tally())
    assert len(aws.requests) == 2


async def test_constant_faults_have_a_code(refused: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(artifact(0))
    service.behaviour.fault_rate = 1.0
    await refused("query($arn: Arn!) { artifact(arn: $arn) { name } }", "UPSTREAM_UNAVAILABLE", arn=DATASET)


async def test_rare_faults_go_unnoticed(ask: Ask, load: Callable[..., None], service: LocalServer) -> None:
    load(*fan(20))
    service.behaviour.fault_rate = 0.1
    data = await ask(NAMES, arn=DATASET)
    assert len(data["artifact"]["downstream"]["nodes"]) == 20


async def test_early_timer_ends_all_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    later = loop.call_later
    monkeypatch.setattr(loop, "call_later", lambda seconds, *call: later(seconds - 0.2, *call))
    limits: dict[str, Any] = {"deadline_seconds": 0.5, "read_timeout_seconds": 2, "max_attempts": 1}
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off", **limits)) as client:
        aws.respond_with(SILENCE)
        # The walk begins when the timer has failed the Describe.
        query = "query($arn: Arn!) { entity(arn: $arn) { models { nodes { arn } } } }"
        said = await asking(client)(query, arn=arn("action", "approval"))
    assert {error["extensions"]["code"] for error in said["errors"]} == {"DEADLINE_EXCEEDED"}


@pytest.mark.parametrize("said", [b"", b"<html>Welcome</html>", b"[]", b'{"CreationTime": "soon"}'])
async def test_unreadable_response_has_a_code(said: bytes) -> None:
    async with endpoint() as aws, Calls(Settings(local_url=aws.url), Rates()) as calls:
        aws.respond_with(answered(said))
        with pytest.raises(UpstreamUnavailable, match=r"The answer to DescribeArtifact could not be read\.$"):
            await calls("DescribeArtifact", HOME, {"ArtifactArn": DATASET}, Tally())


@pytest.mark.parametrize(("operation", "kind"), [("DescribeArtifact", BadUserInput), ("DeleteArtifact", Conflict)])
@pytest.mark.parametrize("said", [b"", b', "message": null', b', "message": 5'])
async def test_error_needs_no_message(operation: str, kind: type[GatewayError], said: bytes) -> None:
    async with endpoint() as aws, Calls(Settings(local_url=aws.url), Rates()) as calls:
        aws.respond_with(answered(b'{"__type": "ValidationException"%s}' % said, 400))
        with pytest.raises(kind, match=f"^{operation} was refused: (AWS gave no reason.|5)$"):
            await calls(operation, HOME, {}, Tally())


CODES: list[tuple[type[GatewayError], str]] = [
    (NotFound, "ResourceNotFound ResourceNotFoundException"),
    (Forbidden, "AccessDenied com.amazon.coral.service#AccessDeniedException NotAuthorized UnauthorizedOperation"),
    (Throttled, "Throttling ThrottlingException ThrottledException TooManyRequestsException"),
    (Unsupported, "UnknownOperationException UnsupportedOperation InvalidAction"),
    (Conflict, "ConflictException ResourceInUse ResourceInUseException ResourceLimitExceeded"),
    (BadUserInput, "ValidationException SerializationException InvalidParameterValue"),
    (UpstreamUnavailable, "ExpiredTokenException"),
]


@pytest.mark.parametrize(("kind", "codes"), CODES)
async def test_one_meaning_has_several_codes(kind: type[GatewayError], codes: str) -> None:
    async with endpoint() as aws, Calls(Settings(local_url=aws.url, max_attempts=1), Rates()) as calls:
        for code in codes.split():
            aws.respond_with(answered(b'{"__type": "%s"}' % code.encode(), 400))
            with pytest.raises(GatewayError) as raised:
                await calls("DescribeArtifact", HOME, {}, Tally())
            assert type(raised.value) is kind, code


async def test_missing_credentials_are_reported(service: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
    async with running(Settings(cache_url="off")) as client:
        error = await expecting_error(asking(client))('{ context(name: "c") { arn } }', "UPSTREAM_UNAVAILABLE")
    assert error["message"] == "The gateway has no AWS credentials."


async def test_credentials_may_come_late(service: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
    query = '{ context(name: "none") { arn } }'
    async with running(Settings(cache_url="off")) as client:
        await expecting_error(asking(client))(query, "UPSTREAM_UNAVAILABLE")
        file.write_text("[default]\naws_access_key_id = late\naws_secret_access_key = late\n")
        assert await expecting_data(asking(client))(query) == {"context": None}


async def test_credentials_may_come_any_time(service: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_METADATA_SERVICE_TIMEOUT", "60")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", service.url)
    nothing, keys = answered(b"", 404), b'{"AccessKeyId": "late", "SecretAccessKey": "late", "Token": "late", %s}'
    lasting = keys % b'"Expiration": "2999-01-01T00:00:00Z"'
    async with endpoint() as instance:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance.url)
        # Each look-up begins with a request for a token, which this instance does not have either.
        instance.respond_with(nothing, nothing, nothing, answered(b"role"), answered(lasting))
        async with running(Settings(cache_url="off")) as client:
            assert len(instance.requests) == 2
            assert await expecting_data(asking(client))('{ context(name: "none") { arn } }') == {"context": None}


@pytest.mark.parametrize(("status", "doubt"), [(400, False), (403, False), (500, True), (503, True)])
async def test_refused_mutation_is_not_doubtful(status: int, doubt: bool) -> None:  # noqa: FBT001
    async with endpoint() as aws, Calls(Settings(local_url=aws.url, max_attempts=1), Rates()) as calls:
        aws.respond_with(answered(b'{"__type": "ExpiredTokenException", "message": "expired"}', status))
        with pytest.raises(UpstreamUnavailable) as raised:
            await calls("CreateContext", HOME, {}, Tally())
    assert str(raised.value).startswith("CreateContext failed at AWS.")
    assert ("carried out" in str(raised.value)) is doubt


@pytest.mark.parametrize(("status", "code", "doubt"), [(500, b"InternalFailure", True), (400, b"Throttling", False)])
async def test_failed_attempt_leaves_doubt(status: int, code: bytes, doubt: bool) -> None:  # noqa: FBT001
    taken = answered(b'{"__type": "ValidationException", "message": "It already exists."}', 400)
    async with endpoint() as aws, Calls(Settings(local_url=aws.url), Rates()) as calls:
        aws.respond_with(answered(b'{"__type": "%s"}' % code, status), taken)
        with pytest.raises(Conflict) as raised:
            await calls("CreateContext", HOME, {}, Tally())
    assert ("This was try 2" in str(raised.value)) is doubt


async def test_half_characters_fail_nothing_else() -> None:
    halved = b'{"ArtifactArn": "%s", "ArtifactName": "\\ud83d"}' % DATASET.encode()
    refusal = b'{"__type": "ValidationException", "Message": "No \\ud83d here."}'
    async with endpoint() as aws, running(Settings(local_url=aws.url)) as client:
        ask, refused = expecting_data(asking(client)), expecting_error(asking(client))
        aws.respond_with(answered(b'{"ArtifactSummaries": [%s]}' % halved))
        assert await ask("{ artifacts { nodes { name } } }") == {"artifacts": {"nodes": [{"name": "?"}]}}
        aws.respond_with(answered(refusal, 400))
        error = await refused("{ contexts { nodes { name } } }", "BAD_USER_INPUT")
    assert "No ? here." in error["message"]


@pytest.mark.parametrize("said", [b"{}", b'{"status": "ok"}'])
async def test_malformed_responses_are_refused(said: bytes) -> None:
    query = """query($arn: Arn!) {
        artifact(arn: $arn) { name }
        context(name: "production") { arn }
        uri: resolve(reference: "s3://bucket/data") { arn }
        name: resolve(reference: "train") { arn }
        entity(arn: $arn) { tags { key } downstream { nodes { arn } } models { nodes { arn } } }
        artifacts { nodes { arn } }
        trialComponents(experimentName: "experiment") { nodes { arn } }
    }"""
    async with endpoint() as aws, running(Settings(local_url=aws.url, cache_url="off")) as client:
        aws.respond_with(answered(said))
        answer = await asking(client)(query, arn=DATASET)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"UPSTREAM_UNAVAILABLE"}
    assert {error["path"][0] for error in answer["errors"]} == answer["data"].keys()


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("ListArtifacts", b'{"ArtifactSummaries": [{"ArtifactName": "name"}]}'),
        ("ListArtifacts", b'{"ArtifactSummaries": [null]}'),
        ("ListArtifacts", b'{"ArtifactSummaries": [{"ArtifactArn": 1}]}'),
        ("ListAssociations", b'{"AssociationSummaries": [{"SourceArn": "arn"}]}'),
        ("QueryLineage", b'{"Vertices": [{"Type": "Model"}]}'),
        ("QueryLineage", b'{"Vertices": [], "Edges": [{"SourceArn": "arn"}]}'),
        ("BatchDescribeModelPackage", b'{"ModelPackageSummaries": {"arn": {}}}'),
        ("ListProjects", b'{"ProjectSummaryList": [{"ProjectArn": "arn"}]}'),
        ("ListTrials", b'{"TrialSummaries": [{"TrialArn": "arn"}]}'),
    ],
)
async def test_missing_arns_have_a_code(operation: str, said: bytes) -> None:
    async with endpoint() as aws, Calls(Settings(local_url=aws.url), Rates()) as calls:
        aws.respond_with(answered(said))
        with pytest.raises(UpstreamUnavailable, match="could not be read"):
            await calls(operation, HOME, {}, Tally())


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ("ListArtifacts", b'{"ArtifactSummaries": [], "NextToken": "same"}'),
        ("ListAssociations", b'{"AssociationSummaries": [], "NextToken": "same"}'),
        ("QueryLineage", b'{"Vertices": [], "Edges": [], "NextToken": "same"}'),
    ],
)
async def test_repeated_next_token_is_refused(operation: str, said: bytes) -> None:
    async with endpoint() as aws, Calls(Settings(local_url=aws.url), Rates()) as calls:
        aws.respond_with(answered(said))
        assert await calls(operation, HOME, {}, Tally())
        with pytest.raises(UpstreamUnavailable, match="could not be read"):
            await calls(operation, HOME, {"NextToken": "same"}, Tally())


async def test_empty_response_is_refused() -> None:
    operations = called() - {"AddTags", "DeleteTags", "BatchDescribeModelPackage"}
    async with endpoint() as aws, Calls(Settings(local_url=aws.url), Rates()) as calls:
        aws.respond_with(answered(b"{}"))
        for operation in sorted(operations):
            with pytest.raises(UpstreamUnavailable, match=f"The answer to {operation} could not be read"):
                await calls(operation, HOME, {"Resource": "Experiment"} if operation == "Search" else {}, Tally())
