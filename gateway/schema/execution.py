"""Executes GraphQL requests: parses, validates and executes the document, and gives every error a code.

graphql-core does the work on strawberry's schema. Parsed and validated documents are cached by their text, since pages
and federation routers send the same few over and over.
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
    located_error,
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
from gateway.schema.pending import EagerExecutor
from gateway.schema.redaction import redacted, words
from gateway.schema.selection import raw_info
from gateway.schema.shapes import Shapes

_log = logging.getLogger("gateway.schema")

_CACHED_CHARACTERS = 200_000
"""Total characters of the cached documents; a parsed document may take 300 times as many bytes."""
_LONGEST_CACHED = 20_000

_MOST_ERRORS = 10
"""Validation stops after this many errors, as each may print the whole document or compare a name with all others."""
_LONGEST_MESSAGE = 1_000

_ARGUMENT = re.compile(r"Argument '(\w+)' ")

# Comparing all fields of one name with each other, as validation must, may by default take half a second, which blocks
# the event loop.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 100_000

_NEEDS_NAME = "Must provide operation name if query contains multiple operations."
_NEEDS_STREAM = "A subscription needs a WebSocket or an event stream."
_SCHEMA_FIELD = "_service"
"""The field from which a federation router reads the schema."""


_Prepared = tuple[DocumentNode | None, list[dict[str, Any]]]
"""A parsed document, None after a syntax error; and the errors in the format of the response."""


def _size(prepared: _Prepared) -> int:
    document, _ = prepared
    return len(document.loc.source.body) if document and document.loc else 0


class GraphQLRequest(NamedTuple):
    """The parameters of a request, as GraphQL over HTTP names them."""

    query: str
    """The document; empty if the request identifies it only by its hash."""
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: Mapping[str, Any] = MappingProxyType({})
    document_id: str | None = None


class Outcome(NamedTuple):
    """The result of a request."""

    answer: dict[str, Any]
    """The response body: `data` unless execution did not begin, and `errors`, if any, each with a code."""
    executed: bool
    """Whether execution began; if not, there is no `data`."""


class Executor:
    """Executes requests on a schema."""

    def __init__(
        self,
        built: strawberry.Schema,
        *,
        most_tokens: int | None = None,
        check: Callable[[DocumentNode], list[GraphQLError]] | None = None,
        hides_schema: bool = False,
    ) -> None:
        """Execute on ``built``; reject documents with more than ``most_tokens`` tokens or with errors from ``check``.

        With ``hides_schema``, introspection is rejected, and errors reveal nothing of the schema.
        """
        self._most_tokens = most_tokens
        self._check = check
        self._hides_schema = hides_schema
        self._rules = [*specified_rules, NoSchemaIntrospectionCustomRule] if hides_schema else specified_rules
        self._schema: GraphQLSchema = built._schema  # noqa: SLF001 - strawberry's documented way to it
        self._costs = Costs(self._schema)
        self._shapes = Shapes(self._schema)
        self._documents: LRUCache[str, _Prepared] = LRUCache(_CACHED_CHARACTERS, getsizeof=_size)
        self._latest = lru_cache(1)(self._prepared)  # a request needs an uncached document several times too

    def operation(self, request: GraphQLRequest) -> OperationDefinitionNode | None:
        """Return the operation to execute; None if it cannot be determined or the document cannot be parsed."""
        document, _ = self._prepare(request.query)
        return get_operation_ast(document, request.operation_name) if document else None

    def cost(self, request: GraphQLRequest) -> int | None:
        """Return the estimated cost; None if the document is invalid or the operation cannot be determined."""
        document, errors = self._prepare(request.query)
        operation = self.operation(request)
        if document is None or operation is None or errors:
            return None
        return self._costs.of(document, operation, request.variables or {})

    def is_mutation(self, request: GraphQLRequest) -> bool:
        """Whether a request is a mutation."""
        return _is(OperationType.MUTATION, self.operation(request))

    def is_subscription(self, request: GraphQLRequest) -> bool:
        """Whether a request is a subscription."""
        return _is(OperationType.SUBSCRIPTION, self.operation(request))

    def unanswerable(self, request: GraphQLRequest) -> str | None:
        """Return why a valid document has no single response, if so; None for an invalid one, whose errors are one."""
        document, errors = self._prepare(request.query)
        if document is None or errors:
            return None
        if self.operation(request) is None:  # the words of graphql-core, as over a stream
            name = request.operation_name
            return f"Unknown operation named '{name}'." if name else _NEEDS_NAME
        return _NEEDS_STREAM if self.is_subscription(request) else None

    def tells_schema(self, query: str) -> bool:
        """Whether the schema is hidden and the response to this document would reveal it."""
        if not self._hides_schema or _SCHEMA_FIELD not in query:
            return False
        document, errors = self._prepare(query)
        return document is not None and not errors and _SCHEMA_FIELD in _field_names(document)

    async def run(self, request: GraphQLRequest, loaders: Loaders) -> Outcome:
        """Execute a request and return its result; errors are never raised, but returned in it."""
        document, errors = self._prepare(request.query)
        if document is None or errors:
            return Outcome({"errors": errors}, executed=False)
        if self.is_subscription(request):
            return Outcome(refusal(_NEEDS_STREAM), executed=False)
        result = execute(self._schema, document, **self._arguments(request, loaders))
        return self._redact(_outcome(result if isinstance(result, ExecutionResult) else await result, loaders), request)

    async def stream(self, request: GraphQLRequest, loaders: Loaders) -> AsyncGenerator[Outcome, None]:
        """Yield the result of a request, or the results of a subscription until it ends."""
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
            except Exception as error:  # noqa: BLE001 - the client gets any error that ends the source
                errors = [_shown(located_error(error), GatewayError.code)]
                yield self._redact(Outcome({"errors": errors}, executed=False), request)

    def _arguments(self, request: GraphQLRequest, loaders: Loaders) -> dict[str, Any]:
        """Return the arguments of graphql-core's ``execute`` and ``subscribe``."""
        return {
            "variable_values": request.variables,
            "operation_name": request.operation_name,
            "context_value": loaders,
            "hide_suggestions": self._hides_schema,
            "executor_class": EagerExecutor,
            "shapes": self._shapes,
        }

    def _prepare(self, query: str) -> _Prepared:
        prepared = self._documents.get(query)
        if prepared is None:
            prepared = self._latest(query)
            if not prepared[1] and len(query) <= _LONGEST_CACHED:
                self._documents[query] = prepared
        return prepared

    def _prepared(self, query: str) -> _Prepared:
        """Parse and validate a document."""
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
        """Remove names in the schema from the errors, except those that the request contains."""
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


