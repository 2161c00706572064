"""What all entities have in common, and how fields get their values.

A field is declared in one line: its name, its type, the member of AWS's response that it shows, and its description.
If the entity's record covers the member, the value is read immediately; if not, the field returns a coroutine that
loads it through the request's loaders. Structures nested in a response stay the dictionaries that AWS sent, and their
fields read them in the same way.
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
"""The type of a field that returns a vertex of the lineage graph; lazy, so that every module can use it."""

Path = str | Callable[[Kind], str]
"""A path into a Describe response, or a function that returns it for a kind if the kinds differ."""


class Member(StrawberryField):
    """A field that shows a member of AWS's response."""

    def __init__(
        self,
        path: Path,
        description: str,
        convert: Callable[[Any], Any] | None = None,
        name: str | None = None,
        directives: Sequence[object] = (),
    ) -> None:
        """Show the member at ``path``, converted by ``convert`` unless absent; ``name`` overrides the GraphQL name."""
        super().__init__(description=description, graphql_name=name, directives=directives)
        self.init = self.repr = self.compare = False
        self.path = path
        self.convert = convert

    def __copy__(self) -> "Member":
        """Return a copy with this class's own attributes; strawberry copies the fields that a type inherits."""
        copied = Member(self.path, self.description or "", self.convert, self.graphql_name, self.directives)
        copied.python_name = self.python_name
        copied.type_annotation, copied.origin = self.type_annotation, self.origin
        return copied

    def get_result(self, source: Any, info: Any, args: Any, kwargs: Any) -> Any:  # noqa: ARG002
        """Return the value, or a coroutine if it takes a call."""
        if isinstance(source, Described):
            return source.read(self.path_of(source.kind), self.convert)
        return _converted(source.get(self.path), self.convert)

    def path_of(self, kind: Kind) -> str:
        """Return the path for a kind."""
        return self.path if isinstance(self.path, str) else self.path(kind)

    def reader(self, origin: type) -> Callable[[Any], Any]:
        """Return a function that reads the value like ``get_result``, but only from instances of ``origin``."""
        if issubclass(origin, Described):
            return methodcaller("read", self.path_of(origin.kind), self.convert)
        if self.convert is None:
            return methodcaller("get", self.path)
        return lambda source: _converted(source.get(self.path), self.convert)


def member(path: Path, description: str, convert: Callable[[Any], Any] | None = None, name: str | None = None) -> Any:
    """Declare a field that shows a member of AWS's response.

    ``name`` is the GraphQL name, needed only for acronyms that the automatic conversion would put in lower case.
    """
    return Member(path, description, convert, name)


IDENTITY = "identity"
"""The federation tag of types and fields that identify a user, so that a restricted graph can exclude them."""


def who(path: str, description: str) -> Any:
    """Declare a field that shows who did something."""
    return Member(path, description, directives=[federation.schema_directives.Tag(name=IDENTITY)])


_CLASSES: dict[Kind, type["Described"]] = {}


class Described:
    """An entity that has a Describe call: it reads what its record covers, and loads the rest."""

    kind: ClassVar[Kind]
    loaders: Loaders
    key: str

    def __init_subclass__(cls) -> None:
        """Register the class that shows the kind, so that links need not import each other's modules."""
        if "kind" in cls.__dict__:
            _CLASSES[cls.kind] = cls

    @property
    def place(self) -> Place:
        """The account and region to query for it and what belongs to it; raises Forbidden if the gateway may not."""
        return self.loaders.known.place_of(self.key)

    @property
    def record(self) -> Record:
        """What the request has loaded of it so far."""
        return self.loaders.known.record(self.key)

    def read(self, path: str, convert: Callable[[Any], Any] | None = None) -> Any:
        """Return the value at ``path``, or a coroutine if it takes a call."""
        value = self.loaders.known.record(self.key).told(path)
        if value is UNTOLD:
            return None if path in self.kind.never else self._load(path, convert)
        return convert(value) if convert and value is not None else value

    async def loaded(self, path: str) -> Any:
        """Return the value at ``path``, loading it if necessary."""
        value = self.read(path)
        return await value if isawaitable(value) else value

    async def _load(self, path: str, convert: Callable[[Any], Any] | None) -> Any:
        record = await self.loaders.entities.describe(self.kind, self.key, path)
        return _converted(record.read(path), convert)


def _converted(value: Any, convert: Callable[[Any], Any] | None) -> Any:
    return convert(value) if convert and value is not None else value


@strawberry.interface(description="Anything that `node(id:)` can find.")
class Node:
    """Relay's Node interface."""

    loaders: strawberry.Private[Loaders]
    key: strawberry.Private[str]

    @strawberry.field(description="Its global id: an entity's is its ARN, an association's is opaque.")
    def id(self) -> strawberry.ID:
        """Return the id."""
        return strawberry.ID(self.key)

    @classmethod
    def resolve_type(cls, found: Any, info: GraphQLResolveInfo[Any], _: GraphQLAbstractType) -> str:
        """Return the name of the object's type in this schema; strawberry's own method omits the prefix."""
        schema: strawberry.Schema = info.schema.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
        return schema.config.name_converter.from_object(found.__strawberry_definition__)


