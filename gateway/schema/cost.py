"""Estimates the cost of an operation from its document and variables, before execution.

The rules are those of Apollo's router, from the same directives: an object costs 1 or its field's weight, a scalar or
enum 0, an input object 1, and a mutation 10 more. The cost of a list's item is multiplied by the list's maximum or
assumed length. Fields whose `@skip` or `@include` depend on a variable count as included.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)
from strawberry.federation.schema_directives import Cost, ListSize

from gateway.schema.sizes import ASSUMED_SIZE, GIVEN, SLICES

MOST = 2**53 - 1
"""The highest cost, since many JSON parsers represent no greater integer exactly."""

_MUTATION = 10


class _Price(NamedTuple):
    """What a field's declaration determines of its cost."""

    weight: int
    """The cost of each item of a list, or of any other field itself."""
    is_list: bool
    assumed: int
    """The length of the list, or of the lists in ``sized``, if no argument determines it."""
    slices: tuple[str, ...]
    """Arguments that set the maximum number of items."""
    given: tuple[str, ...]
    """List arguments; the field returns an item for each of their items."""
    sized: frozenset[str]
    """Lists directly below the field whose lengths its arguments determine."""
    defaults: Mapping[str, int]
    """The default values of ``slices``."""
    inputs: frozenset[str]
    """Arguments that are input objects, or lists of them."""


@dataclass(slots=True)
class _Bill:
    """The cost of a selection."""

    fixed: int = 0
    """The part that does not depend on a length that the field above determines."""
    lists: Counter[str] = field(default_factory=Counter)
    """The cost of each list directly in the selection, with the length that it has by itself; by name."""
    items: Counter[str] = field(default_factory=Counter)
    """The cost of an item of each of these lists, since the field above may determine another length."""

    def add(self, other: "_Bill") -> None:
        """Add the cost of another selection."""
        self.fixed += other.fixed
        self.lists.update(other.lists)
        self.items.update(other.items)

    def total(self, size: int, sized: Iterable[str]) -> int:
        """Return the sum, with ``size`` items in each of the lists in ``sized``."""
        lists = {**self.lists, **{name: size * self.items[name] for name in sized}}
        return self.fixed + sum(lists.values())


