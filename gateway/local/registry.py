"""The operations BatchDescribeModelPackage and ListModelCardVersions."""

from typing import Any

import orjson

from gateway.local.entities import page
from gateway.local.identity import demand
from gateway.local.kinds import KINDS
from gateway.local.paging import Listing
from gateway.local.service import Handler, Request, Response, Service

_PACKAGE, _CARD = KINDS["ModelPackage"], KINDS["ModelCard"]


def describe_batch(service: Service, request: Request) -> Response:
    """Describe model packages by their ARNs: return summaries, and an error for each that cannot be described."""
    summaries: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for arn in request["ModelPackageArnList"]:
        found = service.store.entity(arn)
        if service.behaviour.denies("BatchDescribeModelPackage", [arn]):
            errors[arn] = {"ErrorCode": "AccessDeniedException", "ErrorResponse": f"Access to {arn} is denied."}
        elif found is None or not found.parent:  # only versions of groups
            errors[arn] = {"ErrorCode": "ValidationException", "ErrorResponse": str(_PACKAGE.absent(arn))}
        else:
            record = orjson.loads(found.record)
            summaries[arn] = {"InferenceSpecification": {"Containers": []}} | record
    return {"ModelPackageSummaries": summaries, "BatchDescribeModelPackageErrorMap": errors}


def card_versions(service: Service, request: Request) -> Response:
    """List a page of the versions of one model card."""
    card = demand(service, _CARD, request["ModelCardName"])
    newest_first = request.get("SortOrder", "Descending") == "Descending"
    found = Listing("record", "entity", ("edition",), newest_first)
    found.where("arn = ?", card.arn)
    return page(_CARD, "ListModelCardVersions", service, request, found)


OPERATIONS: dict[str, Handler] = {
    "BatchDescribeModelPackage": describe_batch,
    "ListModelCardVersions": card_versions,
}
