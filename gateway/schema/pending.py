"""Entities that are being looked up, and the fields that are resolved in the meantime.

A lookup by ARN takes a call only to find out whether the entity exists. The calls of its own fields, such as its tags,
its neighbours or a walk from it, need nothing but the ARN, so they are made at the same time. The same holds for a
lookup by name, once the gateway knows which ARN to expect. If it turns out that the entity does not exist, or has
another ARN, the fields are cancelled; what several fields share, such as the walk of questions, goes on. If the cache
has the entity, there is nothing to wait for.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, NamedTuple

from graphql import GraphQLError, GraphQLOutputType, GraphQLResolveInfo, get_named_type
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from gateway.loaders.asking import unlogged
from gateway.schema.entity import Described
from gateway.schema.plans import Plan, PlannedExecutor


class Pending(NamedTuple):
    """An entity that is being looked up."""

    entity: Described
    lookup: asyncio.Task[Described | None]
    """Returns the entity, or the one that has its name but another ARN; None if neither exists."""


async def looked_up(entity: Described, look: Callable[[Described], Coroutine[Any, Any, Described | None]]) -> Any:
    """Return what ``look`` returns for an entity; the entity with the lookup under way if that takes a call.

    Raises Forbidden if the gateway may not query the entity's account.
    """
    if await entity.loaders.entities.recall(entity.kind, entity.key):
        return await look(entity)
    return Pending(entity, entity.loaders.look_up(entity.key, look(entity)))


class EagerExecutor(PlannedExecutor):
    """An executor that resolves the fields of an entity while it is being looked up."""

    def complete_value(  # noqa: PLR0913, PLR0917 - as in graphql-core
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """Complete a value; returns a coroutine if something in it has to be awaited."""
        if type(result) is Pending:
            return self._complete_pending(return_type, field_details_list, path, result)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    async def _complete_pending(
        self, return_type: GraphQLOutputType, details: FieldDetailsList, path: Path, pending: Pending
    ) -> Any:
        """Complete an entity, or null if there turns out to be none."""
        entity, lookup = pending
        named: Any = get_named_type(return_type)
        shown_as = self._shapes.object_type(named, type(entity))
        assert shown_as  # noqa: S101 - what is looked up is of the field's type
        plan = self._plan(shown_as, self.collect_subfields(shown_as, details).grouped_field_set)
        begun = self._begin(plan, entity, path)
        try:
            found = await lookup
            if found is entity:
                readers = {name: partial(_given, field) for name, field in begun.items()}
                steps = [(name, readers.get(name, read), plain, step) for name, read, plain, step in plan.steps]
                done = self._object(plan._replace(steps=steps), entity, path)
                return await done if isawaitable(done) else done
        except Exception:
            self.context_value.retract(path.as_list())
            raise
        finally:
            for field in begun.values():
                field.cancel()
        self.context_value.retract(path.as_list())
        if found is None:
            return None
        done = self._object(plan, found, path)
        return await done if isawaitable(done) else done

    def _begin(self, plan: Plan, entity: Described, path: Path) -> dict[str, asyncio.Task[Any]]:
        """Start resolving the fields with asynchronous resolvers: only these make calls of their own."""
        begun = {}
        for name, _, _, step in plan.steps:
            shape, nodes = step.shape, [one.node for one in step.details]
            resolve = shape.definition.resolve
            if resolve and iscoroutinefunction(resolve):
                info = self.build_resolve_info(shape.definition, nodes, plan.type, Path(path, name, plan.type.name))
                with suppress(GraphQLError):  # graphql-core raises it once it is known that the entity exists
                    given = get_argument_values(
                        shape.definition, nodes[0], self.variable_values, step.details[0].fragment_variable_values
                    )
                    begun[name] = unlogged(asyncio.create_task(resolve(entity, info, **given)))
        return begun


def _given(field: asyncio.Task[Any], _: Described) -> asyncio.Task[Any]:
    return field
