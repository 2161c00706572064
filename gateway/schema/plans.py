"""What is selected of a type, planned once for all the objects that show it.

graphql-core treats each field of each object as if for the first time: it looks up the definition, makes a path and a
resolve info, and checks whether the value is a list, a scalar, an object or awaitable. A *plan* settles this once per
operation for a type and a selection. It has a step for each field, which says how the field is read, and the classes of
values that can be sent as they are. Everything else is left to graphql-core: fields that take arguments or wait, and
any value that a step did not expect, such as a coroutine because a call is needed, a null where none may be, or an
unknown word of an enumeration. graphql-core gets the value that was read, and completes it as it always would: the same
data, errors, paths and order of waiting.

A list that is longer than a page is completed slice by slice, each in its turn, and each slice is serialized as soon as
it is complete: thousands of vertices take a fraction of the memory that way, and no one waits for them to be encoded.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from functools import cache
from inspect import CORO_CREATED, getcoroutinelocals, getcoroutinestate
from operator import attrgetter
from types import CoroutineType
from typing import Any, NamedTuple, TypeVar

import orjson
from graphql import (
    Executor,
    GraphQLEnumType,
    GraphQLError,
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
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from gateway.schema.entity import Described, Member
from gateway.turns import LONG

C = TypeVar("C", dict[str, Any], list[Any])

Read = Callable[[Any], Any]
Write = Callable[[Any], Any]
Classes = frozenset[type]

At = tuple["At | None", str | int, str | None]
"""Where in the answer something is: graphql-core's Path, or the same as a tuple, made in about a fifth of the time."""

_SENT_AS_THEY_ARE: dict[str, type] = {"Arn": str, "Boolean": bool, "ID": str, "Long": int, "String": str}
"""Scalars, and the class of the values that they send as they are."""

_TURNED = {"DateTime", "Float", "Int"}
"""Scalars that convert their values, and fail with any other."""

_NULL: Classes = frozenset({type(None)})


class Coming(list[Any]):
    """A list that is shown slice by slice, each when it is ``ready``.

    graphql-core itself shows it at once, and fields ask again for what has not come yet.
    """

    def __init__(self, items: Iterable[Any], ready: Callable[[Sequence[Any]], Awaitable[None]]) -> None:
        """Have these items; ``ready`` waits until some of them are."""
        super().__init__(items)
        self.ready = ready


class Shape(NamedTuple):
    """How a field of a type is shown, whatever operation selects it."""

    parent: GraphQLObjectType
    definition: GraphQLField
    named: GraphQLNamedOutputType
    """Its type, or that of a list's items, whether they may be null or not."""
    read: Read | None
    """How it is read where it is given no argument; None where graphql-core has to resolve it."""
    plain: Classes
    """The classes of the values that are sent as they are."""
    write: Write | None
    """What turns others into what is sent, or fails; None where only graphql-core knows."""
    items: GraphQLOutputType | None
    """The type of the items, of a list."""
    plain_items: Classes


class Step(NamedTuple):
    """One field of a selection."""

    name: str
    """What the answer calls it."""
    details: FieldDetailsList
    shape: Shape
    plans: "dict[type, Plan | None]"
    """How the objects that it holds are shown, by their classes; None where graphql-core has to find out."""
    shown: dict[int, tuple[Described, dict[str, Any]]]
    """Completed entities, by ``id()`` of what they show, since edges show each vertex many times."""


class Plan(NamedTuple):
    """How the objects of a type are shown in one place of an operation."""

    type: GraphQLObjectType
    fields: GroupedFieldSet
    """What is selected: a plan is found by the identity of this, which must not go to another one meanwhile."""
    steps: list[tuple[str, Read | None, Classes, Step]]
    """The steps, and before each what is needed of most: its name, how it is read, and what is sent as it is."""


class Shapes:
    """The shapes of a schema's fields, each made when it is first selected."""

    def __init__(self, schema: GraphQLSchema) -> None:
        """Have made none."""
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
        """Return the type that shows the objects of a class where ``named`` is declared; None where that is unclear."""
        key = named.name, origin
        if key not in self._types:
            possible: Any = self._schema.get_possible_types(named) if is_abstract_type(named) else [named]
            self._types[key] = next((one for one in possible if origin in _classes(one)), None)
        return self._types[key]


def _shape(parent: GraphQLObjectType, name: str, definition: GraphQLField) -> Shape:
    bare: Any = get_nullable_type(definition.type)
    named: Any = get_named_type(definition.type)
    items = bare.of_type if is_list_type(bare) else None
    known = frozenset({_SENT_AS_THEY_ARE[named.name]} if named.name in _SENT_AS_THEY_ARE else ())
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
    """Return what strawberry's resolver does, as a function of the object alone; None if it takes more."""
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
        return cache(named.coerce_output_value)  # strawberry looks for each value among all that there are
    return named.coerce_output_value if is_leaf_type(named) and named.name in _TURNED else None


