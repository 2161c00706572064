"""Which fields a document selects below a field, so that its resolver can load their values in advance."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    get_argument_values,
    get_directive_values,
    get_named_type,
)
from strawberry import Info

Condition = str | None
"""The innermost type condition; None outside of fragments that have one."""


def selected(info: Info, *path: str) -> dict[Condition, set[str]]:
    """Return the names of the fields selected at ``path`` below the resolver's field, by type condition.

    Each fragment is read once per step of the path, however often it is spread, so that nested ones do not multiply.
    """
    raw = raw_info(info)
    nodes = list(raw.field_nodes)
    for step in path:
        nodes = [node for _, node in _fields(raw, nodes) if node.name.value == step]
    names: dict[Condition, set[str]] = defaultdict(set)
    for condition, node in _fields(raw, nodes):
        names[condition].add(node.name.value)
    return names


def arguments(info: Info, name: str) -> Iterator[dict[str, Any]]:
    """Yield the arguments of each field called ``name`` directly below the resolver's field."""
    raw = raw_info(info)
    returned = get_named_type(raw.return_type).name
    for condition, node in _fields(raw, raw.field_nodes):
        if node.name.value == name:
            shown: Any = raw.schema.type_map[condition or returned]
            yield get_argument_values(shown.fields[name], node, raw.variable_values)


def raw_info(info: Info) -> GraphQLResolveInfo[Any]:
    """Return graphql-core's own info about the resolver's field."""
    return info._raw_info  # noqa: SLF001 - strawberry's own selection expands each fragment wherever it is spread


def _fields(info: GraphQLResolveInfo[Any], nodes: Iterable[FieldNode]) -> Iterator[tuple[Condition, FieldNode]]:
    seen: set[tuple[str, Condition]] = set()
    waiting: list[tuple[Condition, SelectionNode]] = [
        (None, selection) for node in nodes if node.selection_set for selection in node.selection_set.selections
    ]
    while waiting:
        condition, node = waiting.pop()
        if _is_left_out(info, node):
            continue
        if isinstance(node, FieldNode):
            yield condition, node
        elif isinstance(node, InlineFragmentNode):
            inner = node.type_condition.name.value if node.type_condition else condition
            waiting += [(inner, selection) for selection in node.selection_set.selections]
        elif isinstance(node, FragmentSpreadNode) and (node.name.value, condition) not in seen:
            seen.add((node.name.value, condition))
            fragment = info.fragments[node.name.value]
            name = fragment.type_condition.name.value
            waiting += [(name, selection) for selection in fragment.selection_set.selections]


def _is_left_out(info: GraphQLResolveInfo[Any], node: SelectionNode) -> bool:
    skip = get_directive_values(GraphQLSkipDirective, node, info.variable_values)
    include = get_directive_values(GraphQLIncludeDirective, node, info.variable_values)
    return bool((skip and skip["if"]) or (include and not include["if"]))
