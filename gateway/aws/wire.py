"""Creates botocore clients with the same requests and responses as usual, for about a third of the CPU time.

It uses only options and hooks of botocore and aiobotocore. ``tests/test_wire.py`` compares the result with a default
client, operation by operation.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentialResolver
from aiobotocore.session import AioSession
from botocore.credentials import CredentialProvider
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from gateway.aws.attempts import UNWATCHED, Attempts, Watch
from gateway.settings import Settings

_SERVICE = "sagemaker"


def limits(settings: Settings) -> dict[str, Any]:
    """Return botocore's options for the timeouts and the attempts of a call."""
    return {
        "connect_timeout": settings.connect_timeout_seconds,
        "read_timeout": settings.read_timeout_seconds,
        "retries": {"mode": "standard", "total_max_attempts": settings.max_attempts},
    }


class Wire:
    """Creates clients for SageMaker."""

    def __init__(self, settings: Settings) -> None:
        """Derive the clients' options from the settings."""
        self._options = limits(settings) | {
            "max_pool_connections": settings.max_concurrent_calls,
            # GraphQL has validated the types of the arguments, and SageMaker validates the rest.
            "parameter_validation": False,
        }

    @cached_property
    def _models(self) -> Loader:
        return _Models(AioSession().get_component("data_loader").search_paths)

    @asynccontextmanager
    async def client(
        self, credentials: Any, region: str, endpoint_url: str | None, watch: Watch = UNWATCHED
    ) -> AsyncIterator[Any]:
        """Create a client with these credentials that calls ``watch`` for each attempt; the first one takes a while."""
        session = self._session()
        session.register_component("credential_provider", AioCredentialResolver([_Given(credentials)]))
        session.register(f"creating-serializer.{_SERVICE}", _keep_milliseconds)
        attempts = Attempts(watch)
        config = AioConfig(
            **self._options, http_session_cls=attempts.http_session, user_agent=self._user_agent(session)
        )
        async with session.create_client(_SERVICE, region, config=config, endpoint_url=endpoint_url) as client:
            attempts.attach(client)
            yield client

    def _session(self) -> AioSession:
        # Without botocore's built-in handlers, which are for other services, or inform AWS about retries.
        session = AioSession(include_builtin_handlers=False)
        session.register_component("data_loader", self._models)
        return session

    def _user_agent(self, session: AioSession) -> str:
        """Return botocore's user agent, created once rather than twice per call."""
        writer = session.get_component("user_agent_creator")
        writer.set_session_config(session.user_agent_name, session.user_agent_version, None)
        app = session.get_config_variable("user_agent_appid")
        text: str = writer.with_client_config(AioConfig(**self._options, user_agent_appid=app)).to_string()
        return text

    async def regions(self) -> frozenset[str]:
        """Return the names of the regions that have SageMaker."""
        session = self._session()
        named = [await session.get_available_regions(_SERVICE, part) for part in ("aws", "aws-cn", "aws-us-gov")]
        return frozenset(region for regions in named for region in regions)


class _Models(Loader):  # type: ignore[misc] # botocore ships no types
    """botocore's service models, without the rules by which it resolves SageMaker's endpoint on each call.

    Without the rules, it looks the endpoint up in a table, once per client. All clients share the models.
    """

    def __init__(self, paths: list[str]) -> None:
        super().__init__(paths, include_default_search_paths=False)

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Return a model; raises UnknownServiceError for SageMaker's endpoint rules."""
        if (service_name, type_name) == (_SERVICE, "endpoint-rule-set-1"):
            raise UnknownServiceError(service_name=service_name, known_service_names="those with rules")
        return super().load_service_model(service_name, type_name, api_version)


class _Given(CredentialProvider):  # type: ignore[misc] # botocore ships no types
    """A provider of given credentials, instead of botocore's usual sources."""

    METHOD = "given"

    def __init__(self, credentials: Any) -> None:
        super().__init__()
        self._credentials = credentials

    async def load(self) -> Any:
        """Return the credentials."""
        return self._credentials


def _keep_milliseconds(serializer_kwargs: dict[str, Any], **_: Any) -> None:
    """Make botocore send times with milliseconds, which SageMaker stores; by default it sends whole seconds."""
    serializer_kwargs["timestamp_precision"] = "millisecond"