def _classes(named: GraphQLNamedType) -> set[type]:
    """Return the classes whose objects a type shows: its own, and dict for what AWS nests in its answers."""
    declared = named.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(declared, StrawberryObjectDefinition):
        return set()
    generic = {declared.concrete_of.origin} if declared.concrete_of else set()
    return {declared.origin} | generic | (set() if declared.interfaces else {dict})


class PlannedExecutor(Executor[None]):
    """Executes an operation by plans."""

    def __init__(self, *args: Any, shapes: Shapes, **named: Any) -> None:
        """Plan by the ``shapes`` of the schema; the rest is graphql-core's."""
        super().__init__(*args, **named)
        self._shapes = shapes
        self._plans: dict[tuple[GraphQLObjectType, int], Plan] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: None,  # noqa: ARG002 - only incremental delivery has one
    ) -> Any:
        """Show an object, at once if nothing in it has to be waited for."""
        return self._object(self._plan(parent_type, grouped_field_set), source_value, path)

    def build_response(self, data: dict[str, Any] | None) -> Any:
        """Make the answer, and release what the plans hold, as graphql-core's executors are reference cycles."""
        self._plans.clear()
        return super().build_response(data)

    def _plan(self, type: GraphQLObjectType, fields: GroupedFieldSet) -> Plan:
        key = type, id(fields)
        if key not in self._plans:
            self._plans[key] = Plan(type, fields, [self._step(type, *field) for field in fields.items()])
        return self._plans[key]

    def _step(
        self, type: GraphQLObjectType, name: str, details: FieldDetailsList
    ) -> tuple[str, Read | None, Classes, Step]:
        shape = self._shapes.of(type, details[0].node.name.value)
        read = None if shape.definition.args and self._is_given_any(shape, details) else shape.read
        return name, read, shape.plain, Step(name, details, shape, {}, {})

    def _is_given_any(self, shape: Shape, details: FieldDetailsList) -> bool:
        """Whether a field has arguments, even if wrong ones."""
        node, variables = details[0].node, details[0].fragment_variable_values
        try:
            return bool(get_argument_values(shape.definition, node, self.variable_values, variables))
        except GraphQLError:
            return True

    def _object(self, plan: Plan, source: Any, at: At | None) -> Any:
        done: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for name, read, plain, step in plan.steps:
                if read is None:
                    value = self.execute_field(plan.type, source, step.details, _path((at, name, plan.type.name)), None)
                else:
                    try:
                        value = read(source)
                    except Exception as error:  # noqa: BLE001 - graphql-core raises it where it belongs
                        value = error
                    if type(value) in plain:
                        done[name] = value
                        continue
                    value = self._completed(step, value, at)
                done[name] = value
                if type(value) is CoroutineType:
                    waiting.append(name)
        except Exception:
            self.settle_in_background([done[name] for name in waiting])
            raise
        return self._all(done, waiting) if waiting else done

    def _completed(self, step: Step, value: Any, within: At | None) -> Any:
        """Complete what can't be sent as it is."""
        shape, details = step.shape, step.details
        if shape.write:
            try:
                return shape.write(value)
            except Exception:  # noqa: BLE001, S110 - graphql-core will fail in the same way, and say where
                pass
        if known := step.shown.get(id(value)):
            return known[1]
        at = (within, step.name, shape.parent.name)
        return_type = shape.definition.type
        try:
            completed = self._nested(step, value, at)
            if completed is None:
                nodes = [one.node for one in details]
                path = _path(at)
                info = self.build_resolve_info(shape.definition, nodes, shape.parent, path)
                if self.is_awaitable(value):
                    return self.complete_awaitable_value(return_type, details, info, path, value, None)
                completed = self.complete_value(return_type, details, info, path, value, None)
        except Exception as error:  # noqa: BLE001 - as graphql-core takes them
            self.handle_field_error(error, return_type, details, _path(at))
            return None
        if type(completed) is CoroutineType:
            return self._awaited(completed, return_type, details, at)
        return completed

    def _nested(self, step: Step, value: Any, at: At) -> Any:
        """Complete an object or a list; None where there is no plan for it."""
        if step.shape.items is None:
            plan = self._plan_of(step, type(value))
            return self._one(step, plan, value, at) if plan else None
        if type(value) is not list and type(value) is not Coming:
            return None
        classes = set(map(type, value))
        if classes <= step.shape.plain_items:
            return value
        plans = {one: plan for one in classes if (plan := self._plan_of(step, one))}
        return self._list(step, plans, value, at) if len(plans) == len(classes) else None

    def _one(self, step: Step, plan: Plan, value: Any, at: At) -> Any:
        """Complete an object; an entity once for all that show it, unless it had to wait or told an error."""
        told = len(self.collected_errors.errors)
        done = self._object(plan, value, at)
        if type(done) is dict and isinstance(value, Described) and len(self.collected_errors.errors) == told:
            step.shown[id(value)] = value, done
        return done

    def _plan_of(self, step: Step, origin: type) -> Plan | None:
        if origin not in step.plans:
            shown_as = self._shapes.object_type(step.shape.named, origin)
            fields = self.collect_subfields(shown_as, step.details).grouped_field_set if shown_as else {}
            step.plans[origin] = self._plan(shown_as, fields) if shown_as else None
        return step.plans[origin]

    def _list(self, step: Step, plans: Mapping[type, Plan], values: Sequence[Any], at: At) -> Any:
        if len(values) > LONG or type(values) is Coming:
            return self._long_list(step, plans, values, at)
        done: list[Any] = []
        self._extend(done, step, plans, values, at)
        waiting = _waiting(done)
        return self._all(done, waiting) if waiting else done

    async def _long_list(self, step: Step, plans: Mapping[type, Plan], values: Sequence[Any], at: At) -> Any:
        """Complete a long list slice by slice, serializing each at once, as JSON takes less memory."""
        turns = self.context_value.turns
        done: list[Any] = []
        try:
            async for some in turns.slices(values):
                if isinstance(values, Coming):
                    with turns.aside():
                        await values.ready(some)
                first = len(done)
                self._extend(done, step, plans, some, at)
                if not _waiting(done[first:]):
                    done[first:] = map(orjson.dumps, done[first:])
        except asyncio.CancelledError:
            _drop(done)
            raise
        await self._all(done, _waiting(done))
        written = [
            b",".join(one if type(one) is bytes else orjson.dumps(one) for one in some)
            async for some in turns.slices(done)
        ]
        return orjson.Fragment(b"[" + b",".join(written) + b"]")

    def _extend(
        self, done: list[Any], step: Step, plans: Mapping[type, Plan], items: Sequence[Any], within: At
    ) -> None:
        """Complete further items of a list."""
        item_type: Any = step.shape.items
        details = step.details
        try:
            for index, item in enumerate(items, len(done)):
                at = (within, index, None)
                try:
                    shown = self._object(plans[type(item)], item, at)
                except Exception as error:  # noqa: BLE001 - as graphql-core takes them
                    self.handle_field_error(error, item_type, details, _path(at))
                    shown = None
                done.append(self._awaited(shown, item_type, details, at) if type(shown) is CoroutineType else shown)
        except Exception:
            self.settle_in_background([done[index] for index in _waiting(done)])
            raise

    async def _awaited(
        self, completed: Awaitable[Any], type: GraphQLOutputType, details: FieldDetailsList, at: At
    ) -> Any:
        try:
            return await completed
        except Exception as error:  # noqa: BLE001 - as graphql-core takes them
            self.handle_field_error(error, type, details, _path(at))
            return None

    @staticmethod
    async def _all(done: C, waiting: Sequence[Any]) -> C:
        """Await what an object or a list still waits for, side by side."""
        if len(waiting) == 1:
            done[waiting[0]] = await done[waiting[0]]
        elif waiting:
            values = await _together([done[key] for key in waiting])
            for key, value in zip(waiting, values, strict=True):
                done[key] = value
        return done


async def _together(coroutines: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Run coroutines side by side until one fails, as graphql-core does; if cancelled, drop those not begun."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    except asyncio.CancelledError:
        for coroutine in coroutines:
            _drop(coroutine)
        await _end(tasks)
        raise
    failed = next((task for task in tasks if task.done() and (task.cancelled() or task.exception())), None)
    if failed:
        await _end(tasks)
    return [task.result() for task in ([failed] if failed else tasks)]


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _drop(value: Any) -> None:
    """Close the coroutines that have not begun in a value that is no longer needed, and in their arguments."""
    held: Iterable[Any] = ()
    if type(value) is CoroutineType and getcoroutinestate(value) == CORO_CREATED:
        held = list(getcoroutinelocals(value).values())
        value.close()
    elif type(value) is list:
        held = value
    elif type(value) is dict:
        held = value.values()
    for one in held:
        _drop(one)


def _path(at: At) -> Path:
    """Return it as a graphql-core Path."""
    if isinstance(at, Path):
        return at
    within, key, typename = at
    return Path(within and _path(within), key, typename)


def _waiting(done: Sequence[Any]) -> list[int]:
    return [index for index, shown in enumerate(done) if type(shown) is CoroutineType]
