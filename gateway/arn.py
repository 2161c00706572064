"""Parsing of SageMaker's Amazon Resource Names.

A SageMaker ARN has the form ``arn:<partition>:sagemaker:<region>:<account>:<resource>/<id>``. The resource is the type
of the entity; the id is its name or, for artifacts, 32 hexadecimal digits.
"""

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST = 2048
"""The maximum length, in characters, of an ARN in any SageMaker operation."""

_PATTERN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):sagemaker:(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12})"
    r":(?P<resource>[a-z-]+)/(?P<id>[^\s\x00-\x1f]+)"
)


class Arn(NamedTuple):
    """The parts of a SageMaker ARN."""

    partition: str
    region: str
    account: str
    resource: str
    id: str

    @property
    def text(self) -> str:
        """The whole ARN as a string."""
        return f"arn:{self.partition}:sagemaker:{self.region}:{self.account}:{self.resource}/{self.id}"


def parse(text: str) -> Arn | None:
    """Parse a SageMaker ARN; returns None if ``text`` is not one."""
    return _parsed(text) if len(text) <= LONGEST else None  # longer texts must not fill the cache either


@lru_cache(maxsize=16_384)  # a walk parses each of its ARNs about a dozen times
def _parsed(text: str) -> Arn | None:
    match = _PATTERN.fullmatch(text)
    return Arn(*match.groups()) if match else None


def id_of(text: str) -> str:
    """Return the part after the resource; ``text`` must be a valid ARN."""
    return text.partition("/")[2]
