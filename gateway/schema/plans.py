"""An executor that plans each selection once, instead of once for every object.

graphql-core handles each field of each object from scratch: it looks up the definition, creates a path and a resolve
info, and checks whether the value is a list, a scalar, an object or awaitable. A *plan* does this once per operation
for a type and a selection. It has a step for each field, with a function that reads the value, and the classes of
values that need no conversion. Everything else is left to graphql-core: fields with arguments or asynchronous
resolvers, and any value that a step does not expect, such as a coroutine (because a call is needed), a null in a
non-null field, or an unknown enum value. graphql-core is given the value that was read, and completes it as usual, so
that data, errors, paths and the order of awaiting are the same.

A list that is longer than a page is completed in slices, taking turns with other requests, and each slice is serialized
as soon as it is complete. Thousands of vertices take a fraction of the memory that way, and other requests do not wait
until all of them are encoded.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from inspect import CORO_CREATED, getcoroutinelocals, getcoroutinestate
from types import CoroutineType
from typing import Any, NamedTuple, TypeVar

import orjson
from graphql import (
    Executor,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from gateway.schema.entity import Described
from gateway.schema.shapes import Classes, Read, Shape, Shapes
from gateway.turns import LONG

C = TypeVar("C", dict[str, Any], list[Any])

At = tuple["At | None", str | int, str | None]
"""A position in the response: graphql-core's Path, or the same as a tuple, created in about a fifth of the time."""


class Coming(list[Any]):
    """A list that is completed slice by slice, each after awaiting ``ready``.

    Where graphql-core completes it, it does so at once; the fields then load what is not ready yet.
    """

    def __init__(self, items: Iterable[Any], ready: Callable[[Sequence[Any]], Awaitable[None]]) -> None:
        """Contain ``items``; ``ready`` waits until what is selected of a slice of them is loaded."""
        super().__init__(items)
        self.ready = ready


class Step(NamedTuple):
    """One field of a selection."""

    name: str
    """The field's key in the response."""
    details: FieldDetailsList
    shape: Shape
    plans: "dict[type, Plan | None]"
    """Plans for the objects in the field, by their classes; None for those that graphql-core has to complete."""
    shown: dict[int, tuple[Described, dict[str, Any]]]
    """Completed entities, by the ``id()`` of the object, since the same vertex is at the end of many edges."""


class Plan(NamedTuple):
    """How to complete the objects of a type at one place in an operation."""

    type: GraphQLObjectType
    fields: GroupedFieldSet
    """The selection. Plans are cached by its ``id()``, which is unique only while the selection exists."""
    steps: list[tuple[str, Read | None, Classes, Step]]
    """The steps, each preceded by what is used most: its name, its reader (None for graphql-core) and plain classes."""


class PlannedExecutor(Executor[None]):
    """Executes an operation with plans."""

    def __init__(self, *args: Any, shapes: Shapes, **named: Any) -> None:
        """Plan with the ``shapes`` of the schema; the other arguments are graphql-core's."""
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
        """Complete an object; returns a coroutine if something in it has to be awaited."""
        return self._object(self._plan(parent_type, grouped_field_set), source_value, path)

    def build_response(self, data: dict[str, Any] | None) -> Any:
        """Build the response and release the plans, as graphql-core's executors are part of reference cycles."""
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
        read = None if shape.definition.args and self._has_arguments(shape, details) else shape.read
        return name, read, shape.plain, Step(name, details, shape, {}, {})

    def _has_arguments(self, shape: Shape, details: FieldDetailsList) -> bool:
        """Whether a field has argument values, including defaults and invalid ones."""
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
                    except Exception as error:  # noqa: BLE001 - graphql-core will raise it at this field
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
        """Complete a value that is not of a plain class."""
        shape, details = step.shape, step.details
        if shape.write:
            try:
                return shape.write(value)
            except Exception:  # noqa: BLE001, S110 - graphql-core will raise the same error, with its path
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
        except Exception as error:  # noqa: BLE001 - as in graphql-core
            self.handle_field_error(error, return_type, details, _path(at))
            return None
        if type(completed) is CoroutineType:
            return self._awaited(completed, return_type, details, at)
        return completed

    def _nested(self, step: Step, value: Any, at: At) -> Any:
        """Complete an object or a list; None if there is no plan for it."""
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
        """Complete an object; the result for an entity is reused, unless it was awaited or added errors."""
        errors = len(self.collected_errors.errors)
        done = self._object(plan, value, at)
        if type(done) is dict and isinstance(value, Described) and len(self.collected_errors.errors) == errors:
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
        """Complete a long list slice by slice, serializing each slice immediately, as JSON takes less memory."""
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
        """Complete further items of a list, and append them to ``done``."""
        item_type: Any = step.shape.items
        details = step.details
        try:
            for index, item in enumerate(items, len(done)):
                at = (within, index, None)
                try:
                    shown = self._object(plans[type(item)], item, at)
                except Exception as error:  # noqa: BLE001 - as in graphql-core
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
        except Exception as error:  # noqa: BLE001 - as in graphql-core
            self.handle_field_error(error, type, details, _path(at))
            return None

    @staticmethod
    async def _all(done: C, waiting: Sequence[Any]) -> C:
        """Await the pending values of an object or a list concurrently."""
        if len(waiting) == 1:
            done[waiting[0]] = await done[waiting[0]]
        elif waiting:
            values = await _together([done[key] for key in waiting])
            for key, value in zip(waiting, values, strict=True):
                done[key] = value
        return done


async def _together(coroutines: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Run coroutines concurrently until one fails, as graphql-core does; if cancelled, close those not started."""
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
    """Close the coroutines in an abandoned value that have not started, and those in their arguments."""
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
    """Convert a position to graphql-core's Path."""
    if isinstance(at, Path):
        return at
    within, key, typename = at
    return Path(within and _path(within), key, typename)


def _waiting(done: Sequence[Any]) -> list[int]:
    return [index for index, shown in enumerate(done) if type(shown) is CoroutineType]
