"""The SageMaker client, made once for the life of the process.

Making one costs hundreds of milliseconds (botocore reads a model of 2 MB), so it happens at start-up and never in a
request.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aioboto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from gateway.errors import UpstreamUnavailable
from gateway.settings import Settings

# A local service checks no signature, but botocore signs only with credentials and a region of some kind.
_LOCAL = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


def session(settings: Settings) -> aioboto3.Session:
    """Make the session that clients come from; UpstreamUnavailable says what the AWS configuration lacks."""
    try:
        made = aioboto3.Session(**(_LOCAL if settings.local_url else {"region_name": os.environ.get("AWS_REGION")}))
    except BotoCoreError as error:
        raise UpstreamUnavailable(f"AWS is not configured: {error}") from error
    if not made.region_name:
        raise UpstreamUnavailable("AWS is not configured: no region. Set AWS_REGION, or choose a profile that has one.")
    made.events.register("creating-serializer.sagemaker", _keep_milliseconds)
    return made


@asynccontextmanager
async def open_client(settings: Settings) -> AsyncIterator[Any]:
    """Open the process's aioboto3 SageMaker client."""
    config = Config(
        max_pool_connections=settings.max_concurrent_calls,
        connect_timeout=settings.connect_timeout_seconds,
        read_timeout=settings.read_timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": settings.max_attempts},
    )
    async with session(settings).client("sagemaker", config=config, endpoint_url=settings.local_url) as client:
        yield client


def _keep_milliseconds(serializer_kwargs: dict[str, Any], **_: Any) -> None:
    """Have botocore send times to the millisecond, which SageMaker keeps; by itself it sends whole seconds."""
    serializer_kwargs["timestamp_precision"] = "millisecond"
