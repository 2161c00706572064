"""What types and root fields are called, so that nothing collides in a graph of many subgraphs."""

from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

_SHARED = {"Query", "Mutation", "Subscription", "PageInfo", "Node"}
"""What GraphQL or Relay names, and every subgraph calls the same."""


class Names(NameConverter):
    """Names as the code has them, with a prefix before those that are the gateway's own.

    Scalars have none: subgraphs that name the same scalar mean the same.
    """

    def __init__(self, prefix: str | None = None, *roots: type) -> None:
        """Put ``prefix`` before types, and before the fields of ``roots``."""
        super().__init__()
        self._prefix = prefix or ""
        self._roots = roots

    def from_object(self, object_type: StrawberryObjectDefinition) -> str:
        """Name a type, an interface or an input."""
        return self._type(super().from_object(object_type))

    def from_enum(self, enum: StrawberryEnumDefinition) -> str:
        """Name an enumeration."""
        return self._type(super().from_enum(enum))

    def from_field(self, field: StrawberryField) -> str:
        """Name a field."""
        name, declared_in = super().from_field(field), field.origin
        is_root = isinstance(declared_in, type) and any(issubclass(root, declared_in) for root in self._roots)
        return self.root_field(name) if is_root else name

    def root_field(self, name: str) -> str:
        """Name a root field: `project` with the prefix `SageMaker` is `sageMakerProject`."""
        if not self._prefix or name.startswith("_"):
            return name
        return f"{self._prefix[0].lower()}{self._prefix[1:]}{name[0].upper()}{name[1:]}"

    def _type(self, name: str) -> str:
        # Names with an underscore are those of Apollo Federation.
        return name if name in _SHARED or "_" in name else f"{self._prefix}{name}"
