"""Amazon Resource Names of SageMaker, taken apart.

Every SageMaker ARN reads ``arn:<partition>:sagemaker:<region>:<account>:<resource>/<id>``. The resource says what kind
of thing it names; the id is a name, or for artifacts 32 hexadecimal digits.
"""

import re
from functools import lru_cache
from typing import NamedTuple

LONGEST = 2048
"""Characters in the longest ARN that any SageMaker operation takes."""

_PATTERN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):sagemaker:(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12})"
    r":(?P<resource>[a-z-]+)/(?P<id>[^\s\x00-\x1f]+)"
)


class Arn(NamedTuple):
    """A SageMaker ARN in its parts; ``text`` is the whole."""

    partition: str
    region: str
    account: str
    resource: str
    id: str

    @property
    def text(self) -> str:
        """The ARN as AWS writes it."""
        return f"arn:{self.partition}:sagemaker:{self.region}:{self.account}:{self.resource}/{self.id}"


def parse(text: str) -> Arn | None:
    """Take a SageMaker ARN apart; None when ``text`` is not one."""
    return _parsed(text) if len(text) <= LONGEST else None  # what is longer is not to be remembered either


@lru_cache(maxsize=16_384)  # a walk meets each of its ARNs a dozen times
def _parsed(text: str) -> Arn | None:
    match = _PATTERN.fullmatch(text)
    return Arn(*match.groups()) if match else None


def id_of(text: str) -> str:
    """Return what follows the resource in an ARN known to be one."""
    return text.partition("/")[2]
