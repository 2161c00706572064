"""The gateway's settings: environment variables that begin with ``GATEWAY_``.

Region, credentials and endpoint of AWS are not among them: they follow the ordinary AWS rules (``AWS_PROFILE``,
``AWS_REGION``, ``AWS_ENDPOINT_URL_SAGEMAKER`` and the rest).
"""

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
"""How long a connection that nobody uses is kept, unless told otherwise: longer than most proxies and AWS clients do,
for what they send on one that is just being closed is lost.
"""


def _account(given: Any) -> Any:
    return {"role_arn": given} if isinstance(given, str) else given


def _with_port(url: str) -> str:
    """Return a URL whose port, if it has one, is one; ValueError says why it is none."""
    _ = urlsplit(url).port
    return url


_Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]+"), AfterValidator(_with_port)]


class Account(BaseModel):
    """How an account is asked: by a role to assume or, without one, with the gateway's own credentials."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    role_arn: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$")] | None = None
    external_id: str | None = None
    endpoint_url: _Url | None = None
    """Where to ask it, such as a local lineage service that stands for it; left out: at AWS."""


AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]


def _listed(value: Any) -> Any:
    """Read a list from an environment variable: with commas, or as JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return orjson.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def _connectable(url: str) -> str:
    """Return the URL of a Redis, or the word for another cache; ValueError says what a connection would not take."""
    if "://" in url:
        try:
            ConnectionPool.from_url(url).make_connection()  # type: ignore[no-untyped-call]
        except (TypeError, RedisError) as error:
            raise ValueError(str(error)) from error
    return url


def _addresses(listed: str) -> str:
    """Return addresses and networks as they were given; ValueError names what is neither."""
    for one in listed.split(",") if listed != "*" else ():
        if one.strip():
            ip_network(one.strip())
    return listed


