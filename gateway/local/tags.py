"""Tags, on anything of SageMaker that has an ARN."""

from gateway.local.errors import ValidationError
from gateway.local.service import Handler, Request, Response, Service

_MOST = 50
_RESERVED = "aws:"


def add(service: Service, request: Request) -> Response:
    """Put tags on a resource, in place of those with the same keys; gives all that it has then.

    Raises:
        ValidationError: a key is given twice or reserved, or the resource would have too many.
    """
    arn = request["ResourceArn"]
    put(service, arn, request["Tags"])
    return {"Tags": of(service, arn)}


def listing(service: Service, request: Request) -> Response:
    """The tags of a resource: never more than one page of them.

    Raises:
        ValidationError: the request has a token, and none was ever given.
    """
    if "NextToken" in request:
        raise ValidationError("Invalid NextToken")
    return {"Tags": of(service, request["ResourceArn"])}


def delete(service: Service, request: Request) -> Response:
    """Take tags off a resource, those that it has of the keys given."""
    for key in request["TagKeys"]:
        service.store.change("DELETE FROM tag WHERE arn = ? AND key = ?", (request["ResourceArn"], key))
    return {}


def of(service: Service, arn: str) -> list[dict[str, str]]:
    """The tags of a resource, in the order of their keys."""
    found = service.store.rows("SELECT key, value FROM tag WHERE arn = ? ORDER BY key", (arn,))
    return [{"Key": key, "Value": value} for key, value in found]


def put(service: Service, arn: str, given: list[dict[str, str]]) -> None:
    """Put the tags of a request on a resource.

    Raises:
        ValidationError: as ``add``.
    """
    for tag in given:
        if tag["Key"].lower().startswith(_RESERVED):
            raise ValidationError(f"Tag keys that begin with {_RESERVED} are reserved: {tag['Key']}")
    _keep(service, arn, given)


def replace(service: Service, arn: str, given: list[dict[str, str]]) -> None:
    """Give a resource these tags and no others; reserved ones are SageMaker's own.

    Raises:
        ValidationError: a key is given twice, or there are too many.
    """
    service.store.change("DELETE FROM tag WHERE arn = ?", (arn,))
    _keep(service, arn, given)


def _keep(service: Service, arn: str, given: list[dict[str, str]]) -> None:
    keys = {tag["Key"] for tag in given}
    if len(keys) < len(given):
        raise ValidationError("Duplicate tag keys found")
    for tag in given:
        service.store.change("INSERT OR REPLACE INTO tag VALUES (?, ?, ?)", (arn, tag["Key"], tag["Value"]))
    if len(of(service, arn)) > _MOST:
        raise ValidationError(f"A resource has at most {_MOST} tags: {arn}")


OPERATIONS: dict[str, Handler] = {"AddTags": add, "ListTags": listing, "DeleteTags": delete}