def shown(loaders: Loaders, key: str) -> Any:
    """Return the entity with this key, without describing it; None unless it is an ARN of a kind in the schema.

    Raises BudgetExceeded when the response has reached its maximum number of entities.
    """
    loaders.count_shown()
    if key not in loaders.shown:
        kind = kind_at(key)
        entity: Callable[..., Any] | None = _CLASSES.get(kind) if kind else None
        loaders.shown[key] = entity(loaders=loaders, key=key) if entity else None
    return loaders.shown[key]


def linked(loaders: Loaders, kind: Kind, text: str) -> Any:
    """Return the entity of this kind with the ARN ``text``, without describing it; None if it is no such ARN."""
    return shown(loaders, text) if kind_at(text) is kind else None


def uncovered(info: Info, *paths: tuple[str, ...]) -> dict[Kind, list[str]]:
    """Return, by kind, the paths in the Describe response that the document selects and a walk does not load.

    ``paths`` lead from the resolver's field to the fields that return vertices.
    """
    names: dict[str | None, set[str]] = defaultdict(set)
    for path in paths:
        for condition, fields in selected(info, *path).items():
            names[condition] |= fields
    found = {}
    for kind in LINEAGE:
        chosen = names[None].union(*(names[name] for name in _type_names(info, kind)))
        needed = [path for name, path in _paths(kind).items() if name in chosen and path != kind.type_path]
        if needed:
            found[kind] = needed
    return found


def _type_names(info: Info, kind: Kind) -> list[str]:
    """Return the type conditions that match a kind of vertex: its type and interfaces, as this schema names them."""
    definition: StrawberryObjectDefinition = _CLASSES[kind].__strawberry_definition__  # type: ignore[attr-defined]
    return [info.schema.config.name_converter.from_type(one) for one in (definition, *definition.interfaces)]


@cache
def _paths(kind: Kind) -> dict[str, str]:
    """Return the paths of the fields that show a member of the Describe response, by the fields' GraphQL names."""
    fields = _CLASSES[kind].__strawberry_definition__.fields  # type: ignore[attr-defined]
    shown = {to_camel_case(field.python_name): field.path_of(kind) for field in fields if isinstance(field, Member)}
    added = {name: path for name, path in _BATCHED.items() if path in kind.describe_lacks}
    return {name: path for name, path in {**shown, **_RESOLVED, **added}.items() if path not in kind.never}


_RESOLVED = {
    "properties": "Properties",
    "lineageGroup": "LineageGroupArn",
    "metadataProperties": "MetadataProperties",
    "modelPackage": "Source.SourceUri",
    "modelPackageGroup": "Source.SourceUri",
}
"""Further fields, whose resolvers read a member, and its path."""
_BATCHED = {"tags": "Tags", "pipelineExecution": "Tags", "parentTrials": "Parents"}
"""Fields whose resolvers read what only a batch adds to the Describe response, and its path."""


@strawberry.type(description="An entity with an ARN of its own.")
class Registered(Described, Node):
    """Base of the entities outside the lineage graph."""

    @strawberry.field(description="Its ARN.")
    def arn(self) -> Arn:
        """Return the ARN."""
        return Arn(unpinned(self.key))


@strawberry.type(description="An entity that can be tagged.")
class Tagged(Registered):
    """Base of those entities that can be tagged."""

    @strawberry.field(description="Its AWS tags. At most one ListTags call.")
    async def tags(self) -> list["Tag"] | None:
        """Return the tags."""
        return await self.loaders.belongings.tags(unpinned(self.key))  # type: ignore[return-value] # shown as AWS sent them


@federation.type(tags=[IDENTITY], description="The IAM identity behind a change.")
class IamIdentity:
    """An IAM identity."""

    arn: str | None = member("Arn", "The identity's ARN in IAM or STS.")
    principal_id: str | None = member("PrincipalId", "The identity's unique id in IAM.")
    source_identity: str | None = member("SourceIdentity", "Who assumed the role, if the session says so.")


@federation.type(tags=[IDENTITY], description="Who created or changed something in SageMaker.")
class UserContext:
    """The user who created or changed something."""

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
"""An added member of the structure: the key of its entity. The project is in the entity's account."""


def metadata_properties(entity: Described) -> MetadataProperties | None:
    """Return an entity's MetadataProperties, with the entity's key added."""
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
    """Convert a map of strings to a list: all entries sorted by key, or those of ``keys`` in that order."""
    chosen = sorted(values) if keys is None else [key for key in dict.fromkeys(keys) if key in values]
    return [{"Key": key, "Value": values[key]} for key in chosen]


def keyed(values: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Convert a map of structures to a list sorted by key, in which each structure has its key as a member."""
    return [{"Key": key, **values[key]} for key in sorted(values)]
