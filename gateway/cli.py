"""The command line: ``lineage-gateway serve · demo · local · query · schema · key``."""

import argparse
import asyncio
import logging
import os
import re
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError
from pydantic_settings import SettingsError

from gateway import schema, serving
from gateway.app import create_app, opened
from gateway.aws.pool import session
from gateway.errors import GatewayError
from gateway.http.auth import check_exposure
from gateway.http.callers import Role
from gateway.http.hosts import own_hosts
from gateway.http.keys import new_key
from gateway.local.server import LocalServer
from gateway.local.server import serve as serve_local
from gateway.local.store import ACCOUNT, REGION, StoreError
from gateway.local.transfer import BadLineError
from gateway.observability import logs
from gateway.schema.execution import Executor, GraphQLRequest
from gateway.schema.names import Names
from gateway.settings import Settings, unknown

EXAMPLE = """{
  contexts(type: "Endpoint", first: 1) {
    nodes { name upstream { nodes { name type upstream { nodes { name type } } } } }
  }
}"""
"""A query that works on the demo account: an endpoint and two hops upstream."""

_LOCAL_PORT = 8001

_log = logging.getLogger("gateway.settings")

_QUOTED = re.compile(r'(?<=")\w+(?=")')


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0 is success, 1 a GraphQL response with errors, 2 a usage or startup error, 130 Ctrl-C, 141 a closed output pipe.
    """
    _open_streams()
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except ValidationError as error:
        return _refuse(
            "; ".join(f"GATEWAY_{'.'.join(map(str, e['loc'])).upper()}: {_reason(e)}" for e in error.errors())
        )
    except SettingsError as error:
        return _refuse(f"GATEWAY_{_QUOTED.findall(str(error))[0].upper()}: not JSON")
    except BrokenPipeError:
        # Python flushes stdout as it exits, which would raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (GatewayError, sqlite3.Error, StoreError, BadLineError, OSError, ValueError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return status


def _open_streams() -> None:
    """Open the null device for standard streams that the parent process has closed, which Python sets to None."""
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - for as long as the process lives


def _reason(error: Any) -> str:
    """Return a validation error's message without pydantic's prefix."""
    message: str = error["msg"]
    return message.removeprefix("Value error, ")


def _refuse(reason: str) -> int:
    sys.stderr.write(f"lineage-gateway: {reason}\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lineage-gateway", description="GraphQL over SageMaker ML Lineage Tracking.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {metadata.version('lineage-gateway')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=help)
        added.set_defaults(run=run)
        return added

    serve = command("serve", _serve, "Serve GraphQL over the AWS account configured in the environment.")
    _add_address(serve)
    serve.add_argument(
        "--local",
        nargs="?",
        const="",
        metavar="FILE",
        help="serve over an embedded local lineage service instead, stored in FILE or in memory",
    )
    demo = command("demo", _demo, "Serve GraphQL over an embedded local lineage service with a demo account.")
    _add_address(demo)
    query = command("query", _query, "Run one GraphQL query and print the response.")
    query.add_argument("query", metavar="GRAPHQL", help="the document; - reads it from standard input")
    query.add_argument("--variables", default="{}", metavar="JSON", help="the query's variables, as a JSON object")
    query.add_argument("--store", type=Path, metavar="FILE", help="query an embedded local service stored in FILE")
    query.add_argument("--demo", action="store_true", help="query an embedded local service with the demo account")
    command("schema", _schema, "Print the GraphQL schema, as the GATEWAY_ variables configure it.")
    key = command(
        "key", _key, "Create an API key for GATEWAY_AUTH=api-key; shows it once, with its entry for the key file."
    )
    key.add_argument("name", metavar="NAME", help="the caller's name, which logs and rate limits use")
    key.add_argument(
        "--role",
        action="append",
        choices=[role.value for role in Role],
        help="what the caller may do; repeat for several (default: read)",
    )
    _add_local(command("local", _local, "Serve only the SageMaker-compatible local lineage service."))
    return parser


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (GATEWAY_HOST)")
    parser.add_argument("--port", type=int, help="port to listen on; 0 picks a free one (GATEWAY_PORT)")


def _add_local(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port",
        type=_number(0, 65_535, int),
        default=_LOCAL_PORT,
        help="port to listen on; 0 picks a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="SQLite file to store everything in (default: in memory)"
    )
    parser.add_argument(
        "--load",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="import a JSON Lines file at startup; may be repeated",
    )
    parser.add_argument("--demo", action="store_true", help="load the demo account if the store is empty")
    parser.add_argument(
        "--latency-ms", type=_number(0, 3_600_000), default=0, metavar="N", help="delay each response by N milliseconds"
    )
    parser.add_argument(
        "--throttle-tps", type=_number(0, 1_000_000), metavar="N", help="throttle calls beyond N per second"
    )
    parser.add_argument(
        "--fault-rate", type=_number(0, 1), default=0, metavar="P", help="fail this fraction of calls, from 0 to 1"
    )
    parser.add_argument(
        "--deny",
        action="append",
        default=[],
        metavar="PATTERN",
        help="deny calls that match [Operation:]ARN-or-name, where * is a wildcard; may be repeated",
    )
    parser.add_argument(
        "--account",
        type=_text("[0-9]{12}", "twelve digits"),
        help=f"account id (default: the store's, or {ACCOUNT} for a new store)",
    )
    parser.add_argument(
        "--region",
        type=_text("[a-z]{2,4}(-[a-z]+)+-[0-9]", "a region such as us-east-1"),
        help=f"region (default: the store's, or {REGION} for a new store)",
    )
    parser.add_argument("--no-quotas", action="store_true", help="lift the quotas on manually created entities")


def _number(least: float, most: float, kind: Callable[[str], float] = float) -> Callable[[str], float]:
    """Return an argparse type for numbers from ``least`` to ``most``."""

    def read(text: str) -> float:
        with suppress(ValueError):
            if least <= (number := kind(text)) <= most:
                return number
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least:,} to {most:,}")

    return read


def _text(pattern: str, what: str) -> Callable[[str], str]:
    """Return an argparse type for text that matches ``pattern``."""

    def read(text: str) -> str:
        if re.fullmatch(pattern, text):
            return text
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")

    return read


def _serve(options: argparse.Namespace) -> int:
    settings = _settings(options)
    if options.local is None:
        session(settings)  # reports missing AWS configuration now instead of when the server starts
        return _run(settings, lambda url: f"Explorer  {url}/\nGraphQL   {url}/graphql\n")
    with _embedded(store=Path(options.local) if options.local else None) as local:
        return _run_embedded(settings, local)


def _demo(options: argparse.Namespace) -> int:
    settings = _settings(options)
    with _embedded(demo=True) as local:
        return _run_embedded(settings, local, demo=True)


def _query(options: argparse.Namespace) -> int:
    settings = Settings()
    document = sys.stdin.read() if options.query == "-" else options.query
    try:
        variables = orjson.loads(options.variables)
    except orjson.JSONDecodeError as error:
        return _refuse(f"--variables is not JSON: {error}")
    if not isinstance(variables, dict):
        return _refuse("--variables takes a JSON object")
    if options.demo or options.store:
        with LocalServer(store=options.store, demo=options.demo) as local:
            answer = asyncio.run(_answer(settings.model_copy(update={"local_url": local.url}), document, variables))
    else:
        answer = asyncio.run(_answer(settings, document, variables))
    plain = orjson.loads(orjson.dumps(answer))  # long lists are serialized already, without indentation
    sys.stdout.write(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 1 if "errors" in answer else 0


def _schema(_: argparse.Namespace) -> int:
    sys.stdout.write(schema.build(Settings()).sdl)
    return 0


def _key(options: argparse.Namespace) -> int:
    key, entry = new_key(options.name, [Role(role) for role in options.role or [Role.READ]])
    # Standard output holds only the entry, because users append it to the key file; the key must not be in there.
    sys.stderr.write(f"API key, shown only once: {key}\n")
    sys.stdout.write(f"\n{entry}")
    return 0


def _local(options: argparse.Namespace) -> int:
    serve_local(
        host=options.host,
        port=options.port,
        grace_seconds=Settings().grace_seconds,
        announce=lambda url: _say(f"AWS endpoint  {url}   (AWS_ENDPOINT_URL_SAGEMAKER={url})\n"),
        store=options.store,
        load=options.load,
        demo=options.demo,
        latency_ms=options.latency_ms,
        throttle_tps=options.throttle_tps,
        fault_rate=options.fault_rate,
        deny=options.deny,
        account=options.account,
        region=options.region,
        quotas=not options.no_quotas,
    )
    return 0


async def _answer(settings: Settings, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    async with opened(settings) as backend:
        executor, request = Executor(schema.build(settings)), GraphQLRequest(document, variables)
        # A mutation must see the current state, not what others have put into a Redis.
        loaders = backend.loaders(fresh=executor.is_mutation(request))
        try:
            return (await executor.run(request, loaders)).answer
        finally:
            await loaders.end()


def _settings(options: argparse.Namespace) -> Settings:
    given = {"host": options.host, "port": options.port}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    check_exposure(settings)
    return settings


@contextmanager
def _embedded(**options: Any) -> Iterator[LocalServer]:
    """Run a local service beside the gateway, on its default port or, if that is taken, on a free one."""
    try:
        local = LocalServer(port=_LOCAL_PORT, record=False, **options).start()
    except OSError:
        local = LocalServer(port=0, record=False, **options).start()
    try:
        yield local
    finally:
        local.stop()


def _run_embedded(settings: Settings, local: LocalServer, *, demo: bool = False) -> int:
    contexts = Names(settings.type_prefix).root_field("contexts")

    def announce(url: str) -> str:
        return (
            f"Explorer      {url}/\n"
            f"GraphQL       {url}/graphql   (GraphiQL in a browser)\n"
            f"AWS endpoint  {local.url}   (AWS_ENDPOINT_URL_SAGEMAKER={local.url})\n"
            f"Try\n\n{EXAMPLE.replace('contexts', contexts)}\n\nCtrl-C stops.\n"
        )

    return _run(settings.model_copy(update={"local_url": local.url}), announce, demo=demo)


def _run(settings: Settings, announce: Callable[[str], str], *, demo: bool = False) -> int:
    logs.configure(settings.log_level, settings.log_format)
    for warning in unknown(os.environ):
        _log.warning(warning)
    app = create_app(settings, demo=demo, hosts=own_hosts(settings))
    with serving.listen(settings.host, settings.port) as listener:
        announcement = announce(serving.url_of(listener))
        server = serving.Server(
            app,
            settings.grace_seconds,
            lambda: _say(announcement),
            timeout_keep_alive=settings.idle_seconds,
            ws_max_size=settings.max_body_bytes,
            forwarded_allow_ips=settings.forwarded_allow_ips,
        )
        serving.run(server, listener)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
