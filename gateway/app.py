"""The ASGI application: its routes and what lives as long as the process."""

from collections.abc import AsyncIterator, Collection
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

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
    """Make the application; its AWS client opens when the server starts it and closes when the server stops.

    Its pages say that the account is made up if this is the ``demo``. If ``hosts`` are given, requests to any other
    host are refused.

    ValueError says why it does not start with these settings.
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
    app.router.redirect_slashes = False  # these would go to addresses made of the Host header
    return app


@dataclass(frozen=True, slots=True)
class Backend:
    """What requests share: the way to AWS, the cache, and the rates that callers and calls keep to."""

    settings: Settings
    calls: Calls
    cache: Cache
    rates: Rates

    def loaders(self, *, fresh: bool = False) -> Loaders:
        """Make the loaders of one request, whose answer is not from the cache if it is to be ``fresh``."""
        budget = Budget(self.calls, self.settings, fresh=fresh)
        return Loaders(budget, self.cache, fresh=fresh)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Backend]:
    """Open what requests share."""
    shared = settings.cache_url if "://" in settings.cache_url else None
    async with aclosing(Rates(shared)) as rates, aclosing(Cache(settings)) as cache, Calls(settings, rates) as calls:
        yield Backend(settings, calls, cache, rates)


async def _metrics(request: Request) -> Response:
    text, media_type = request.app.state.instruments.metrics.text(request.headers.get("accept", ""))
    return Response(text, media_type=media_type)
