"""Starts the command line."""

import os
import signal


def main() -> int:
    """Run a command and return its exit status; end without a traceback if interrupted before that."""
    # Importing the gateway takes a while. And as the first process of a container, this one ignores a SIGTERM that it
    # does not handle.
    signal.signal(signal.SIGTERM, _leave)
    before = signal.signal(signal.SIGINT, _leave)
    from gateway import cli  # noqa: PLC0415 - see above

    signal.signal(signal.SIGINT, before)
    return cli.main()


def _leave(number: int, _: object) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    raise SystemExit(main())
