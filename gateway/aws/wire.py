"""botocore as it is set up here: the same requests and the same answers, for about a third of the CPU.

All of it is botocore's and aiobotocore's own switches and hooks. What they change is compared with an untouched client,
operation by operation, in ``tests/test_wire.py``.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentialResolver
from aiobotocore.session import AioSession
from botocore.credentials import CredentialProvider
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from gateway.aws.attempts import Attempts, Watch
from gateway.settings import Settings

Load = Callable[[], Awaitable[Any]]
"""Gets credentials, which refresh themselves."""

_SERVICE = "sagemaker"


class Wire:
    """Makes clients of SageMaker."""

    def __init__(self, settings: Settings) -> None:
        """Make them as these settings say."""
        self._options = {
            "max_pool_connections": settings.max_concurrent_calls,
            "connect_timeout": settings.connect_timeout_seconds,
            "read_timeout": settings.read_timeout_seconds,
            "retries": {"mode": "standard", "total_max_attempts": settings.max_attempts},
            # GraphQL has checked the types of what is sent, and SageMaker checks the rest.
            "parameter_validation": False,
        }

    @cached_property
    def _models(self) -> Loader:
        return _Models(AioSession().get_component("data_loader").search_paths)

    @asynccontextmanager
    async def client(
        self, load: Load, region: str, endpoint_url: str | None, watch: Watch | None = None
    ) -> AsyncIterator[Any]:
        """Make a client with these credentials, whose attempts ``watch`` is told of; the first takes a while."""
        session = self._session()
        session.register_component("credential_provider", AioCredentialResolver([_Given(load)]))
        session.register(f"creating-serializer.{_SERVICE}", _keep_milliseconds)
        attempts = Attempts(watch)
        config = AioConfig(
            **self._options, http_session_cls=attempts.http_session, user_agent=self._user_agent(session)
        )
        async with session.create_client(_SERVICE, region, config=config, endpoint_url=endpoint_url) as client:
            attempts.attach(client)
            yield client

    def _session(self) -> AioSession:
        # botocore's built-in handlers do for other services what SageMaker does not need, and tell AWS of retries.
        session = AioSession(include_builtin_handlers=False)
        session.register_component("data_loader", self._models)
        return session

    def _user_agent(self, session: AioSession) -> str:
        """Have botocore write it once, rather than twice for each call."""
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
    """botocore's models of services, without the rules by which it resolves SageMaker's endpoint for each call.

    Without them it looks the endpoint up in a table, once for each client. All clients share the models.
    """

    def __init__(self, paths: list[str]) -> None:
        super().__init__(paths, include_default_search_paths=False)

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Return what is known of a service."""
        if (service_name, type_name) == (_SERVICE, "endpoint-rule-set-1"):
            raise UnknownServiceError(service_name=service_name, known_service_names="those with rules")
        return super().load_service_model(service_name, type_name, api_version)


class _Given(CredentialProvider):  # type: ignore[misc] # botocore ships no types
    """Credentials from elsewhere, in the place of botocore's usual sources."""

    METHOD = "given"

    def __init__(self, load: Load) -> None:
        super().__init__()
        self._load = load

    async def load(self) -> Any:
        """Return them."""
        return await self._load()


def _keep_milliseconds(serializer_kwargs: dict[str, Any], **_: Any) -> None:
    """Have botocore send times to the millisecond, which SageMaker keeps; by itself it sends whole seconds."""
    serializer_kwargs["timestamp_precision"] = "millisecond"
