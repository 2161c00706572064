"""Shared by the tests of the local service: a real client, and a way to expect errors."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import orjson
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from gateway.local.server import LocalServer

REGION = "us-east-1"
KEYS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}


@functools.cache
def client(url: str) -> Any:
    """Return a boto3 client that does not retry, and leaves the validation of parameters to the service."""
    settled = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
    return boto3.client("sagemaker", endpoint_url=url, region_name=REGION, config=settled, **KEYS)


@pytest.fixture
def sagemaker(service: LocalServer) -> Any:
    """A client of the local service, whose account is empty; test files give this fixture a name of their own."""
    return client(service.url)


@contextmanager
def refusing(code: str, *words: str) -> Iterator[None]:
    """Expect an error with this code, whose message contains these words."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    for word in words:
        assert word in error["Message"]


def load(service: LocalServer, *lines: dict[str, Any]) -> None:
    service.load([orjson.dumps(line) for line in lines])


def all_pages(call: Any, member: str, **request: Any) -> list[list[Any]]:
    """Return all pages of a listing, each as a list of its entries."""
    pages = []
    while True:
        page = call(**request)
        pages.append(page[member])
        if "NextToken" not in page:
            return pages
        request["NextToken"] = page["NextToken"]
