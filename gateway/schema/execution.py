"""From a document to its answer: parse, validate, execute, and give every error its code.

graphql-core does the work on strawberry's schema. Parsed and validated documents are remembered by their text, since
pages and federation routers send the same few over and over.
"""

import logging
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import lru_cache
from inspect import isawaitable
from types import MappingProxyType
from typing import Any, NamedTuple

import strawberry
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    execute,
    get_operation_ast,
    parse,
    specified_rules,
    subscribe,
    validate,
    visit,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from gateway.errors import PARSE_FAILED, VALIDATION_FAILED, BadUserInput, GatewayError
from gateway.loaders import Loaders
from gateway.schema.cost import Costs
from gateway.schema.plans import PlannedExecutor, Shapes
from gateway.schema.redaction import redacted, words

_log = logging.getLogger("gateway.schema")

_REMEMBERED = 200_000
"""Characters of the documents that are remembered; parsed, one may take 300 times as many bytes."""
_LONGEST_REMEMBERED = 20_000

_MOST_ERRORS = 10
"""Errors after which no more are looked for in a document: each may print it whole, or compare with all names."""
_LONGEST_MESSAGE = 1_000

_ARGUMENT = re.compile(r"Argument '(\w+)' ")

# Comparing all fields of one name with each other, as validation must, may by default take half a second, which blocks
# the event loop.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 100_000

_SCHEMA_FIELD = "_service"
"""The field by which a federation router reads the schema."""


_Prepared = tuple[DocumentNode | None, list[dict[str, Any]]]
"""A document, and why it is refused, as the errors are sent."""


def _size(prepared: _Prepared) -> int:
    document, _ = prepared
    return len(document.loc.source.body) if document and document.loc else 0


class GraphQLRequest(NamedTuple):
    """The parameters of a request, as GraphQL over HTTP names them."""

    query: str
    """The document; empty where the request names one by its hash only."""
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: Mapping[str, Any] = MappingProxyType({})
    document_id: str | None = None


class Outcome(NamedTuple):
    """What came of a request."""

    answer: dict[str, Any]
    """What goes over the wire: `data` as far as there is any, and `errors`, each with a code."""
    executed: bool
    """Whether execution began; if not, there is no `data`."""


class Executor:
    """Answers documents by a schema."""

    def __init__(
        self,
        built: strawberry.Schema,
        *,
        most_tokens: int | None = None,
        check: Callable[[DocumentNode], list[GraphQLError]] | None = None,
        hides_schema: bool = False,
    ) -> None:
        """Answer by the schema ``built``; refuse documents of more tokens, and those that ``check`` has errors for.

        One that ``hides_schema`` answers no introspection, and its errors tell nothing of the schema.
        """
        self._most_tokens = most_tokens
        self._check = check
        self._hides_schema = hides_schema
        self._rules = [*specified_rules, NoSchemaIntrospectionCustomRule] if hides_schema else specified_rules
        self._schema: GraphQLSchema = built._schema  # noqa: SLF001 - strawberry's documented way to it
        self._costs = Costs(self._schema)
        self._shapes = Shapes(self._schema)
        self._remembered: LRUCache[str, _Prepared] = LRUCache(_REMEMBERED, getsizeof=_size)
        self._latest = lru_cache(1)(self._prepared)  # what is not worth remembering is needed several times too

    def operation(self, request: GraphQLRequest) -> OperationDefinitionNode | None:
        """Return the operation that a request means; None if it does not say which, or cannot be parsed."""
        document, _ = self._prepare(request.query)
        return get_operation_ast(document, request.operation_name) if document else None

    def cost(self, request: GraphQLRequest) -> int | None:
        """Return what a request may cost; None if it is not valid, or does not say which operation it means."""
        document, errors = self._prepare(request.query)
        operation = self.operation(request)
        if document is None or operation is None or errors:
            return None
        return self._costs.of(document, operation, request.variables or {})

    def is_mutation(self, request: GraphQLRequest) -> bool:
        """Whether a request would change something."""
        return _is(OperationType.MUTATION, self.operation(request))

    def is_subscription(self, request: GraphQLRequest) -> bool:
        """Whether a request has more than one answer."""
        return _is(OperationType.SUBSCRIPTION, self.operation(request))

    def tells_schema(self, query: str) -> bool:
        """Whether the answer to a document would tell the schema, of a schema that is kept secret."""
        if not self._hides_schema or _SCHEMA_FIELD not in query:
            return False
        document, errors = self._prepare(query)
        return document is not None and not errors and _SCHEMA_FIELD in _field_names(document)

    async def run(self, request: GraphQLRequest, loaders: Loaders) -> Outcome:
        """Answer one request; nothing is raised, whatever the document says."""
        document, errors = self._prepare(request.query)
        if document is None or errors:
            return Outcome({"errors": errors}, executed=False)
        if self.is_subscription(request):
            return Outcome(refusal("A subscription needs a WebSocket or an event stream."), executed=False)
        result = execute(self._schema, document, **self._arguments(request, loaders))
        return self._redact(_outcome(result if isinstance(result, ExecutionResult) else await result, loaders), request)

    async def stream(self, request: GraphQLRequest, loaders: Loaders) -> AsyncGenerator[Outcome, None]:
        """Answer one request: once, or for a subscription until it ends."""
        document, errors = self._prepare(request.query)
        if document is None or errors or not self.is_subscription(request):
            yield await self.run(request, loaders)
            return
        begun = subscribe(self._schema, document, **self._arguments(request, loaders))
        results: Any = await begun if isawaitable(begun) else begun
        if isinstance(results, ExecutionResult):
            yield self._redact(_outcome(results, loaders), request)
            return
        async with aclosing(results):
            try:
                async for result in results:
                    yield self._redact(_outcome(result, loaders), request)
            except Exception as error:  # noqa: BLE001 - whatever ends the source, the client is told
                failure = GraphQLError(str(error), original_error=error)
                yield self._redact(Outcome({"errors": [_shown(failure, GatewayError.code)]}, executed=False), request)

    def _arguments(self, request: GraphQLRequest, loaders: Loaders) -> dict[str, Any]:
        """Return the arguments with which graphql-core executes a document."""
        return {
            "variable_values": request.variables,
            "operation_name": request.operation_name,
            "context_value": loaders,
            "hide_suggestions": self._hides_schema,
            "executor_class": PlannedExecutor,
            "shapes": self._shapes,
        }

    def _prepare(self, query: str) -> _Prepared:
        known = self._remembered.get(query)
        if known is None:
            known = self._latest(query)
            if not known[1] and len(query) <= _LONGEST_REMEMBERED:
                self._remembered[query] = known
        return known

    def _prepared(self, query: str) -> _Prepared:
        """Parse and validate; the errors as they are sent."""
        try:
            document = parse(query, max_tokens=self._most_tokens)
            found = validate(self._schema, document, self._rules, _MOST_ERRORS, hide_suggestions=self._hides_schema)
            found += self._check(document) if self._check and not found else []
        except GraphQLSyntaxError as error:
            return None, [_shown(error, PARSE_FAILED)]
        except RecursionError:
            return None, [_shown(GraphQLError("The document is nested too deeply."), PARSE_FAILED)]
        errors = [_shown(error, VALIDATION_FAILED) for error in found]
        return document, _redacted(errors, query) if self._hides_schema else errors

    def _redact(self, outcome: Outcome, request: GraphQLRequest) -> Outcome:
        """Keep the schema out of the errors, except for what the request itself says of it."""
        if not self._hides_schema or "errors" not in outcome.answer:
            return outcome
        errors = _redacted(outcome.answer["errors"], request.query, request.variables, request.operation_name)
        return outcome._replace(answer=outcome.answer | {"errors": errors})


