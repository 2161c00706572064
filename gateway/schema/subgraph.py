"""The schema as a subgraph: a part of a larger graph, put together by a router of Apollo Federation."""

from functools import cached_property
from typing import Any

import strawberry
from strawberry.federation.schema import FederationAny
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from gateway.schema.names import Names
from gateway.schema.references import referable
from gateway.schema.scalars import SCALARS

_ANY = strawberry.scalar(
    name="_Any",
    description="A reference to an entity: an object with its `__typename` and its `arn`.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)


class Subgraph(strawberry.federation.Schema):
    """A schema that a router can compose with others; `@link` names the directives that are in use."""

    def __init__(self, names: Names, most_references: int, **types: Any) -> None:
        """Make the schema of ``types``; take at most so many references at once."""
        config = StrawberryConfig(scalar_map=SCALARS, name_converter=names)
        super().__init__(federation_version="2.9", scalar_overrides={FederationAny: _ANY}, config=config, **types)
        self.most_references = most_references
        self.referable = referable(names)

    @cached_property
    def sdl(self) -> str:
        """The schema in GraphQL's schema definition language."""
        return print_schema(self) + "\n"
