"""The names of types and root fields, with an optional prefix against collisions with other subgraphs."""

from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

_SHARED = {"Query", "Mutation", "Subscription", "PageInfo", "Node"}
"""Names that GraphQL or Relay specifies, which are the same in every subgraph."""


class Names(NameConverter):
    """Converts the code's names to GraphQL names, with a prefix for the gateway's own types and root fields.

    Scalars have no prefix: a scalar means the same in all subgraphs that define it.
    """

    def __init__(self, prefix: str | None = None, *roots: type) -> None:
        """Prefix the names of types, and of the fields of ``roots``."""
        super().__init__()
        self._prefix = prefix or ""
        self._roots = roots

    def from_object(self, object_type: StrawberryObjectDefinition) -> str:
        """Return the name of a type, an interface or an input."""
        return self._type(super().from_object(object_type))

    def from_enum(self, enum: StrawberryEnumDefinition) -> str:
        """Return the name of an enum."""
        return self._type(super().from_enum(enum))

    def from_field(self, field: StrawberryField) -> str:
        """Return the name of a field."""
        name, declared_in = super().from_field(field), field.origin
        is_root = isinstance(declared_in, type) and any(issubclass(root, declared_in) for root in self._roots)
        return self.root_field(name) if is_root else name

    def root_field(self, name: str) -> str:
        """Return the name of a root field: `project` with the prefix `SageMaker` is `sageMakerProject`."""
        if not self._prefix or name.startswith("_"):
            return name
        return f"{self._prefix[0].lower()}{self._prefix[1:]}{name[0].upper()}{name[1:]}"

    def _type(self, name: str) -> str:
        # Only names from Apollo Federation contain an underscore.
        return name if name in _SHARED or "_" in name else f"{self._prefix}{name}"
