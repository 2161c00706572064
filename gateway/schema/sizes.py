"""How long lists are and what fields cost: the directives by which operations are estimated before they run.

They follow from a field's arguments and type, so that they are rules here rather than a line at each of the fields. A
router that knows Apollo's demand control reads them in the printed schema, and the gateway's own estimate in `cost`.
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
"""Items of a list of which nothing says how many it has: seldom more, of tags or properties, containers or metrics."""

GIVEN = ("ids", "representations")
"""Arguments for each of whose items a list has one."""

SLICES = {"first": MOST_RESULTS, "maxVertices": MOST_VERTICES}
"""Arguments that say how many items are wanted, and the most that they take; a field that is asked for more fails."""

_SLICED = ("edges", "nodes", "vertices", "paths")
"""Lists that these cut, where they are not those of the field itself, but of what it returns."""

_LONGEST = {"nodes": MOST_IDS, "start": MOST_STARTS}
"""Lists that may have so many items, where no directive can say which argument tells."""

_WALK = 20
"""What a field that walks costs, as much as any object for each call: 1,000 vertices, of which a call tells 50."""

_WEIGHTS = {"paths": 2 * _WALK, "export": 1000}
"""What others cost, where they take arguments: a walk from each end; and calls for the names of 1,000 vertices."""


class _Place(NamedTuple):
    """A field and the type that it stands in."""

    owner: StrawberryObjectDefinition
    field: StrawberryField


def declare(*roots: type) -> None:
    """Attach the directives to the fields of all types that are reachable from some, before a schema is built of them.

    Doing so again changes nothing.
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
    # What is not said must be unset: a null would be printed, and composition fails on it.
    return ListSize(
        assumed_size=assumed, slicing_arguments=slices, sized_fields=sliced, require_one_slicing_argument=UNSET
    )


def _costs(field: StrawberryField) -> list[Cost]:
    arguments = {argument.python_name for argument in field.arguments}
    if arguments and field.python_name in _WEIGHTS:
        return [Cost(weight=_WEIGHTS[field.python_name])]
    return [Cost(weight=_WALK)] if "direction" in arguments and not _is_list(field) else []


def _slices(field: StrawberryField) -> list[str]:
    names = (argument.graphql_name or to_camel_case(argument.python_name) for argument in field.arguments)
    return [name for name in names if name in SLICES]


def _sliced(field: StrawberryField) -> list[str]:
    """Give the lists of the object that a field returns which its arguments cut."""
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
            # Composition refuses @cost there, so that they can't be the very fields of the types.
            definition.fields[:] = map(copy, definition.fields)
        for field in definition.fields:
            yield _Place(definition, field)
            waiting += [inner] if (inner := _definition(field)) else []
