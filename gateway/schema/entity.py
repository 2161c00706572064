"""What every entity has in common, and how a field finds its value.

A field is one line: its name, its type, the member of AWS's answer that it shows, and its description. A covered
member is read on the spot; an uncovered one asks the request's loaders. Structures inside an answer stay the
dictionaries that AWS sent, and their fields read them the same way.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from inspect import isawaitable
from operator import methodcaller
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo
from strawberry import Info, federation
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from gateway.aws.kinds import LINEAGE, Kind, kind_at, unpinned
from gateway.aws.places import Place
from gateway.loaders import Loaders
from gateway.records import UNTOLD, Record
from gateway.schema.scalars import Arn
from gateway.schema.selection import selected

if TYPE_CHECKING:
    from strawberry.types.base import StrawberryObjectDefinition

    from gateway.schema.lineage import LineageEntity
    from gateway.schema.pipelines import Project

Vertex = Annotated["LineageEntity", strawberry.lazy("gateway.schema.lineage")]
"""The type of a field that shows a vertex of the lineage graph, whichever file it stands in."""

Path = str | Callable[[Kind], str]
"""A path into a Describe response; or how to find it in the row of the entity's kind, where the kinds differ."""


class Member(StrawberryField):
    """A field that shows a member of AWS's answer."""

    def __init__(
        self,
        path: Path,
        description: str,
        convert: Callable[[Any], Any] | None = None,
        name: str | None = None,
        directives: Sequence[object] = (),
    ) -> None:
        """Show the member at ``path``, turned by ``convert`` unless it is absent; ``name`` is for acronyms."""
        super().__init__(description=description, graphql_name=name, directives=directives)
        self.init = self.repr = self.compare = False
        self.path = path
        self.convert = convert

    def __copy__(self) -> "Member":
        """Copy with what this class adds, for strawberry copies the fields that a type inherits."""
        copied = Member(self.path, self.description or "", self.convert, self.graphql_name, self.directives)
        copied.python_name = self.python_name
        copied.type_annotation, copied.origin = self.type_annotation, self.origin
        return copied

    def get_result(self, source: Any, info: Any, args: Any, kwargs: Any) -> Any:  # noqa: ARG002
        """Return the value, or a coroutine where a call is needed to know it."""
        if isinstance(source, Described):
            path = self.path if isinstance(self.path, str) else self.path(source.kind)
            return source.read(path, self.convert)
        value = source.get(self.path)
        return self.convert(value) if self.convert and value is not None else value

    def reader(self, origin: type) -> Callable[[Any], Any]:
        """Return what reads it from the objects of one class, as ``get_result`` does from those of any."""
        if issubclass(origin, Described):
            path = self.path if isinstance(self.path, str) else self.path(origin.kind)
            return methodcaller("read", path, self.convert)
        if self.convert is None:
            return methodcaller("get", self.path)
        return lambda source: self.get_result(source, None, (), {})


def member(path: Path, description: str, convert: Callable[[Any], Any] | None = None, name: str | None = None) -> Any:
    """Declare a field that shows a member of AWS's answer; ``name`` is for those whose acronyms case would lose."""
    return Member(path, description, convert, name)


IDENTITY = "identity"
"""The tag of what tells who somebody is, so that a graph for those who may not know can leave it out."""


def who(path: str, description: str) -> Any:
    """Declare a field that shows who did something."""
    return Member(path, description, directives=[federation.schema_directives.Tag(name=IDENTITY)])


_CLASSES: dict[Kind, type["Described"]] = {}


