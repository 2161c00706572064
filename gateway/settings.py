"""The gateway's settings: environment variables that begin with ``GATEWAY_``.

Region, credentials and endpoint of AWS are not among them: they follow the ordinary AWS rules (``AWS_PROFILE``,
``AWS_REGION``, ``AWS_ENDPOINT_URL_SAGEMAKER`` and the rest).
"""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator can set. The field's description is its documentation; README's table is tested against it."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    host: Annotated[str, Field(description="Address that `serve` and `demo` listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port that they listen on; 0 takes a free one.")] = 8000
    local_url: Annotated[
        str | None,
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
    ] = 50
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
        int, Field(ge=0, description="How long requests in flight may go on after Ctrl-C or SIGTERM.")
    ] = 10
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="Least severe log lines that are written (to standard error)."),
    ] = "info"
