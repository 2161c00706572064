"""The state of the local service for one account and region, which all operations share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

import orjson

from gateway.arn import Arn
from gateway.local.behaviour import Behaviour
from gateway.local.kinds import DEFAULT_LINEAGE_GROUP, KINDS, Kind, Record, at
from gateway.local.paging import UnderWay
from gateway.local.store import Entity, Store
from gateway.local.walk import Progress

_PARTITIONS = {
    # By the prefix of the region.
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}

WALKS, SEARCHES = 32, 4
"""How many are kept between two of their pages; the positions of a search's 100,000 results take 20 megabytes."""

Request = dict[str, Any]
Response = dict[str, Any]


@dataclass
class Service:
    """The state that operations share."""

    store: Store
    account: str
    region: str
    quotas: bool = True
    behaviour: Behaviour = field(default_factory=Behaviour)
    walks: UnderWay[Progress] = field(default_factory=lambda: UnderWay(WALKS))
    searches: UnderWay[list[tuple[int, Any, str]]] = field(default_factory=lambda: UnderWay(SEARCHES))

    @property
    def partition(self) -> str:
        """The AWS partition of the region."""
        return next((name for prefix, name in _PARTITIONS.items() if self.region.startswith(prefix)), "aws")

    @cached_property
    def user(self) -> dict[str, Any]:
        """The UserContext for ``CreatedBy`` and ``LastModifiedBy``."""
        arn = f"arn:{self.partition}:iam::{self.account}:user/local"
        return {"IamIdentity": {"Arn": arn, "PrincipalId": f"AIDA{sha256(arn.encode()).hexdigest()[:17].upper()}"}}

    @cached_property
    def lineage_group(self) -> str:
        """The ARN of the account's lineage group."""
        return self.arn("lineage-group", DEFAULT_LINEAGE_GROUP)

    def arn(self, resource: str, id: str) -> str:
        """The ARN of a resource in this account and region."""
        return Arn(self.partition, self.region, self.account, resource, id).text

    def owns(self, arn: Arn) -> bool:
        """Whether the ARN belongs to this account and region."""
        return (arn.region, arn.account) == (self.region, self.account)


Handler = Callable[[Service, Request], Response]


def entity(kind: Kind, record: Record, *, listed: bool, handmade: bool) -> Entity:
    """Build the row that stores a complete record."""
    return Entity(
        arn=record[kind.arn_member],
        edition=record.get("ModelCardVersion", 0),
        kind=kind.name,
        listed=listed,
        handmade=handmade,
        # Versions of a model package group have no name of their own, and are sorted by the name of the group.
        name=record.get(kind.name_member, record.get("ModelPackageGroupName")),
        type=at(record, kind.type),
        source=at(record, kind.source),
        parent=at(record, kind.parent),
        status=at(record, kind.status),
        created=millis(record["CreationTime"]),
        modified=millis(record.get("LastModifiedTime") or record["CreationTime"]),
        record=orjson.dumps(record, option=orjson.OPT_SORT_KEYS),
    )


def artifact_arn(service: Service, source: dict[str, Any]) -> str:
    """The ARN of the artifact with this source; its id is a hash of the URI and the types, not of the account."""
    types = sorted((given.get("SourceIdType", ""), given.get("Value", "")) for given in source.get("SourceTypes", ()))
    digest = sha256(orjson.dumps([source["SourceUri"], types])).hexdigest()
    return service.arn(KINDS["Artifact"].resource, digest[:32])


def millis(seconds: float) -> int:
    """Convert a timestamp of the API (seconds) to one of the store (milliseconds)."""
    return round(seconds * 1000)


def seconds(millis: int) -> float:
    """Convert a timestamp of the store (milliseconds) to one of the API (seconds)."""
    return millis / 1000
