"""STS in the local service: its responses and its credentials."""

from typing import Any

import boto3
import httpx
import pytest
from accounts import HOME, OTHER, ROLE
from botocore.exceptions import ClientError

from gateway.local.server import LocalServer


def sts(service: LocalServer) -> Any:
    return boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=service.url,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106
    )


def test_boto3_assumes_a_local_role(service: LocalServer) -> None:
    client = sts(service)
    assert client.get_caller_identity()["Account"] == HOME
    credentials = client.assume_role(RoleArn=ROLE, RoleSessionName="me", DurationSeconds=900)["Credentials"]
    with pytest.raises(ClientError, match="ValidationError"):
        client.assume_role(RoleArn="arn:aws:iam::1:role/x", RoleSessionName="me me me me me me")
    sagemaker = boto3.client(
        "sagemaker",
        region_name="us-east-1",
        endpoint_url=service.url,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )
    with pytest.raises(ClientError, match="AccessDeniedException"):
        sagemaker.list_contexts()


def test_sts_responds_like_amazons(service: LocalServer) -> None:
    client = sts(service)
    assert client.get_caller_identity()["ResponseMetadata"]["RequestId"]
    there = client.assume_role(RoleArn=f"arn:aws-cn:iam::{OTHER}:role/reader", RoleSessionName="me")
    assert there["AssumedRoleUser"]["Arn"] == f"arn:aws-cn:sts::{OTHER}:assumed-role/reader/me"
    service.behaviour.deny = ["AssumeRole:*"]
    for ask, code, status in (
        (lambda: client.assume_role(RoleArn=ROLE, RoleSessionName="me"), "AccessDenied", 403),
        (client.get_session_token, "InvalidAction", 400),
    ):
        with pytest.raises(ClientError) as caught:
            ask()
        told, about = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
        assert (told["Code"], about["HTTPStatusCode"], bool(about["RequestId"])) == (code, status, True)


@pytest.mark.parametrize("seconds", ["899", "43201", "1e3", "9" * 5000])
def test_roles_last_within_bounds_only(service: LocalServer, seconds: str) -> None:
    form = {"Action": "AssumeRole", "RoleArn": ROLE, "RoleSessionName": "me", "DurationSeconds": seconds}
    answer = httpx.post(service.url, data=form)
    assert (answer.status_code, "<Code>ValidationError</Code>" in answer.text) == (400, True)


def test_refusals_escape_what_they_repeat(service: LocalServer) -> None:
    assert "&lt;Fly&gt;" in httpx.post(service.url, data={"Action": "<Fly>"}).text


def test_huge_bodies_assume_no_role(service: LocalServer) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = httpx.post(service.url, content=b" " * (5 * 1024 * 1024), headers=form)
    assert (answer.status_code, "<Code>RequestEntityTooLargeException</Code>" in answer.text) == (413, True)
