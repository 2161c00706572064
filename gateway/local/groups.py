"""The policies of lineage groups, by which other accounts may use them."""

from gateway.local.entities import own
from gateway.local.kinds import KINDS
from gateway.local.service import Handler, Request, Response, Service

_UNSHARED = "{}"
"""The policy of a group that is not shared. Audits of real accounts read it as JSON, and as empty if there is none."""


def policy(service: Service, request: Request) -> Response:
    """The policy of a lineage group of the account, which shares none.

    Raises:
        NotFoundError: the account has no such group.
    """
    return {
        "LineageGroupArn": own(KINDS["LineageGroup"], service, request["LineageGroupName"]).arn,
        "ResourcePolicy": _UNSHARED,
    }


OPERATIONS: dict[str, Handler] = {"GetLineageGroupPolicy": policy}
