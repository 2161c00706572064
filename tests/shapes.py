"""AWS's model of SageMaker: its members' names in the GraphQL schema, and sample records with every member."""

from collections.abc import Collection
from datetime import UTC, datetime
from itertools import count
from typing import Any

import botocore.session

SERVICE: Any = botocore.session.get_session().get_service_model("sagemaker")

# AWS's enumerations that are plain strings in the schema, each with the reason.
OPEN_ENUMS = dict.fromkeys(
    ("TransformInstanceType", "ProductionVariantInstanceType"), "AWS adds instance types by the month"
)


# The lowest number in a sample, by type.
LEAST = {"integer": 0, "long": 2**40, "float": 0.5, "double": 0.5, "timestamp": 1_700_000_000.125}


def graphql_name(member: str, prefix: str = "") -> str:
    """Return a member's name in the schema: in lower camel case, without its entity's prefix."""
    # ProjectId does not become `id`, which is Relay's.
    short = member if member == f"{prefix}Id" else member.removeprefix(prefix)
    return short[0].lower() + short[1:]


def described(kind: str) -> Any:
    return SERVICE.operation_model(f"Describe{kind}").output_shape


def sample(shape: Any, place: str = "", numbers: Any = None) -> Any:
    """Return a value with every member, each with a different value where its type allows it."""
    numbers = numbers or count(1)
    match shape.type_name:
        case "structure":
            return {name: sample(inner, f"{place}.{name}", numbers) for name, inner in shape.members.items()}
        case "list":
            return [sample(shape.member, f"{place}.{number}", numbers) for number in range(2)]
        case "map":
            return {key: sample(shape.value, f"{place}.{key}", numbers) for key in ("b", "a")}
        case "string":
            return shape.enum[next(numbers) % len(shape.enum)] if shape.enum else place
        case "boolean":
            return True
    return next(numbers) + LEAST[shape.type_name]


def selection(shape: Any, prefix: str = "", lacks: Collection[str] = ()) -> str:
    """Return the GraphQL selection of every member, without those of the shape's own members that are in ``lacks``."""
    while shape.type_name == "list":
        shape = shape.member
    if shape.type_name == "map":
        return "{ key value }" if shape.value.type_name != "structure" else "{ key " + selection(shape.value)[1:]
    if shape.type_name != "structure":
        return ""
    chosen = {name: inner for name, inner in shape.members.items() if name not in lacks}
    return "{ " + " ".join(f"{graphql_name(name, prefix)} {selection(inner)}" for name, inner in chosen.items()) + " }"


def shown(shape: Any, value: Any, prefix: str = "") -> Any:
    """Return the value as a GraphQL response shows it."""
    match shape.type_name:
        case "structure":
            return {graphql_name(name, prefix): shown(m, value[name]) for name, m in shape.members.items()}
        case "list":
            return [shown(shape.member, item) for item in value]
        case "map":
            inner = shape.value
            return [
                {"key": key} | (shown(inner, value[key]) if inner.type_name == "structure" else {"value": value[key]})
                for key in sorted(value)
            ]
        case "timestamp":
            return datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")
    return value


def plain(value: Any) -> Any:
    """Remove underscores and case from a response's strings, so that enumeration values can be compared with AWS's."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.replace("_", "").lower() if isinstance(value, str) else value
