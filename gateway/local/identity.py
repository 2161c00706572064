"""Looks entities up by name or ARN, and completes records with ARNs, names and the defaults that SageMaker sets."""

import re
from hashlib import sha256
from typing import Any

import orjson

from gateway import arn as arns
from gateway.arn import Arn
from gateway.local import kinds, model
from gateway.local.errors import ValidationError
from gateway.local.kinds import DEFAULT_LINEAGE_GROUP, KINDS, Kind, Record, at
from gateway.local.service import Service, artifact_arn, entity, seconds
from gateway.local.store import Entity
from gateway.local.validation import Reader

_VERSION = re.compile("[0-9]{1,9}")


def find(service: Service, kind: Kind, reference: str, edition: int | None = None) -> Entity | None:
    """The entity of this kind with a name or an ARN, or None. ``edition`` is a model card's version."""
    if not reference.startswith("arn:"):
        named = service.store.named(kind.name, reference, any_case=kind.any_case)
        reference = named.arn if named else _arn_of(service, kind, reference)
    found = service.store.entity(reference, edition)
    return found if found and found.kind == kind.name else None


def _arn_of(service: Service, kind: Kind, name: str) -> str:
    arn = service.arn(kind.resource, name)
    # SageMaker's ARNs of model packages are in lower case, even if the group's name is not.
    lower = kind.name == "ModelPackage" and not service.store.entity(arn)
    return service.arn(kind.resource, name.lower()) if lower else arn


def demand(service: Service, kind: Kind, reference: str, edition: int | None = None) -> Entity:
    """The entity of this kind with a name or an ARN.

    Raises:
        AwsError: there is none; the class of the error depends on the kind.
    """
    found = find(service, kind, reference, edition)
    if found is None:
        raise kind.absent(reference)
    return found


def identify(service: Service, kind: Kind, record: Record) -> Arn:
    """Set the record's ARN from its name, or its name from its ARN; return the ARN.

    Raises:
        ValidationError: the record has neither, or its ARN is not one of this kind.
    """
    if kind.arn_member not in record:
        record[kind.arn_member] = _derived(service, kind, record)
    arn = arns.parse(record[kind.arn_member])
    if arn is None or kinds.of_arn(arn.text) is not kind:
        raise ValidationError(f"{record[kind.arn_member]!r} is not the ARN of a {kind.name}")
    if kind.name == "ModelPackage":
        _version(record, arn)
    elif kind.name == "PipelineExecution":
        record.setdefault("PipelineArn", arn._replace(id=arn.id.partition("/execution/")[0]).text)
    elif kind.name != "Artifact":
        record.setdefault(kind.name_member, arn.id)
    return arn


def _derived(service: Service, kind: Kind, record: Record) -> str:
    name = record.get(kind.name_member)
    if kind.name == "Artifact" and at(record, kind.source):
        return artifact_arn(service, record["Source"])
    if kind.name == "ModelPackage" and {"ModelPackageGroupName", "ModelPackageVersion"} <= record.keys():
        return service.arn(kind.resource, f"{record['ModelPackageGroupName']}/{record['ModelPackageVersion']}")
    if name is None or kind.name == "Artifact":
        raise ValidationError(f"what identifies the {kind.name} is missing")
    reader = Reader()
    reader.read(model.members(kind.describe)[kind.name_member], name, kind.name_member)
    if reader.problems:
        raise ValidationError("; ".join(reader.problems))
    return service.arn(kind.resource, name)


def _version(record: Record, arn: Arn) -> None:
    group, slash, version = arn.id.partition("/")
    if slash:
        if not _VERSION.fullmatch(version):
            raise ValidationError(f"{arn.text!r} names no version of a model package group")
        record.setdefault("ModelPackageGroupName", group)
        record.setdefault("ModelPackageVersion", int(version))
    else:
        record.setdefault("ModelPackageName", group)


def complete(service: Service, kind: Kind, record: Record, arn: Arn) -> None:
    """Set the members that SageMaker sets for every entity of the kind, unless the record has them."""
    if kind.name == "Project":
        record.setdefault("ProjectId", f"p-{sha256(arn.id.encode()).hexdigest()[:12]}")
    for member, value in kind.defaults.items():
        record.setdefault(member, value)
    if "CreationTime" not in record:
        record["CreationTime"] = seconds(service.store.clock())
    filled: dict[str, Any] = {
        "CreatedBy": service.user,
        "LastModifiedTime": record["CreationTime"],
        "LastModifiedBy": record.get("CreatedBy", service.user),
        "DisplayName": record.get(kind.name_member),
        "LineageGroupArn": arn._replace(resource="lineage-group", id=DEFAULT_LINEAGE_GROUP).text,
    }
    for member, value in filled.items():
        if kind.has(member) and value is not None:
            record.setdefault(member, value)


def prepare(service: Service) -> None:
    """Create the default lineage group, which every account has."""
    kind = KINDS["LineageGroup"]
    record: Record = {kind.name_member: DEFAULT_LINEAGE_GROUP}
    complete(service, kind, record, identify(service, kind, record))
    service.store.put(entity(kind, record, listed=True, handmade=False))


def of_source(service: Service, source: dict[str, Any]) -> str | None:
    """The ARN of the account's artifact with exactly this source, or None."""
    found = service.store.rows(
        "SELECT arn, record FROM entity WHERE kind = 'Artifact' AND listed = 1 AND source = ?", (source["SourceUri"],)
    )
    wanted = artifact_arn(service, source)
    return next((arn for arn, record in found if artifact_arn(service, orjson.loads(record)["Source"]) == wanted), None)
