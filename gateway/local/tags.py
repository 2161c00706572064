"""The operations on tags, which any ARN can have."""

from gateway.local.errors import ValidationError
from gateway.local.service import Handler, Request, Response, Service

_MAX_TAGS = 50
_RESERVED = "aws:"


def add(service: Service, request: Request) -> Response:
    """Add tags to a resource, replacing those with the same keys; return all its tags.

    Raises:
        ValidationError: a key is given twice or reserved, or the resource would have too many tags.
    """
    arn = request["ResourceArn"]
    put(service, arn, request["Tags"])
    return {"Tags": of(service, arn)}


def listing(service: Service, request: Request) -> Response:
    """List the tags of a resource, which always fit on one page.

    Raises:
        ValidationError: the request has a token, which is never returned.
    """
    if "NextToken" in request:
        raise ValidationError("Invalid NextToken")
    return {"Tags": of(service, request["ResourceArn"])}


def delete(service: Service, request: Request) -> Response:
    """Delete tags of a resource by their keys; keys that it does not have are ignored."""
    for key in request["TagKeys"]:
        service.store.change("DELETE FROM tag WHERE arn = ? AND key = ?", (request["ResourceArn"], key))
    return {}


def of(service: Service, arn: str) -> list[dict[str, str]]:
    """The tags of a resource, sorted by key."""
    found = service.store.rows("SELECT key, value FROM tag WHERE arn = ? ORDER BY key", (arn,))
    return [{"Key": key, "Value": value} for key, value in found]


def put(service: Service, arn: str, given: list[dict[str, str]]) -> None:
    """Add the tags of a request to a resource.

    Raises:
        ValidationError: see ``add``.
    """
    for tag in given:
        if tag["Key"].lower().startswith(_RESERVED):
            raise ValidationError(f"Tag keys that begin with {_RESERVED} are reserved: {tag['Key']}")
    _insert(service, arn, given)


def replace(service: Service, arn: str, given: list[dict[str, str]]) -> None:
    """Replace all tags of a resource; reserved keys are allowed, because SageMaker itself uses them.

    Raises:
        ValidationError: a key is given twice, or there are too many tags.
    """
    service.store.change("DELETE FROM tag WHERE arn = ?", (arn,))
    _insert(service, arn, given)


def _insert(service: Service, arn: str, given: list[dict[str, str]]) -> None:
    keys = {tag["Key"] for tag in given}
    if len(keys) < len(given):
        raise ValidationError("Duplicate tag keys found")
    for tag in given:
        service.store.change("INSERT OR REPLACE INTO tag VALUES (?, ?, ?)", (arn, tag["Key"], tag["Value"]))
    if len(of(service, arn)) > _MAX_TAGS:
        raise ValidationError(f"A resource has at most {_MAX_TAGS} tags: {arn}")


OPERATIONS: dict[str, Handler] = {"AddTags": add, "ListTags": listing, "DeleteTags": delete}
