"""The pool of SageMaker clients: one per account and region, created once for the life of the process.

Creating the first client takes hundreds of milliseconds (botocore loads a model of 2 MB), so this happens at start-up;
each further one takes a few. botocore refreshes the credentials of assumed roles before they expire.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlsplit

import aioboto3
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioAssumeRoleCredentialFetcher, AioDeferredRefreshableCredentials
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, NoCredentialsError

from gateway.arn import Arn
from gateway.aws.attempts import UNWATCHED, Watch
from gateway.aws.places import HOME, Place
from gateway.aws.wire import Wire, limits
from gateway.errors import Forbidden, UpstreamUnavailable
from gateway.settings import Account, Settings

# A local service does not check signatures, but botocore needs credentials and a region to sign.
_LOCAL = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}

_SESSION_NAME = "lineage-gateway"
"""The session name of assumed roles, as in CloudTrail."""

_AS_HOME = Account()
"""The entry of an account that is accessed with the gateway's own credentials."""


def session(settings: Settings) -> aioboto3.Session:
    """Create the session for the clients; raises UpstreamUnavailable if the AWS configuration is incomplete."""
    botocore_session = AioSession()
    # For the calls that get credentials: with botocore's own timeouts, requests would wait for their deadlines.
    botocore_session.set_default_client_config(AioConfig(**limits(settings)))
    given = _LOCAL if settings.local_url else {"region_name": os.environ.get("AWS_REGION")}
    try:
        made = aioboto3.Session(botocore_session=botocore_session, **given)
    except BotoCoreError as error:
        raise UpstreamUnavailable(f"AWS is not configured: {error}") from error
    if not made.region_name:
        raise UpstreamUnavailable("AWS is not configured: no region. Set AWS_REGION, or choose a profile that has one.")
    return made


class Pool:
    """The clients; as an asynchronous context manager, creates the home client and closes all clients."""

    def __init__(self, settings: Settings, watch: Callable[[Place], Watch] = lambda _: UNWATCHED) -> None:
        """``watch`` returns the observer of every attempt in a place."""
        self._settings = settings
        self._watch = watch
        self.home_account = next((id for id, account in settings.accounts.items() if account == _AS_HOME), "")
        """The id of the account that the gateway's own credentials belong to; until known, a guess, or empty."""
        self._wire = Wire(settings)
        self._regions: frozenset[str] = frozenset()
        self._clients: dict[Place, asyncio.Task[Any]] = {}
        self._open = AsyncExitStack()

    @cached_property
    def _session(self) -> aioboto3.Session:
        return session(self._settings)

    @cached_property
    def _region(self) -> str:
        region: str = self._session.region_name
        return region

    def place_of(self, arn: Arn) -> Place:
        """Return the place to query for the entity with this ARN; raises Forbidden if the gateway may not access it."""
        accounts = self._settings.accounts
        if accounts and arn.account not in accounts and arn.account != self.home_account:
            raise Forbidden(f"The gateway is not configured for the account {arn.account}.")
        place = Place(arn.account if self.is_separate(arn.account) else "")
        return place if self.is_fixed(place) else place._replace(region=self.checked_region(arn.region))

    def is_separate(self, account: str) -> bool:
        """Whether an account has its own role or endpoint, rather than the gateway's credentials."""
        return self._settings.accounts.get(account, _AS_HOME) != _AS_HOME

    def is_fixed(self, place: Place) -> bool:
        """Whether a place has a configured endpoint, which serves a single region, whatever its name."""
        return self._endpoint(place) is not None

    def _endpoint(self, place: Place) -> str | None:
        return self._account(place).endpoint_url or self._settings.local_url

    def _account(self, place: Place) -> Account:
        return self._settings.accounts.get(place.account, _AS_HOME)

    def region(self, place: Place) -> str:
        """Return the name of a place's region."""
        return place.region or self._region

    def checked_region(self, region: str) -> str:
        """Return a region in the form that a Place has; raises Forbidden if AWS has no such region."""
        if region in {"", self._region}:
            return ""
        if region not in self._regions:
            raise Forbidden(f"SageMaker has no region {region[:40]!r}.")
        return region

    async def client(self, place: Place) -> Any:
        """Return the client of a place, creating it on first use; raises NoCredentialsError while there are none."""
        task = self._clients.get(place)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._clients[place] = asyncio.create_task(self._made(place))
        return task.result() if task.done() else await asyncio.shield(task)

    async def _made(self, place: Place) -> Any:
        account, own = self._account(place), await self._session.get_credentials()
        credentials = self._role_credentials(account, own) if account.role_arn else own
        making = self._wire.client(credentials, self.region(place), self._endpoint(place), self._watch(place))
        async with AsyncExitStack() as undo:
            client = await undo.enter_async_context(making)
            _ = urlsplit(client.meta.endpoint_url).port  # botocore does not validate the port
            if own is None:
                # A client without credentials would never look for them again, though they may come later.
                raise NoCredentialsError
            await self._open.enter_async_context(undo.pop_all())
        return client

    def _role_credentials(self, account: Account, own: Any) -> AioDeferredRefreshableCredentials:
        """Return the credentials of an account's role, which the gateway's ``own`` may assume."""
        external_id = {"ExternalId": account.external_id} if account.external_id else {}
        fetcher = AioAssumeRoleCredentialFetcher(
            client_creator=self._sts,
            source_credentials=own,
            role_arn=account.role_arn,
            extra_args={"RoleSessionName": _SESSION_NAME} | external_id,
        )
        return AioDeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")

    def _sts(self, service: str, **options: Any) -> Any:
        return self._session.client(service, endpoint_url=self._settings.local_url, **options)

    async def __aenter__(self) -> Self:
        """Create the home client and load AWS's regions; raises UpstreamUnavailable if the client cannot be created.

        Without credentials, it is created later.
        """
        try:
            await self.client(HOME)
        except NoCredentialsError:
            pass
        except (BotoCoreError, ValueError) as error:
            raise UpstreamUnavailable(f"AWS is not configured: {error}") from error
        self._regions = await self._wire.regions()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all clients."""
        for task in self._clients.values():
            task.cancel()
        await asyncio.gather(*self._clients.values(), return_exceptions=True)
        await self._open.aclose()