class Costs:
    """The costs of operations on a schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        """Use the directives of the schema's fields."""
        self.schema = schema
        self._prices: dict[tuple[str, str], _Price] = {}

    def of(self, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """Return the cost of an operation in a valid document; the variables need not be valid."""
        root = self.schema.get_root_type(operation.operation)
        assert root  # noqa: S101 - the document is valid
        estimate = _Estimate(self, document, operation, variables)
        cost = estimate.selection(operation.selection_set.selections, root).total(0, ())
        return min(cost + _MUTATION * (operation.operation is OperationType.MUTATION), MOST)

    def price(self, type: GraphQLCompositeType, name: str, declared: GraphQLField) -> _Price:
        """Return a field's price; an interface's field has the weight of its most expensive implementation."""
        if (type.name, name) not in self._prices:
            price = _price(declared)
            if isinstance(type, GraphQLInterfaceType) and name in type.fields:
                prices = [self.price(one, name, one.fields[name]) for one in self.schema.get_possible_types(type)]
                price = price._replace(weight=max((one.weight for one in prices), default=price.weight))
            self._prices[type.name, name] = price
        return self._prices[type.name, name]


def _price(declared: GraphQLField) -> _Price:
    directives = getattr(declared.extensions.get("strawberry-definition"), "directives", None) or ()
    cost = next((directive for directive in directives if isinstance(directive, Cost)), None)
    size = next((directive for directive in directives if isinstance(directive, ListSize)), None)
    is_list = is_list_type(get_nullable_type(declared.type))
    slices = (size and size.slicing_arguments) or ()
    return _Price(
        weight=cost.weight if cost else int(is_composite_type(get_named_type(declared.type))),
        is_list=is_list,
        assumed=(size and size.assumed_size) or ASSUMED_SIZE,
        slices=tuple(slices),
        given=tuple(name for name in GIVEN if name in declared.args),
        sized=frozenset((size and size.sized_fields) or ()),
        defaults={name: value for name in slices if isinstance(value := declared.args[name].default_value, int)},
        inputs=frozenset(
            name
            for name, argument in declared.args.items()
            if isinstance(get_named_type(argument.type), GraphQLInputObjectType)
        ),
    )


class _Estimate:
    """The estimate for one operation with its variables.

    Each fragment is estimated once, however often it is spread, and before the fragments that spread it.
    """

    def __init__(
        self, costs: Costs, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> None:
        self._costs = costs
        self._variables: dict[str, Any] = {
            definition.variable.name.value: definition.default_value
            for definition in operation.variable_definitions or ()
        }
        self._variables |= variables
        self._objects: dict[str, int] = {}
        self._fragments: dict[str, _Bill] = {}
        nodes = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        spreads = {name: set(_spreads(node.selection_set.selections)) for name, node in nodes.items()}
        for name in TopologicalSorter(spreads).static_order():
            selections = nodes[name].selection_set.selections
            self._fragments[name] = self.selection(selections, self._type(nodes[name].type_condition.name.value))

    def selection(self, nodes: Iterable[SelectionNode], type: GraphQLCompositeType) -> _Bill:
        """Return the cost of a selection of a type."""
        bill = _Bill()
        for node in nodes:
            if isinstance(node, FieldNode):
                self._add_field(bill, node, type)
            elif isinstance(node, FragmentSpreadNode):
                bill.add(self._fragments[node.name.value])
            else:
                condition = node.type_condition  # type: ignore[attr-defined]
                inner = self._type(condition.name.value) if condition else type
                bill.add(self.selection(node.selection_set.selections, inner))  # type: ignore[attr-defined]
        return bill

    def _add_field(self, bill: _Bill, node: FieldNode, type: GraphQLCompositeType) -> None:
        name = node.name.value
        declared = self._costs.schema.get_field(type, name)
        if declared is None or _is_left_out(node):
            return
        price = self._costs.price(type, name, declared)
        item = price.weight
        size = self._size(price, node) if price.is_list or price.sized else 0
        if node.selection_set:
            below: Any = get_named_type(declared.type)
            item += self.selection(node.selection_set.selections, below).total(size, price.sized)
        if price.is_list:
            bill.lists[name] += size * item
            bill.items[name] += item
        else:
            bill.fixed += item
        bill.fixed += sum(
            self._inputs(given.value) for given in node.arguments or () if given.name.value in price.inputs
        )

    def _type(self, name: str) -> GraphQLCompositeType:
        return self._costs.schema.get_type(name)  # type: ignore[return-value] # the document is valid

    def _size(self, price: _Price, node: FieldNode) -> int:
        """Return the maximum length of a list, from its arguments, or else the assumed length."""
        arguments = {given.name.value: self._value(given.value) for given in node.arguments or ()}
        for name in price.given:
            if name in arguments:
                return _length(arguments[name])
        sizes = [_number(arguments.get(name), price.defaults.get(name), SLICES[name]) for name in price.slices]
        return max((size for size in sizes if size is not None), default=price.assumed)

    def _value(self, node: ValueNode) -> Any:
        """Return a variable's value, or a literal's node unchanged."""
        return self._variables.get(node.name.value) if isinstance(node, VariableNode) else node

    def _inputs(self, node: ValueNode) -> int:
        """Count the input objects of an argument; those in a variable are counted once and cached."""
        if not isinstance(node, VariableNode):
            return sum(1 if isinstance(inner, ObjectValueNode) else self._inputs(inner) for inner in _objects(node))
        name = node.name.value
        if name not in self._objects:
            self._objects[name] = sum(1 for _ in _objects(self._variables.get(name)))
        return self._objects[name]


def _spreads(nodes: Iterable[SelectionNode]) -> Iterator[str]:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, FragmentSpreadNode):
            yield node.name.value
        elif inner := node.selection_set:  # type: ignore[attr-defined]
            waiting += inner.selections


def _is_left_out(node: FieldNode) -> bool:
    """Whether literal arguments of `@skip` or `@include` exclude a field."""
    wanted = {"skip": False, "include": True}
    return any(
        isinstance(given.value, BooleanValueNode) and given.value.value is not wanted[directive.name.value]
        for directive in node.directives or ()
        for given in directive.arguments or ()
        if directive.name.value in wanted
    )


def _number(value: Any, default: int | None, maximum: int) -> int | None:
    """Return an argument's value as an integer from 0 to ``maximum``; ``default`` if it is not one."""
    number = int(value.value) if isinstance(value, IntValueNode) else value
    whole = isinstance(number, int) or (isinstance(number, float) and number.is_integer())
    return min(max(int(number), 0), maximum) if whole else default


def _length(value: Any) -> int:
    """Return the number of items in an argument's value; a single value counts as a list of one."""
    items = value.values if isinstance(value, ListValueNode) else value
    return len(items) if isinstance(items, list | tuple) else 1


def _objects(value: Any) -> Iterator[Any]:
    """Yield the input objects in a value, nested ones too, and the variables in a literal."""
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ObjectValueNode | VariableNode | dict):
            yield inner
        if isinstance(inner, ObjectValueNode):
            waiting += [field.value for field in inner.fields]
        elif isinstance(inner, ListValueNode):
            waiting += inner.values
        elif isinstance(inner, dict | list):
            waiting += inner.values() if isinstance(inner, dict) else inner
