"""The shapes of a schema's fields: how each is read and completed, whatever the operation.

A field whose value can be read from the object alone has a reader, and one whose values need no conversion has their
classes. All others are left to graphql-core.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNamedOutputType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from gateway.schema.entity import Member

Read = Callable[[Any], Any]
Write = Callable[[Any], Any]
Classes = frozenset[type]

_UNCONVERTED: dict[str, type] = {"Arn": str, "Boolean": bool, "ID": str, "Long": int, "String": str}
"""Scalars whose values need no conversion, and the class of these values."""

_CONVERTED = {"DateTime", "Float", "Int"}
"""Scalars that convert their values, and raise an error for invalid ones."""

_NULL: Classes = frozenset({type(None)})


class Shape(NamedTuple):
    """How a field of a type is read and completed, independent of the operation."""

    parent: GraphQLObjectType
    definition: GraphQLField
    named: GraphQLNamedOutputType
    """The type of the field, without list and non-null wrappers."""
    read: Read | None
    """Reads the value if the field is given no arguments; None if graphql-core has to resolve the field."""
    plain: Classes
    """The classes of values that need no conversion."""
    write: Write | None
    """Converts other values, or raises an error; None if graphql-core has to complete them."""
    items: GraphQLOutputType | None
    """The type of the items if the field is a list, else None."""
    plain_items: Classes


class Shapes:
    """The shapes of a schema's fields, each created when it is first selected."""

    def __init__(self, schema: GraphQLSchema) -> None:
        """Start without any shapes."""
        self._schema = schema
        self._made: dict[tuple[str, str], Shape] = {}
        self._types: dict[tuple[str, type], GraphQLObjectType | None] = {}

    def of(self, parent: GraphQLObjectType, name: str) -> Shape:
        """Return the shape of a field."""
        key = parent.name, name
        if key not in self._made:
            definition = self._schema.get_field(parent, name)
            assert definition  # noqa: S101 - the document is valid
            self._made[key] = _shape(parent, name, definition)
        return self._made[key]

    def object_type(self, named: GraphQLNamedOutputType, origin: type) -> GraphQLObjectType | None:
        """Return the object type of a class's instances in a field of type ``named``; None if it has none for them."""
        key = named.name, origin
        if key not in self._types:
            possible: Any = self._schema.get_possible_types(named) if is_abstract_type(named) else [named]
            self._types[key] = next((one for one in possible if origin in _classes(one)), None)
        return self._types[key]


def _shape(parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Shape:
    bare: Any = get_nullable_type(definition.type)
    named: Any = get_named_type(definition.type)
    items = bare.of_type if is_list_type(bare) else None
    known = frozenset({_UNCONVERTED[named.name]} if named.name in _UNCONVERTED else ())
    return Shape(
        parent,
        definition,
        named,
        read=(lambda _: parent.name) if name == "__typename" else _reader(parent, definition),
        plain=_or_null(definition.type, frozenset() if items else known),
        write=None if items else _writer(named),
        items=items,
        plain_items=_or_null(items, known),
    )


def _or_null(declared: Any, plain: Classes) -> Classes:
    return plain if is_non_null_type(declared) else plain | _NULL


def _reader(parent: GraphQLObjectType, definition: GraphQLField) -> Read | None:
    """Return strawberry's resolver as a function of only the object; None if it needs more than that."""
    field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(field, StrawberryField) or field.is_async or field.is_subscription or field.extensions:
        return None
    if isinstance(field, Member):
        return field.reader(parent.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].origin)
    resolver = field.base_resolver
    if resolver is None:
        return attrgetter(field.python_name)
    read: Any = resolver.wrapped_func
    others = len(resolver.signature.parameters) - len(resolver.arguments)
    return read if resolver.self_parameter and others == 1 else None


def _writer(named: GraphQLNamedOutputType) -> Write | None:
    if isinstance(named, GraphQLEnumType):
        return cache(named.coerce_output_value)  # strawberry searches through all values of the enum
    return named.coerce_output_value if is_leaf_type(named) and named.name in _CONVERTED else None


def _classes(named: GraphQLNamedType) -> set[type]:
    """Return the classes whose instances a type shows: its own, and dict for structures nested in AWS's responses."""
    declared = named.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(declared, StrawberryObjectDefinition):
        return set()
    generic = {declared.concrete_of.origin} if declared.concrete_of else set()
    return {declared.origin} | generic | (set() if declared.interfaces else {dict})
