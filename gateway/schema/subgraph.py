"""The schema as a subgraph, which a router of Apollo Federation can compose with others to a larger graph."""

from functools import cached_property
from typing import Any

import strawberry
from graphql import GraphQLEnumType, GraphQLSchema, is_specified_directive, print_directive, print_type
from strawberry.federation.schema import FederationAny
from strawberry.federation.types import FieldSet, LinkImport
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from gateway.schema.names import Names
from gateway.schema.references import referable
from gateway.schema.scalars import SCALARS


def _scalar(name: str, description: str) -> Any:
    return strawberry.scalar(
        name=name, description=description, serialize=lambda value: value, parse_value=lambda value: value
    )


_SCALARS: dict[object, Any] = {
    FederationAny: _scalar("_Any", "A reference to an entity: an object with its `__typename` and its `arn`."),
    FieldSet: _scalar("federation__FieldSet", "A selection of a type's fields, without the outer braces."),
    LinkImport: _scalar(
        "link__Import",
        "What is imported from a specification: a name, or an object with `name` and its alias, `as`.",
    ),
}
_PURPOSE = "link__Purpose"
_VALUES = {
    "SECURITY": "To control access to data; a router that does not know it refuses the schema.",
    "EXECUTION": "To execute operations; a router that does not know it refuses the schema.",
}
_DIRECTIVES = {
    "cost": "The cost of one of these, by Apollo's demand control.",
    "key": "The fields by which a router looks up an entity.",
    "link": "A specification that the schema follows, and what it imports from it.",
    "listSize": "The length of a list, by Apollo's demand control.",
    "shareable": "Other subgraphs may define this too.",
    "tag": "A label by which tools find this.",
}
_ARGUMENTS = {
    "as": "The name of the specification in this schema.",
    "assumedSize": "The length to assume when no argument sets it.",
    "fields": "The fields, unique in combination.",
    "for": "What it is needed for.",
    "import": "What is imported from it by name.",
    "name": "The label.",
    "requireOneSlicingArgument": "Whether exactly one of the slicing arguments must be given.",
    "resolvable": "Whether this subgraph has more of an entity than these fields.",
    "sizedFields": "The fields below that hold the list.",
    "slicingArguments": "The arguments that set the length.",
    "url": "The URL of the specification, with its version.",
    "weight": "The cost.",
}


class Subgraph(strawberry.federation.Schema):
    """A schema that a router can compose with others; `@link` names the directives that are in use."""

    def __init__(self, names: Names, most_references: int, **types: Any) -> None:
        """Build a schema of ``types`` whose `_entities` field takes at most ``most_references`` references."""
        config = StrawberryConfig(scalar_map=SCALARS, name_converter=names)
        super().__init__(federation_version="2.9", scalar_overrides=_SCALARS, config=config, **types)
        _describe(self._schema)
        self.most_references = most_references
        self.referable = referable(names)

    @cached_property
    def sdl(self) -> str:
        """The schema in GraphQL's schema definition language.

        It defines the directives that it uses, so that tools without support for federation can read it.
        """
        own = sorted(print_directive(one) for one in self._schema.directives if not is_specified_directive(one))
        return "\n\n".join([print_schema(self), *own, print_type(self._schema.type_map[_PURPOSE])]) + "\n"


def _describe(schema: GraphQLSchema) -> None:
    """Add descriptions to the types and directives of federation, which have none in strawberry."""
    if isinstance(purpose := schema.get_type(_PURPOSE), GraphQLEnumType):
        purpose.description = "What a specification is needed for."
        for name, description in _VALUES.items():
            purpose.values[name].description = description
    for directive in schema.directives:
        directive.locations = tuple(dict.fromkeys(directive.locations))  # strawberry repeats one of @cost's
        directive.description = directive.description or _DIRECTIVES[directive.name]
        for name, argument in directive.args.items():
            argument.description = argument.description or _ARGUMENTS[name]