class Described:
    """An entity that a Describe call tells of: it reads what its record covers and asks for the rest."""

    kind: ClassVar[Kind]
    loaders: Loaders
    key: str

    def __init_subclass__(cls) -> None:
        """Note which class shows the kind, so that links need not know each other's files."""
        if "kind" in cls.__dict__:
            _CLASSES[cls.kind] = cls

    @property
    def place(self) -> Place:
        """Where it, and what belongs to it, is asked for; Forbidden where the gateway may not."""
        return self.loaders.known.place_of(self.key)

    @property
    def record(self) -> Record:
        """What the request knows of it so far."""
        return self.loaders.known.record(self.key)

    def read(self, path: str, convert: Callable[[Any], Any] | None = None) -> Any:
        """Return the value at ``path``, or a coroutine of it when that takes a call."""
        value = self.loaders.known.record(self.key).told(path)
        if value is UNTOLD:
            return None if path in self.kind.never else self._ask(path, convert)
        return convert(value) if convert and value is not None else value

    async def known(self, path: str) -> Any:
        """Return the value at ``path``, asking for it where need be."""
        value = self.read(path)
        return await value if isawaitable(value) else value

    async def _ask(self, path: str, convert: Callable[[Any], Any] | None) -> Any:
        return _value(await self.loaders.entities.describe(self.kind, self.key, path), path, convert)


def _value(record: Record, path: str, convert: Callable[[Any], Any] | None) -> Any:
    value = record.read(path)
    return convert(value) if convert and value is not None else value


@strawberry.interface(description="Anything that `node(id:)` can find.")
class Node:
    """Relay's node."""

    loaders: strawberry.Private[Loaders]
    key: strawberry.Private[str]

    @strawberry.field(description="Its global id: an entity's is its ARN, an association's is opaque.")
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(self.key)

    @classmethod
    def resolve_type(cls, found: Any, info: GraphQLResolveInfo[Any], _: GraphQLAbstractType) -> str:
        """Tell what this schema calls the type of what was found; strawberry's own way leaves out the prefix."""
        schema: strawberry.Schema = info.schema.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        return schema.config.name_converter.from_object(found.__strawberry_definition__)


def shown(loaders: Loaders, key: str) -> Any:
    """Return the entity with this key, undescribed; None when it is no ARN of a kind that is shown.

    BudgetExceeded when the answer shows as many as it may.
    """
    loaders.count_shown()
    if key not in loaders.shown:
        kind = kind_at(key)
        entity: Callable[..., Any] | None = _CLASSES.get(kind) if kind else None
        loaders.shown[key] = entity(loaders=loaders, key=key) if entity else None
    return loaders.shown[key]


def linked(loaders: Loaders, kind: Kind, text: str) -> Any:
    """Return the entity that ``text`` names, undescribed; None unless it is the ARN of one of this kind."""
    return shown(loaders, text) if kind_at(text) is kind else None


def uncovered(info: Info, *paths: tuple[str, ...]) -> dict[Kind, list[str]]:
    """Tell what the document asks of each kind of vertex beyond what a walk tells, as paths in the Describe response.

    ``paths`` lead from the resolver's field to fields of vertices.
    """
    names: dict[str | None, set[str]] = defaultdict(set)
    for path in paths:
        for condition, fields in selected(info, *path).items():
            names[condition] |= fields
    found = {}
    for kind in LINEAGE:
        asked = names[None].union(*(names[name] for name in type_names(info, kind)))
        needed = [path for name, path in _paths(kind).items() if name in asked and path != kind.type_path]
        if needed:
            found[kind] = needed
    return found


def type_names(info: Info, kind: Kind) -> list[str]:
    """Return the types that a fragment about a vertex may name: its own and its interfaces, as this schema has them."""
    definition: StrawberryObjectDefinition = _CLASSES[kind].__strawberry_definition__  # type: ignore[attr-defined]
    return [info.schema.config.name_converter.from_type(one) for one in (definition, *definition.interfaces)]


@cache
def _paths(kind: Kind) -> dict[str, str]:
    """The fields that show a member of the Describe response, by their names in the schema."""
    fields = _CLASSES[kind].__strawberry_definition__.fields  # type: ignore[attr-defined]
    shown = {
        to_camel_case(field.python_name): field.path if isinstance(field.path, str) else field.path(kind)
        for field in fields
        if isinstance(field, Member)
    }
    return {name: path for name, path in {**shown, **_RESOLVED}.items() if path not in kind.never}


