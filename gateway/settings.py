"""The gateway's settings: environment variables that begin with ``GATEWAY_``.

The AWS region, credentials and endpoint are configured in the usual AWS ways instead (``AWS_PROFILE``, ``AWS_REGION``,
``AWS_ENDPOINT_URL_SAGEMAKER`` and others).
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

IDLE_SECONDS = 75
"""Default keep-alive timeout. It is longer than that of most proxies and AWS clients, so that they close the connection
first: a request that they send while the server closes it is lost.
"""


def _account(given: Any) -> Any:
    return {"role_arn": given} if isinstance(given, str) else given


def _with_port(url: str) -> str:
    """Return the URL unchanged; ValueError, without quoting the URL, if its port is invalid."""
    parts = urlsplit(url)
    try:
        _ = parts.port
    except ValueError:  # its message would quote the start of a password that is not percent-encoded
        raise ValueError("Port is no number up to 65535, or special characters are not percent-encoded") from None
    return url


_Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]+"), AfterValidator(_with_port)]


class Account(BaseModel):
    """How to call an account: with a role to assume or, without one, with the gateway's own credentials."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    role_arn: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$")] | None = None
    external_id: str | None = None
    endpoint_url: _Url | None = None
    """Endpoint to call instead of AWS, for example a local lineage service."""


AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]


