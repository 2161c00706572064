"""The `@listSize` and `@cost` directives, from which the cost of an operation is estimated before execution.

They follow from a field's arguments and type, so they are rules here instead of a line at each field. Routers with
Apollo's demand control read them from the printed schema, and `cost` uses them for the gateway's own estimate.
"""

from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple

from strawberry import UNSET
from strawberry.federation.schema_directives import Cost, ListSize
from strawberry.types.base import (
    StrawberryContainer,
    StrawberryList,
    StrawberryObjectDefinition,
    StrawberryOptional,
    get_object_definition,
)
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType
from strawberry.utils.str_converters import to_camel_case

from gateway.aws.kinds import MOST_RESULTS
from gateway.schema.nodes import MOST_IDS
from gateway.schema.walks import MOST_STARTS, MOST_VERTICES

ASSUMED_SIZE = 10
"""Assumed length of a list if nothing determines it; there are seldom more tags, properties, containers or metrics."""

GIVEN = ("ids", "representations")
"""List arguments; the field returns an item for each of their items."""

SLICES = {"first": MOST_RESULTS, "maxVertices": MOST_VERTICES}
"""Arguments that limit the number of items, with their maximum values; a field with a greater value fails."""

_SLICED = ("edges", "nodes", "vertices", "paths")
"""Lists that these arguments limit in the object that a field returns, if the field itself is not a list."""

_LONGEST = {"nodes": MOST_IDS, "start": MOST_STARTS}
"""Maximum lengths of lists which depend on arguments in a way that no directive can express."""

_WALK = 20
"""Cost of a field that walks: 20 calls that find 50 vertices each, 1,000 in all; a call costs as much as an object."""

_WEIGHTS = {"paths": 2 * _WALK, "export": 1000}
"""Costs of other fields that have arguments: a walk from each end, and calls for the names of 1,000 vertices."""


class _Place(NamedTuple):
    """A field and the type that has it."""

    owner: StrawberryObjectDefinition
    field: StrawberryField


def declare(*roots: type) -> None:
    """Add the directives to the fields of all types reachable from ``roots``; to be called before building the schema.

    The function is idempotent.
    """
    places = list(_places(roots))
    sliced = {(_name(place.field), name) for place in places if _slices(place.field) for name in _sliced(place.field)}
    for owner, field in places:
        others = [directive for directive in field.directives if not isinstance(directive, ListSize | Cost)]
        sizes = [] if (owner.name, field.python_name) in sliced else _sizes(field)
        costs = [] if owner.is_interface else _costs(field)
        field.directives = [*others, *sizes, *costs]


def _sizes(field: StrawberryField) -> list[ListSize]:
    slices = _slices(field)
    if _is_list(field):
        return [_size(slices=slices) if slices else _size(assumed=_LONGEST.get(field.python_name, ASSUMED_SIZE))]
    sliced = _sliced(field) if slices else []
    return [_size(slices=slices, sliced=sliced)] if sliced else []


def _size(assumed: int = UNSET, slices: list[str] = UNSET, sliced: list[str] = UNSET) -> ListSize:
    # Absent values must be UNSET: null would be printed, on which composition fails.
    return ListSize(
        assumed_size=assumed, slicing_arguments=slices, sized_fields=sliced, require_one_slicing_argument=UNSET
    )


def _costs(field: StrawberryField) -> list[Cost]:
    arguments = {argument.python_name for argument in field.arguments}
    if arguments and field.python_name in _WEIGHTS:
        return [Cost(weight=_WEIGHTS[field.python_name])]
    if "direction" not in arguments:
        return []
    # The weight of a list is that of each of its items, which therefore share the walk.
    return [Cost(weight=1 + _WALK // ASSUMED_SIZE if _is_list(field) else _WALK)]


def _slices(field: StrawberryField) -> list[str]:
    names = (argument.graphql_name or to_camel_case(argument.python_name) for argument in field.arguments)
    return [name for name in names if name in SLICES]


def _sliced(field: StrawberryField) -> list[str]:
    """Return the lists that a field's arguments limit in the object that it returns."""
    definition = _definition(field)
    fields = definition.fields if definition and not _is_list(field) else []
    return [inner.python_name for inner in fields if inner.python_name in _SLICED and _is_list(inner)]


def _is_list(field: StrawberryField) -> bool:
    type = field.type
    return isinstance(type.of_type if isinstance(type, StrawberryOptional) else type, StrawberryList)


def _name(field: StrawberryField) -> str:
    definition = _definition(field)
    return definition.name if definition else ""


def _definition(field: StrawberryField) -> StrawberryObjectDefinition | None:
    type: Any = field.type
    while isinstance(type, StrawberryContainer | LazyType):
        type = type.of_type if isinstance(type, StrawberryContainer) else type.resolve_type()
    return get_object_definition(type)


def _places(roots: tuple[type, ...]) -> Iterator[_Place]:
    seen: set[StrawberryObjectDefinition] = set()
    waiting = [get_object_definition(root, strict=True) for root in roots]
    while waiting:
        definition = waiting.pop()
        if definition in seen:
            continue
        seen.add(definition)
        waiting += definition.interfaces
        if definition.is_interface:
            # Types share their interfaces' field objects, and composition rejects @cost on an interface's field.
            definition.fields[:] = map(copy, definition.fields)
        for field in definition.fields:
            yield _Place(definition, field)
            waiting += [inner] if (inner := _definition(field)) else []