_RESOLVED = {
    "properties": "Properties",
    "lineageGroup": "LineageGroupArn",
    "metadataProperties": "MetadataProperties",
}
"""Fields with a resolver that reads a member."""


@strawberry.type(description="An entity with an ARN of its own.")
class Registered(Described, Node):
    """What the entities beside the lineage graph have in common."""

    @strawberry.field(description="Its ARN.")
    def arn(self) -> Arn:
        """Return the ARN."""
        return Arn(unpinned(self.key))


@strawberry.type(description="An entity that can be tagged.")
class Tagged(Registered):
    """What has tags of its own."""

    @strawberry.field(description="Its AWS tags. At most one ListTags call.")
    async def tags(self) -> list["Tag"] | None:
        """Return the tags."""
        tags: Any = await self.loaders.belongings.tags(unpinned(self.key))
        return tags  # type: ignore[no-any-return]


@federation.type(tags=[IDENTITY], description="The IAM identity behind a change.")
class IamIdentity:
    """An IAM identity."""

    arn: str | None = member("Arn", "The identity's ARN in IAM or STS.")
    principal_id: str | None = member("PrincipalId", "The identity's unique id in IAM.")
    source_identity: str | None = member("SourceIdentity", "Who assumed the role, if the session says so.")


@federation.type(tags=[IDENTITY], description="Who created or changed something in SageMaker.")
class UserContext:
    """Who did it."""

    user_profile_arn: str | None = member("UserProfileArn", "ARN of the user profile in SageMaker Studio.")
    user_profile_name: str | None = member("UserProfileName", "Name of that user profile.")
    domain_id: str | None = member("DomainId", "Id of the Studio domain that the profile belongs to.")
    iam_identity: IamIdentity | None = who("IamIdentity", "The IAM identity that made the call.")


@strawberry.type(description="The code and the process that made something.")
class MetadataProperties:
    """Where something came from."""

    commit_id: str | None = member("CommitId", "Commit of the code.")
    repository: str | None = member("Repository", "Repository of the code.")
    generated_by: str | None = member("GeneratedBy", "What generated it.")
    project_id: str | None = member("ProjectId", "Id of the project that it belongs to.")

    @strawberry.field(
        description="The project that it belongs to; null when it names none, or one that no longer exists. AWS "
        "cannot look up a project by its id, so this lists the account's projects: 1 ListProjects call per 100 of "
        "them, once per request."
    )
    async def project(
        self: Any, info: Info
    ) -> Annotated["Project", strawberry.lazy("gateway.schema.pipelines")] | None:
        """Return the project."""
        loaders: Loaders = info.context
        project_id = self.get("ProjectId")
        key = await loaders.belongings.project(project_id, loaders.known.place_of(self[_OWNER])) if project_id else None
        return shown(loaders, key) if key else None


_OWNER = "Owner"
"""Under this the structure holds the key of the entity that it is about, whose account its project is in."""


def metadata_properties(entity: Described) -> MetadataProperties | None:
    """Show where an entity came from."""
    found: MetadataProperties | None = entity.read("MetadataProperties", lambda value: value | {_OWNER: entity.key})
    return found


@strawberry.type(description="A property set on an entity.")
class Property:
    """A key and its value."""

    key: str = member("Key", "Its name, unique within the entity.")
    value: str | None = member("Value", "Its value.")


@strawberry.type(description="An AWS tag.")
class Tag:
    """A tag."""

    key: str = member("Key", "The tag's name, unique within the resource.")
    value: str = member("Value", "Its value; may be empty.")


def properties(values: Mapping[str, str], keys: list[str] | None = None) -> list[dict[str, str]]:
    """List a map of strings by key, or only ``keys`` of it in their order."""
    chosen = sorted(values) if keys is None else [key for key in dict.fromkeys(keys) if key in values]
    return [{"Key": key, "Value": values[key]} for key in chosen]


def keyed(values: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List a map of structures by key, each with its key beside its own members."""
    return [{"Key": key, **values[key]} for key in sorted(values)]