def _listed(value: Any) -> Any:
    """Parse a list from an environment variable: comma-separated or JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return orjson.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def _connectable(url: str) -> str:
    """Return ``GATEWAY_CACHE_URL`` unchanged; ValueError if it is an invalid Redis URL."""
    if "://" in url:
        try:
            ConnectionPool.from_url(_with_port(url)).make_connection()  # type: ignore[no-untyped-call]
        except (TypeError, RedisError) as error:
            raise ValueError(str(error)) from error
    return url


def _addresses(listed: str) -> str:
    """Return the comma-separated list unchanged; ValueError names an item that is neither an address nor a network."""
    for one in listed.split(",") if listed != "*" else ():
        if one.strip():
            ip_network(one.strip())
    return listed


def _own_port(port: Any) -> Any:
    """Return the port unchanged; ValueError for the URL that Kubernetes sets for a Service named `gateway`."""
    if "://" in str(port):
        raise ValueError(
            f"{port} is what Kubernetes sets for a Service named gateway: set GATEWAY_PORT, or enableServiceLinks: "
            "false, in the pod's spec"
        )
    return port


_OF_A_SERVICE = re.compile(r"GATEWAY_(.+_)?(SERVICE_HOST|SERVICE_PORT.*|PORT(_\d+_(TCP|UDP|SCTP).*)?)")
"""What Kubernetes sets for each Service of the namespace, such as ``GATEWAY_V2_PORT`` for one named `gateway-v2`."""


def unknown(variables: Iterable[str]) -> list[str]:
    """Return a warning for each of these environment variables that looks like a setting but is none."""
    known = ["GATEWAY_WEB", *(f"GATEWAY_{name.upper()}" for name in Settings.model_fields)]
    warnings = []
    for name in sorted(map(str.upper, variables)):
        if name.startswith("GATEWAY_") and name not in known and not _OF_A_SERVICE.fullmatch(name):
            similar = get_close_matches(name, known, 1, 0.8)
            warnings.append(f"{name} is no setting" + "".join(f"; did you mean {one}?" for one in similar))
    return warnings


class Settings(BaseSettings):
    """What an operator can configure. The descriptions are the documentation; README's table is tested against them."""

    model_config = SettingsConfigDict(
        env_prefix="GATEWAY_", env_ignore_empty=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=True
    )

    host: Annotated[
        str, Field(description="Address that `serve` and `demo` listen on; `::` means all addresses, IPv4 and IPv6.")
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Field(ge=0, le=65535, description="Port that `serve` and `demo` listen on; 0 picks a free one."),
        BeforeValidator(_own_port),
    ] = 8000
    local_url: Annotated[
        _Url | None,
        Field(
            description="URL of a local lineage service (`lineage-gateway local`) to use instead of AWS, without "
            "credentials or a region."
        ),
    ] = None
    mutations: Annotated[
        bool, Field(description="Whether clients may change the account; if not, the schema has no Mutation type.")
    ] = False
    max_concurrent_calls: Annotated[
        int, Field(ge=1, le=1000, description="Maximum AWS calls in flight, across all requests.")
    ] = 400
    max_concurrent_calls_per_request: Annotated[
        int, Field(ge=1, le=1000, description="Maximum AWS calls in flight for one request.")
    ] = 200
    max_aws_calls: Annotated[int, Field(ge=1, description="Maximum AWS calls that one request may make.")] = 20_000
    deadline_seconds: Annotated[float, Field(gt=0, description="How long one request may keep making AWS calls.")] = (
        60.0
    )
    max_body_bytes: Annotated[
        int, Field(ge=1, description="Maximum size of a request body or a WebSocket message.")
    ] = 1_000_000
    max_tokens: Annotated[int, Field(ge=1, description="Maximum tokens in a document.")] = 10_000
    max_depth: Annotated[int, Field(ge=1, description="Maximum depth of nested fields in a document.")] = 50
    max_root_fields: Annotated[int, Field(ge=1, description="Maximum root fields in an operation.")] = 50
    max_aliases: Annotated[
        int,
        Field(ge=0, description="Maximum aliases in an operation; those in a fragment count each time it is spread."),
    ] = 200
    max_directives: Annotated[
        int, Field(ge=0, description="Maximum directives in an operation, counted in the same way.")
    ] = 100
    max_attempts: Annotated[
        int,
        Field(
            ge=1,
            le=20,
            description="Maximum attempts per AWS call, the first included, with botocore's standard retries.",
        ),
    ] = 5
    connect_timeout_seconds: Annotated[
        float, Field(gt=0, description="Timeout for connecting to AWS, per attempt.")
    ] = 5.0
    read_timeout_seconds: Annotated[
        float, Field(gt=0, description="Timeout for AWS to answer a call, per attempt.")
    ] = 20.0
    grace_seconds: Annotated[
        int, Field(ge=0, description="How long requests in flight may continue after Ctrl-C or SIGTERM; 0 counts as 1.")
    ] = 10
    idle_seconds: Annotated[
        int,
        Field(
            ge=0, description="How long an idle connection is kept open; must be longer than a proxy in front keeps it."
        ),
    ] = IDLE_SECONDS
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="Lowest level of log lines that are written (to standard error)."),
    ] = "info"
    accounts: Annotated[
        dict[AccountId, Annotated[Account, BeforeValidator(_account)]],
        Field(
            description="Further accounts, as JSON: account id → the ARN of the role to assume there, or an object "
            "with `role_arn`, `external_id` and `endpoint_url`. `{}` for an account uses the gateway's own "
            "credentials. If any account is given, ARNs of accounts other than these and the gateway's own are "
            "FORBIDDEN."
        ),
    ] = {}
    cache_url: Annotated[
        str,
        Field(
            pattern="^(off|memory|(redis|rediss|unix)://.+)$",
            description="Where AWS responses are cached between requests: `memory`, `off`, or the `redis://`, "
            "`rediss://` or `unix://` URL of a Redis or Valkey that replicas share, along with their rates.",
        ),
        AfterValidator(_connectable),
    ] = "memory"
    cache_record_seconds: Annotated[
        float,
        Field(ge=0, description="How long descriptions and summaries of entities are cached; 0 disables this."),
    ] = 30.0
    cache_associations_seconds: Annotated[
        float, Field(ge=0, description="How long a vertex's associations are cached; 0 disables this.")
    ] = 10.0
    cache_walk_seconds: Annotated[
        float, Field(ge=0, description="How long what QueryLineage found from a vertex is cached; 0 disables this.")
    ] = 10.0
    cache_max_bytes: Annotated[
        int, Field(ge=0, description="Maximum size of the in-memory cache; the least recently used entries go first.")
    ] = 67_108_864
    log_format: Annotated[
        Literal["auto", "json", "text"],
        Field(description="Format of log lines; `auto` is text on a terminal and JSON anywhere else."),
    ] = "auto"
    metrics: Annotated[bool, Field(description="Whether `/metrics` serves metrics for Prometheus.")] = True
    tracing: Annotated[
        bool,
        Field(
            description="Whether operations and AWS calls are traced with OpenTelemetry, which the extra `otel` "
            "installs and `OTEL_` variables configure."
        ),
    ] = False
    forwarded_allow_ips: Annotated[
        str,
        Field(
            description="Comma-separated addresses and networks of the proxies whose `X-Forwarded-For` and "
            "`X-Forwarded-Proto` are trusted; `*` trusts anyone's."
        ),
        AfterValidator(_addresses),
    ] = "127.0.0.1,::1"
    max_cost: Annotated[
        int, Field(ge=1, description="Maximum cost of an operation, estimated before it is executed.")
    ] = 1_000_000_000_000
    max_entities: Annotated[
        int, Field(ge=1, description="Maximum entities in one response, each counted as often as it appears.")
    ] = 500_000
    rate_cost_per_second: Annotated[
        float,
        Field(ge=0, le=1_000_000_000_000, description="Cost that each caller may spend per second; 0 means no limit."),
    ] = 0.0
    rate_cost_burst: Annotated[int, Field(ge=1, description="Cost that each caller can save up and spend at once.")] = (
        1_000_000
    )
    auth: Annotated[
        Literal["none", "api-key", "jwt"],
        Field(
            description="How callers authenticate: `none`, which is allowed only on a loopback address; `api-key`, "
            "with keys from a file; `jwt`, with an issuer's tokens."
        ),
    ] = "none"
    insecure: Annotated[
        bool, Field(description="Whether to start in configurations that the gateway otherwise refuses as unsafe.")
    ] = False
    profile: Annotated[
        Literal["development", "production"],
        Field(description="`production` hides the schema from clients, and disables GraphiQL and GET on `/graphql`."),
    ] = "development"
    api_keys: Annotated[
        Path | None, Field(description="File of hashed keys for `api-key`, read again when it changes.")
    ] = None
    jwt_issuer: Annotated[str | None, Field(description="The `iss` that tokens must have.")] = None
    jwt_audience: Annotated[str | None, Field(description="The `aud` that tokens must have or include.")] = None
    jwt_jwks: Annotated[
        Annotated[str, AfterValidator(_with_port)] | None,
        Field(description="URL or file of the issuer's public keys (a JSON Web Key Set)."),
    ] = None
    jwt_leeway_seconds: Annotated[
        float, Field(ge=0, le=600, description="Clock skew allowed between the issuer and the gateway.")
    ] = 30.0
    cors_origins: Annotated[
        tuple[str, ...] | None,
        NoDecode,
        BeforeValidator(_listed),
        Field(
            description="Origins, such as `https://portal.example.com`, whose pages may send requests from a "
            "browser; comma-separated or a JSON list."
        ),
    ] = None
    trusted_documents: Annotated[
        Path | None, Field(description="Manifest of the documents that clients may request by their SHA-256.")
    ] = None
    trusted_documents_only: Annotated[bool, Field(description="Whether only trusted documents are executed.")] = False
    type_prefix: Annotated[
        str | None,
        Field(
            pattern="^[A-Za-z][A-Za-z0-9_]*$",
            description="Prefix of the names of types and root fields, for a supergraph in which another subgraph "
            "has a `Project` too: `SageMaker` makes `SageMakerProject` and `sageMakerProject`.",
        ),
    ] = None
    node_field: Annotated[
        bool,
        Field(description="Whether Query has `node` and `nodes`, which only one subgraph of a supergraph can have."),
    ] = True
    max_representations: Annotated[
        int, Field(ge=1, description="Maximum entity references in one `_entities` field of a router's request.")
    ] = 1000