class _FieldNames(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.found.add(node.name.value)


def _field_names(document: DocumentNode) -> set[str]:
    visitor = _FieldNames()
    visit(document, visitor)
    return visitor.found


def _redacted(errors: list[dict[str, Any]], *said: Any) -> list[dict[str, Any]]:
    known = words(*said)
    return [error | {"message": redacted(error["message"], known)} for error in errors]


def _is(type: OperationType, operation: OperationDefinitionNode | None) -> bool:
    return operation is not None and operation.operation is type


def _outcome(result: ExecutionResult, loaders: Loaders) -> Outcome:
    if result.data is None and result.errors and all(error.path is None for error in result.errors):
        # The variables did not fit, or no operation has that name.
        return Outcome({"errors": [_shown(error, BadUserInput.code) for error in result.errors]}, executed=False)
    errors = [_failed(error) for error in result.errors or ()]
    added, loaders.errors = loaders.errors, []
    errors += [{"message": str(error), "path": path, "extensions": error.extensions} for error, path in added]
    return Outcome(({"errors": errors} if errors else {}) | {"data": result.data}, executed=True)


def _failed(error: GraphQLError) -> dict[str, Any]:
    """Show why a field has no value; graphql-core names a refused argument only in its message."""
    refused = None if error.extensions else _ARGUMENT.match(error.message)
    shown = _shown(error, BadUserInput.code if refused else GatewayError.code)
    return shown | {"extensions": shown["extensions"] | {"argument": refused[1]}} if refused else shown


def refusal(message: str, code: str = BadUserInput.code, **extensions: Any) -> dict[str, Any]:
    """Return the answer to a request that is not executed, which says why."""
    return {"errors": [_shown(GraphQLError(message, extensions=extensions), code)]}


def _shown(error: GraphQLError, code: str) -> dict[str, Any]:
    """Show an error to a client: always with a code, and never with an unexpected exception's message."""
    shown: dict[str, Any] = dict(error.formatted)
    if len(error.message) > _LONGEST_MESSAGE:  # its middle repeats what the client has sent
        shown["message"] = f"{error.message[: _LONGEST_MESSAGE // 2]}…{error.message[-_LONGEST_MESSAGE // 2 :]}"
    cause = error.original_error
    if code == VALIDATION_FAILED and cause and not isinstance(cause, GatewayError | GraphQLError):
        return shown | {"message": "The document has a value that cannot be read.", "extensions": {"code": code}}
    if cause is None or isinstance(cause, GatewayError | GraphQLError):
        return shown | {"extensions": {"code": code} | (error.extensions or {})}
    _log.error("A field failed at %s.", error.path, exc_info=cause)
    message = "The gateway failed at this field; its log says why."
    return shown | {"message": message, "extensions": {"code": GatewayError.code}}
