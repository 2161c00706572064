"""The arguments that root fields and links share, each with its description."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from gateway.schema.enums import ModelApprovalStatus, NameOrCreationTime, SortOrder
from gateway.schema.scalars import Arn


def argument(description: str) -> Any:
    """Describe an argument."""
    return strawberry.argument(description=description)


ArnArgument = Annotated[Arn, argument("Its ARN.")]
Name = Annotated[str, argument("Its name.")]
NameOrNone = Annotated[str | None, argument("Its name; give this or `arn`.")]
ArnOrNone = Annotated[Arn | None, argument("Its ARN; give this or `name`.")]
SourceUri = Annotated[str | None, argument("Only those whose source is exactly this URI or ARN.")]
ArtifactType = Annotated[str | None, argument("Only those of this type, such as DataSet.")]
ContextType = Annotated[str | None, argument("Only those of this type, such as Endpoint.")]
ActionType = Annotated[str | None, argument("Only those of this type, such as Approval.")]
NameContains = Annotated[str | None, argument("Only those whose names contain this: letters, digits and hyphens.")]
CreatedAfter = Annotated[datetime | None, argument("Only those created at or after this time.")]
CreatedBefore = Annotated[datetime | None, argument("Only those created at or before this time.")]
Approval = Annotated[ModelApprovalStatus | None, argument("Only those with this approval status.")]
Account = Annotated[str | None, argument("Only those of this account, by its 12 digits. Default: the gateway's own.")]
Region = Annotated[str | None, argument("Only those of this region, such as eu-west-1. Default: the gateway's own.")]
SortBy = Annotated[NameOrCreationTime | None, argument("The sort key. Default: CREATION_TIME.")]
Order = Annotated[SortOrder | None, argument("The sort order. Default: DESCENDING.")]
RegistryOrder = Annotated[SortOrder | None, argument("The sort order. Default: ASCENDING.")]