class Settings(BaseSettings):
    """What an operator can set. The field's description is its documentation; README's table is tested against it."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True, allow_inf_nan=False)

    host: Annotated[str, Field(description="Address that `serve` and `demo` listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port that they listen on; 0 takes a free one.")] = 8000
    local_url: Annotated[
        _Url | None,
        Field(
            description="URL of a local lineage service (`lineage-gateway local`) to use instead of AWS, with no "
            "credentials and no region needed."
        ),
    ] = None
    mutations: Annotated[
        bool, Field(description="Whether clients may change the account; if not, the schema has no Mutation type.")
    ] = False
    max_concurrent_calls: Annotated[
        int, Field(ge=1, le=1000, description="AWS calls in flight at once, over all requests.")
    ] = 400
    max_concurrent_calls_per_request: Annotated[
        int, Field(ge=1, le=1000, description="AWS calls in flight at once that one request makes.")
    ] = 200
    max_aws_calls: Annotated[int, Field(ge=1, description="AWS calls that one request may make.")] = 20_000
    deadline_seconds: Annotated[float, Field(gt=0, description="How long one request may go on making AWS calls.")] = (
        60.0
    )
    max_body_bytes: Annotated[
        int, Field(ge=1, description="Length of a request's body, or of a WebSocket message, at most.")
    ] = 1_000_000
    max_tokens: Annotated[int, Field(ge=1, description="Tokens of a document at most.")] = 10_000
    max_depth: Annotated[int, Field(ge=1, description="Levels of fields in a document at most.")] = 50
    max_root_fields: Annotated[int, Field(ge=1, description="Root fields of an operation at most.")] = 50
    max_aliases: Annotated[
        int, Field(ge=0, description="Aliases in an operation at most, fragments counted wherever they are spread.")
    ] = 200
    max_directives: Annotated[
        int, Field(ge=0, description="Directives in an operation at most, counted in the same way.")
    ] = 100
    max_attempts: Annotated[
        int, Field(ge=1, le=20, description="Times that one AWS call is tried in all, by botocore's standard retries.")
    ] = 5
    connect_timeout_seconds: Annotated[
        float, Field(gt=0, description="How long connecting to AWS may take, each time.")
    ] = 5.0
    read_timeout_seconds: Annotated[
        float, Field(gt=0, description="How long AWS may take to answer a call, each time.")
    ] = 20.0
    grace_seconds: Annotated[
        int, Field(ge=0, description="How long requests in flight may go on after Ctrl-C or SIGTERM; 0 counts as 1.")
    ] = 10
    idle_seconds: Annotated[
        int,
        Field(ge=0, description="How long an unused connection is kept open: longer than a proxy in front keeps it."),
    ] = IDLE_SECONDS
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="Least severe log lines that are written (to standard error)."),
    ] = "info"
    accounts: Annotated[
        dict[AccountId, Annotated[Account, BeforeValidator(_account)]],
        Field(
            description="Further accounts as JSON: account id → the ARN of the role to assume there, or an object with "
            "`role_arn`, `external_id` and `endpoint_url`. `{}` stands for one that is asked with the gateway's own "
            "credentials. Where any is given, ARNs of all others but the gateway's own account are FORBIDDEN."
        ),
    ] = {}
    cache_url: Annotated[
        str,
        Field(
            pattern="^(off|memory|(redis|rediss|unix)://.+)$",
            description="Where answers of AWS outlive a request: `memory`, `off`, or the `redis://`, `rediss://` or "
            "`unix://` URL of a Redis or Valkey that replicas share, with their rates.",
        ),
        AfterValidator(_connectable),
    ] = "memory"
    cache_record_seconds: Annotated[
        float,
        Field(ge=0, description="How long what a Describe or a summary told of an entity is remembered; 0 not at all."),
    ] = 30.0
    cache_associations_seconds: Annotated[
        float, Field(ge=0, description="How long a vertex's associations are; 0 not at all.")
    ] = 10.0
    cache_walk_seconds: Annotated[
        float, Field(ge=0, description="How long what QueryLineage found from a vertex is; 0 not at all.")
    ] = 10.0
    cache_max_bytes: Annotated[
        int, Field(ge=0, description="Size of the cache in memory at most; the least recently used goes first.")
    ] = 67_108_864
    log_format: Annotated[
        Literal["auto", "json", "text"],
        Field(description="How they are written; `auto` is text on a terminal and JSON anywhere else."),
    ] = "auto"
    metrics: Annotated[bool, Field(description="Whether `/metrics` tells Prometheus what the gateway does.")] = True
    tracing: Annotated[
        bool,
        Field(
            description="Whether operations and AWS calls are traced by OpenTelemetry, which the extra `otel` installs "
            "and `OTEL_` variables configure."
        ),
    ] = False
    forwarded_allow_ips: Annotated[
        str,
        Field(
            description="Addresses and networks of the proxies, by comma, whose `X-Forwarded-For` and "
            "`X-Forwarded-Proto` are believed; `*` believes anyone's."
        ),
        AfterValidator(_addresses),
    ] = "127.0.0.1,::1"
    max_cost: Annotated[
        int, Field(ge=1, description="What an operation may cost at most, estimated before anything is executed.")
    ] = 1_000_000_000_000
    max_entities: Annotated[
        int, Field(ge=1, description="Entities that one answer may show at most, each as often as it is shown.")
    ] = 500_000
    rate_cost_per_second: Annotated[
        float, Field(ge=0, description="What each caller may spend a second, in the same units; 0 stands for no limit.")
    ] = 0.0
    rate_cost_burst: Annotated[
        int, Field(ge=1, description="What each caller may have saved up, and so spends at once.")
    ] = 1_000_000
    auth: Annotated[
        Literal["none", "api-key", "jwt"],
        Field(
            description="How callers sign in: not at all, which only a loopback address takes; with keys from a file; "
            "with tokens of an issuer."
        ),
    ] = "none"
    insecure: Annotated[
        bool, Field(description="Whether to start all the same where the gateway would refuse to for its safety.")
    ] = False
    profile: Annotated[
        Literal["development", "production"],
        Field(description="`production` tells clients nothing of the schema, and has no GraphiQL and no GET."),
    ] = "development"
    api_keys: Annotated[
        Path | None, Field(description="File of the hashed keys for `api-key`, read again when it changes.")
    ] = None
    jwt_issuer: Annotated[str | None, Field(description="The `iss` that tokens must have.")] = None
    jwt_audience: Annotated[str | None, Field(description="The `aud` that tokens must have, or have among others.")] = (
        None
    )
    jwt_jwks: Annotated[
        str | None, Field(description="URL or file of the issuer's public keys (a JSON Web Key Set).")
    ] = None
    jwt_leeway_seconds: Annotated[
        float, Field(ge=0, le=600, description="How far the issuer's clock and the gateway's may be apart.")
    ] = 30.0
    cors_origins: Annotated[
        tuple[str, ...] | None,
        NoDecode,
        BeforeValidator(_listed),
        Field(
            description="Origins, such as `https://portal.example.com`, whose pages may ask from a browser; separated "
            "by commas, or a JSON list."
        ),
    ] = None
    trusted_documents: Annotated[
        Path | None, Field(description="Manifest of the documents that clients may ask by their SHA-256.")
    ] = None
    trusted_documents_only: Annotated[bool, Field(description="Whether no other document is executed.")] = False
    type_prefix: Annotated[
        str | None,
        Field(
            pattern="^[A-Za-z][A-Za-z0-9_]*$",
            description="What the names of types and root fields begin with, for a graph in which others have a "
            "`Project` too: with `SageMaker`, `SageMakerProject` and `sageMakerProject`.",
        ),
    ] = None
    node_field: Annotated[
        bool, Field(description="Whether Query has `node` and `nodes`, of which a graph has room for one subgraph's.")
    ] = True
    max_representations: Annotated[
        int, Field(ge=1, description="References to entities that one `_entities` of a router takes at most.")
    ] = 1000
