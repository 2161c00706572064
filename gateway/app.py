"""The ASGI application: its routes and what lives as long as the process."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route, WebSocketRoute

from gateway.aws.calls import Budget, Calls
from gateway.aws.pool import open_client
from gateway.http.graphql import GraphQLEndpoint
from gateway.http.limits import Limits
from gateway.http.operations import Operations
from gateway.http.subscriptions import WebSocketEndpoint
from gateway.loaders import Loaders
from gateway.rates import Rates
from gateway.schema.execution import Executor
from gateway.settings import Settings


def create_app(settings: Settings) -> Starlette:
    """Make the application; its AWS client opens when the server starts it and closes when the server stops."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.rates = rates = Rates()
        async with open_client(settings) as client, aclosing(rates):
            calls = Calls(client, settings.max_concurrent_calls)
            app.state.new_loaders = lambda: Loaders(Budget(calls, settings.max_aws_calls, settings.deadline_seconds))
            yield

    limits = Limits(settings)
    executor = Executor(mutations=settings.mutations, most_tokens=settings.max_tokens, check=limits.check)
    operations = Operations(executor)
    return Starlette(
        routes=[
            Route("/", _home),
            Route("/graphql", GraphQLEndpoint(operations, settings.max_body_bytes), name="graphql"),
            WebSocketRoute("/graphql", WebSocketEndpoint(operations)),
            Route("/healthz", _health),
        ],
        lifespan=lifespan,
    )


async def _home(request: Request) -> RedirectResponse:
    return RedirectResponse(request.url_for("graphql").path)


async def _health(_: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})
