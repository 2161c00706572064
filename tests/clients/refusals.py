"""Expecting errors without pytest, which not every client's environment has."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError


@contextmanager
def refused(code: str, words: str = "") -> Iterator[None]:
    """Expect an error with this code, HTTP status 400 and these words in its message."""
    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        if (said["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]) != (code, 400):
            raise
        assert words in said["Message"], said
    else:
        raise AssertionError(f"expected {code}")
