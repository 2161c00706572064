"""The wire protocol: targets, bodies, errors and headers of AWS JSON 1.1, and hostile input."""

import logging
from typing import Any

import httpx
import orjson
import pytest

from gateway.local import protocol
from gateway.local.server import LocalServer

ARTIFACT = {"ArtifactType": "DataSet", "Source": {"SourceUri": "s3://bucket/key"}}


def ask(service: LocalServer, operation: str, body: bytes | dict[str, Any] = b"{}", **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return httpx.post(service.url, content=content, headers={"X-Amz-Target": f"SageMaker.{operation}"} | headers)


def error(answer: httpx.Response) -> tuple[int, str]:
    said = answer.json()
    assert answer.headers["x-amzn-errortype"] == said["__type"]
    assert {"message", "Message"} & said.keys()
    assert "Traceback" not in answer.text
    return answer.status_code, said["__type"]


def test_answers_carry_protocol_headers(service: LocalServer) -> None:
    answer = ask(service, "CreateArtifact", ARTIFACT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert len(answer.headers["x-amzn-requestid"]) == 36


def test_times_are_epoch_seconds_with_milliseconds(service: LocalServer) -> None:
    arn = ask(service, "CreateArtifact", ARTIFACT).json()["ArtifactArn"]
    created = ask(service, "DescribeArtifact", {"ArtifactArn": arn}).json()["CreationTime"]
    assert isinstance(created, float)
    assert round(created, 3) == created


def test_absent_members_are_left_out(service: LocalServer) -> None:
    arn = ask(service, "CreateArtifact", ARTIFACT).json()["ArtifactArn"]
    described = ask(service, "DescribeArtifact", {"ArtifactArn": arn}).json()
    assert "ArtifactName" not in described
    assert None not in described.values()


def test_unknown_members_are_ignored(service: LocalServer) -> None:
    assert ask(service, "CreateArtifact", ARTIFACT | {"Colour": "red"}).status_code == 200


def test_null_values_of_maps_are_left_out(service: LocalServer) -> None:
    made = ask(service, "CreateArtifact", ARTIFACT | {"Properties": {"a": None, "b": "1"}}).json()
    assert ask(service, "DescribeArtifact", made).json()["Properties"] == {"b": "1"}


@pytest.mark.parametrize(
    "target", ["SageMaker.Fly", "SageMaker.CreateEndpoint", "Other.ListArtifacts", "ListArtifacts", "", "SageMaker."]
)
def test_unknown_operations_are_refused(service: LocalServer, target: str) -> None:
    answer = httpx.post(service.url, content=b"{}", headers={"X-Amz-Target": target})
    assert error(answer) == (400, "UnknownOperationException")


def test_targets_tell_requests_from_forms(service: LocalServer) -> None:
    """``curl --data`` sends everything as a form."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert ask(service, "ListArtifacts", **form).json() == {"ArtifactSummaries": []}


def test_missing_target_is_refused(service: LocalServer) -> None:
    assert error(httpx.post(service.url, content=b"{}")) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"ArtifactType": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"ArtifactType": 5, "Source": {"SourceUri": "s3://x"}}',
        b'{"ArtifactType": "x", "Source": "s3://x"}',
        b'{"ArtifactType": "x", "Source": {"SourceUri": "s3://x", "SourceTypes": {}}}',
        b'{"ArtifactType": "x", "Source": {"SourceUri": "s3://x"}, "Properties": []}',
        b'{"ArtifactType": "x", "Source": {"SourceUri": "s3://x"}, "Tags": [null]}',
    ],
)
def test_unreadable_bodies_are_refused(service: LocalServer, body: bytes) -> None:
    assert error(ask(service, "CreateArtifact", body)) == (400, "SerializationException")


@pytest.mark.parametrize(
    "member",
    ["1e400", "-1e400", "1" + "0" * 400, "253402300800", "-253402300800", '"2026-01-01"', "true", "NaN", "{}"],
)
def test_impossible_times_are_refused(service: LocalServer, member: str) -> None:
    answer = ask(service, "ListArtifacts", b'{"CreatedAfter": ' + member.encode() + b"}")
    assert error(answer) == (400, "SerializationException")


@pytest.mark.parametrize("number", ["1" + "0" * 30, "2147483648", "-2147483649", "1.5", '"7"', "true"])
def test_impossible_integers_are_refused(service: LocalServer, number: str) -> None:
    answer = ask(service, "ListArtifacts", b'{"MaxResults": ' + number.encode() + b"}")
    assert error(answer) == (400, "SerializationException")


def test_deep_expressions_are_refused(service: LocalServer) -> None:
    for depth in (60, 200, 400):
        opening, closing = b'{"SubExpressions":[' * depth, b"]}" * depth
        innermost = b'{"Filters":[{"Name":"DisplayName","Value":"x"}]}'
        body = b'{"Resource":"Experiment","SearchExpression":' + opening + innermost + closing + b"}"
        status, code = error(ask(service, "Search", body))
        assert (status, code) in {(400, "ValidationException"), (400, "SerializationException")}


def test_numbers_beyond_doubles_are_refused(service: LocalServer) -> None:
    body = b'{"TrialComponentName": "c", "Parameters": {"p": {"NumberValue": 1e400}}}'
    assert error(ask(service, "CreateTrialComponent", body)) == (400, "SerializationException")


def test_null_bytes_are_kept(service: LocalServer) -> None:
    uri = "s3://bucket/\0/☃"
    arn = ask(service, "CreateArtifact", ARTIFACT | {"Source": {"SourceUri": uri}}).json()["ArtifactArn"]
    assert ask(service, "DescribeArtifact", {"ArtifactArn": arn}).json()["Source"]["SourceUri"] == uri
    assert len(ask(service, "ListArtifacts", {"SourceUri": uri}).json()["ArtifactSummaries"]) == 1


def test_huge_bodies_are_refused(service: LocalServer) -> None:
    longest = b"{}".ljust(4 * 1024 * 1024)
    assert ask(service, "ListArtifacts", longest).status_code == 200
    assert error(ask(service, "ListArtifacts", longest + b" ")) == (413, "RequestEntityTooLargeException")


def test_own_defects_reveal_nothing(
    service: LocalServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("secret")

    monkeypatch.setitem(protocol.OPERATIONS, "ListArtifacts", broken)
    with caplog.at_level(logging.CRITICAL):
        answer = ask(service, "ListArtifacts")
    assert error(answer) == (500, "InternalFailure")
    assert "secret" not in answer.text
    monkeypatch.undo()
    assert ask(service, "ListArtifacts").json() == {"ArtifactSummaries": []}


def test_modelled_errors_spell_message_capitalised(service: LocalServer) -> None:
    missing = ask(service, "DescribeContext", {"ContextName": "missing"}).json()
    assert missing == {"__type": "ResourceNotFound", "Message": "Context missing does not exist."}
    invalid = ask(service, "DescribeContext", {"ContextName": ""}).json()
    assert sorted(invalid) == ["__type", "message"]


def test_every_request_is_counted(service: LocalServer) -> None:
    ask(service, "ListArtifacts", {"MaxResults": 5})
    for unreadable in (b"{", b"[]"):
        ask(service, "ListArtifacts", unreadable)
    ask(service, "Fly")
    assert service.calls == {"ListArtifacts": 3, "unknown": 1}
    assert list(service.requests) == [("ListArtifacts", {"MaxResults": 5}), *[("ListArtifacts", {})] * 2, ("Fly", {})]


def test_unknown_operations_count_together(service: LocalServer) -> None:
    for number in range(3):
        ask(service, f"Fly{number}")
        httpx.post(service.url, data={"Action": f"Fly{number}"})
    assert service.calls == {"unknown": 6}


def test_own_endpoints_are_not_counted(service: LocalServer) -> None:
    assert httpx.get(f"{service.url}/_local/health").json() == {"status": "ok"}
    assert httpx.get(f"{service.url}/_local/nothing").status_code == 404
    assert not service.calls
