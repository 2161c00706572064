"""The ASGI application: its routes, its middleware, and the resources shared by all requests."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from gateway import schema
from gateway.aws.budget import Budget
from gateway.aws.calls import Calls
from gateway.cache import Cache
from gateway.http.auth import authenticator
from gateway.http.documents import read_documents
from gateway.http.graphql import GraphQLEndpoint, without_slash
from gateway.http.headers import SecureHeaders
from gateway.http.health import Readiness, aws_probe, health, readiness
from gateway.http.hosts import Hosts
from gateway.http.limits import Limits
from gateway.http.operations import Operations
from gateway.http.origins import allowed_origins, cors
from gateway.http.pages import ASSETS, Pages
from gateway.http.quota import Quota
from gateway.http.requests import Requests
from gateway.http.subscriptions import WebSocketEndpoint
from gateway.loaders import Loaders
from gateway.observability import Instruments
from gateway.rates import Rates
from gateway.schema.execution import Executor
from gateway.settings import Settings


def create_app(settings: Settings, *, demo: bool = False, hosts: Collection[str] | None = None) -> Starlette:
    """Create the application. Its lifespan opens and closes the AWS clients, the cache and the instruments.

    With ``demo``, the pages say that the account is made up. If ``hosts`` is given, requests for any other ``Host`` are
    refused.

    Raises:
        ValueError: the settings are incomplete, invalid or unsafe.
    """
    callers, origins = authenticator(settings), allowed_origins(settings)
    documents = read_documents(settings.trusted_documents, only=settings.trusted_documents_only)
    instruments = Instruments(tracing=settings.tracing)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.instruments = instruments
        async with aclosing(instruments), aclosing(callers), opened(settings) as backend:
            app.state.backend = backend
            probes = {"aws": aws_probe(backend.calls, instruments), "cache": backend.cache.state}
            app.state.readiness = Readiness(probes)
            yield

    executor = Executor(
        schema.build(settings),
        most_tokens=settings.max_tokens,
        check=Limits(settings).check,
        hides_schema=settings.profile == "production",
    )
    operations = Operations(executor, callers, documents, Quota(settings))
    pages = Pages(settings, demo=demo)
    endpoint = GraphQLEndpoint(operations, settings.max_body_bytes, pages.graphiql)
    routes: list[Route | WebSocketRoute] = [
        Route("/graphql", endpoint, name="graphql", middleware=cors(origins)),
        Route("/graphql/", without_slash, methods=["GET", "POST"]),
        WebSocketRoute("/graphql", WebSocketEndpoint(operations, origins)),
        *pages.routes,
        Route("/healthz", health),
        Route("/readyz", readiness),
        *([Route("/metrics", _metrics)] if settings.metrics else []),
    ]
    middleware = [
        Middleware(SecureHeaders),
        Middleware(Requests, instruments, routes, quiet={ASSETS, "/healthz", "/readyz", "/metrics"}),
        *([Middleware(Hosts, hosts)] if hosts else []),
    ]
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
    app.router.redirect_slashes = False  # Starlette would build the redirect's URL from the Host header
    return app


@dataclass(frozen=True, slots=True)
class Backend:
    """What all requests share: the AWS clients, the cache, and the rate limits of callers and AWS calls."""

    settings: Settings
    calls: Calls
    cache: Cache
    rates: Rates

    def loaders(self, *, fresh: bool = False) -> Loaders:
        """Create the loaders for one request; with ``fresh``, they do not read from the cache."""
        return Loaders(Budget(self.calls, self.settings, fresh=fresh), self.cache, self.settings.max_entities)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Backend]:
    """Open what all requests share, and close it on exit."""
    shared = settings.cache_url if "://" in settings.cache_url else None
    with _abandoned_calls_unreported(asyncio.get_running_loop()):
        async with (
            aclosing(Rates(shared)) as rates,
            aclosing(Cache(settings)) as cache,
            Calls(settings, rates) as calls,
        ):
            yield Backend(settings, calls, cache, rates)


@contextmanager
def _abandoned_calls_unreported(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have the loop not report the failure of a shared call whose callers have all disconnected.

    asyncio reports it since Python 3.14, with its message, which may contain what AWS said.
    """
    previous = loop.get_exception_handler()
    handle = partial(previous, loop) if previous else loop.default_exception_handler

    def report(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not context["message"].endswith("exception in shielded future"):
            handle(context)

    loop.set_exception_handler(report)
    try:
        yield
    finally:
        loop.set_exception_handler(previous)


async def _metrics(request: Request) -> Response:
    text, media_type = request.app.state.instruments.metrics.text(request.headers.get("accept", ""))
    return Response(text, media_type=media_type)
