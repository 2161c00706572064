"""GetLineageGroupPolicy. The policy of a lineage group shares it with other accounts."""

from gateway.local.entities import own
from gateway.local.kinds import KINDS
from gateway.local.service import Handler, Request, Response, Service

_UNSHARED = "{}"
"""The policy of a group that is not shared. Audit tools for real accounts parse it as JSON."""


def policy(service: Service, request: Request) -> Response:
    """The policy of a lineage group, which is always empty here.

    Raises:
        NotFoundError: the account has no such group.
    """
    return {
        "LineageGroupArn": own(KINDS["LineageGroup"], service, request["LineageGroupName"]).arn,
        "ResourcePolicy": _UNSHARED,
    }


OPERATIONS: dict[str, Handler] = {"GetLineageGroupPolicy": policy}
