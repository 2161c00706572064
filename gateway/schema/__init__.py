"""GraphQL types and fields, and the schema that they make."""

import logging
from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult

from gateway import errors
from gateway.schema.lineage import Action, Artifact, Context, TrialComponent
from gateway.schema.queries import Query
from gateway.schema.scalars import SCALARS

_log = logging.getLogger("gateway.schema")

_REMEMBERED_DOCUMENTS = 1000


class _ValidationErrors(SchemaExtension):
    """Codes the errors of validation, which later look like any others that have no path."""

    def on_validate(self) -> Iterator[None]:
        yield
        for error in self.execution_context.pre_execution_errors or ():
            error.extensions = {"code": errors.VALIDATION_FAILED} | (error.extensions or {})


class _ParserCache(ParserCache):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(maxsize=_REMEMBERED_DOCUMENTS, **kwargs)


class _ValidationCache(ValidationCache):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(maxsize=_REMEMBERED_DOCUMENTS, **kwargs)


class Schema(strawberry.Schema):
    """The schema; it logs what nobody expected and leaves a client's mistakes out of the log."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:  # noqa: ARG002
        """Log the errors that are the gateway's own."""
        for error in errors:
            if _is_unexpected(error):
                _log.error("%s at %s", error.message, error.path, exc_info=error.original_error)


def build() -> Schema:
    """Build the schema."""
    return Schema(
        query=Query,
        types=[Artifact, Context, Action, TrialComponent],
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[_ParserCache, _ValidationErrors, _ValidationCache],
    )


def sdl() -> str:
    """Print the schema in GraphQL's schema definition language."""
    return print_schema(build()) + "\n"


def response(result: ExecutionResult) -> dict[str, Any]:
    """Return what goes over the wire: the data as far as there is any, and the errors, each with a code."""
    answer: dict[str, Any] = {}
    if result.errors:
        answer["errors"] = [_shown(error) for error in result.errors]
    answer["data"] = result.data
    if result.extensions:
        answer["extensions"] = result.extensions
    return answer


def _shown(error: GraphQLError) -> dict[str, Any]:
    """Show an error to a client: a code always, and nothing that Python said of the inside."""
    shown: dict[str, Any] = dict(error.formatted)
    extensions = dict(error.extensions or {})
    if _is_unexpected(error):
        shown["message"] = "The gateway failed at this field; its log says why."
        extensions = {}
    if isinstance(error, GraphQLSyntaxError):
        extensions["code"] = errors.PARSE_FAILED
    elif error.path is None:
        # What is found after validation and before the first field is about variables or the operation's name.
        extensions.setdefault("code", errors.BadUserInput.code)
    return shown | {"extensions": {"code": errors.GatewayError.code} | extensions}


def _is_unexpected(error: GraphQLError) -> bool:
    return error.original_error is not None and not isinstance(error.original_error, errors.GatewayError | GraphQLError)