def _redacted(errors: list[dict[str, Any]], *parts: Any) -> list[dict[str, Any]]:
    known = words(*parts)
    return [error | {"message": redacted(error["message"], known)} for error in errors]


def _is(type: OperationType, operation: OperationDefinitionNode | None) -> bool:
    return operation is not None and operation.operation is type


def _outcome(result: ExecutionResult, loaders: Loaders) -> Outcome:
    if result.data is None and result.errors and all(error.path is None for error in result.errors):
        # The variables did not fit, or no operation has that name.
        return Outcome({"errors": [_shown(error, BadUserInput.code) for error in result.errors]}, executed=False)
    added, loaders.errors = loaders.errors, []
    beside = [located_error(error, raw_info(info).field_nodes, info.path.as_list()) for error, info in added]
    errors = [_failed(error) for error in [*(result.errors or ()), *beside]]
    return Outcome(({"errors": errors} if errors else {}) | {"data": result.data}, executed=True)


def _failed(error: GraphQLError) -> dict[str, Any]:
    """Format the error of a field; graphql-core names an invalid argument only in the message."""
    refused = None if error.extensions else _ARGUMENT.match(error.message)
    shown = _shown(error, BadUserInput.code if refused else GatewayError.code)
    return shown | {"extensions": shown["extensions"] | {"argument": refused[1]}} if refused else shown


def refusal(message: str, code: str = BadUserInput.code, **extensions: Any) -> dict[str, Any]:
    """Return the response body for a request that is rejected without execution."""
    return {"errors": [_shown(GraphQLError(message, extensions=extensions), code)]}


def _shown(error: GraphQLError, code: str) -> dict[str, Any]:
    """Format an error for the client: always with a code, and never with an unexpected exception's message."""
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
