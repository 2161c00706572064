# ruff: noqa: S608 - only names from this file are formatted into statements
"""The SQLite store of the local service: entities, associations, memberships in trials, and tags.

One connection, used by one thread at a time, locks the file exclusively. Every request is one transaction, and
``synchronous=FULL`` writes it to disk before the response is sent, so that a kill -9 loses nothing acknowledged.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Parameters = Sequence[object] | Mapping[str, object]

ACCOUNT, REGION = "123456789012", "us-east-1"
"""The default account and region of a new store."""

VERSION = 1
"""Version of the tables below; a file with another version is refused."""

_TABLES = """
CREATE TABLE account (
    id TEXT NOT NULL,
    region TEXT NOT NULL
);
CREATE TABLE entity (
    id INTEGER PRIMARY KEY,
    arn TEXT NOT NULL,
    edition INTEGER NOT NULL,   -- the version of a model card, 0 for other kinds
    kind TEXT NOT NULL,
    listed INTEGER NOT NULL,    -- 0 for entities of other accounts and for earlier versions of a model card
    handmade INTEGER NOT NULL,  -- 1 if created by an operation, not imported: counts against the quota
    name TEXT,
    type TEXT,
    source TEXT,
    parent TEXT,
    status TEXT,
    created INTEGER NOT NULL,   -- milliseconds since 1970, here and below
    modified INTEGER NOT NULL,
    record BLOB NOT NULL,       -- the Describe response, as on the wire
    UNIQUE (arn, edition)
);
CREATE INDEX entity_by_time ON entity (kind, listed, created);
CREATE INDEX entity_by_name ON entity (kind, listed, name);
CREATE INDEX entity_by_name_of_any_case ON entity (kind, listed, name COLLATE NOCASE);
CREATE INDEX entity_by_type ON entity (kind, listed, type, created) WHERE type IS NOT NULL;
CREATE INDEX entity_by_source ON entity (kind, listed, source, created) WHERE source IS NOT NULL;
CREATE INDEX entity_by_parent ON entity (kind, listed, parent, created) WHERE parent IS NOT NULL;
CREATE INDEX entity_handmade ON entity (kind, created) WHERE handmade;

CREATE TABLE association (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    destination TEXT NOT NULL,
    type TEXT,
    created INTEGER NOT NULL,
    created_by BLOB NOT NULL,
    handmade INTEGER NOT NULL,
    source_name TEXT,           -- as imported, used if the store does not have the entity
    destination_name TEXT,
    source_type TEXT NOT NULL,  -- the entity's type, '' if it has none
    destination_type TEXT NOT NULL,
    UNIQUE (source, destination)
);
CREATE INDEX association_to ON association (destination, source);
CREATE INDEX association_from_by_time ON association (source, created);
CREATE INDEX association_to_by_time ON association (destination, created);
CREATE INDEX association_by_time ON association (created);
CREATE INDEX association_by_source_type ON association (source_type, created);
CREATE INDEX association_by_destination_type ON association (destination_type, created);
CREATE INDEX association_by_type ON association (type, created);
CREATE INDEX association_handmade ON association (created) WHERE handmade;

CREATE TABLE membership (
    trial TEXT NOT NULL,
    component TEXT NOT NULL,
    experiment TEXT,            -- as imported, used if the store does not have the trial
    PRIMARY KEY (trial, component)
) WITHOUT ROWID;
CREATE INDEX membership_by_component ON membership (component, trial);

CREATE TABLE tag (
    arn TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) WITHOUT ROWID;
"""


class StoreError(Exception):
    """The store's file cannot be used; the message says why."""


class Entity(NamedTuple):
    """A row of the table ``entity``, without its id."""

    arn: str
    edition: int
    kind: str
    listed: bool
    handmade: bool
    name: str | None
    type: str | None
    source: str | None
    parent: str | None
    status: str | None
    created: int
    modified: int
    record: bytes


class Association(NamedTuple):
    """A row of the table ``association``, without its id."""

    source: str
    destination: str
    type: str | None
    created: int
    created_by: bytes
    handmade: bool
    source_name: str | None
    destination_name: str | None
    source_type: str
    destination_type: str


_ENTITY = ", ".join(Entity._fields)
_NAMED = (
    f"SELECT {_ENTITY} FROM entity WHERE (kind <> 'ModelPackage' OR parent IS NULL) AND kind = ? AND listed = 1"
    " AND name = ?"
)


def _put(table: str, columns: tuple[str, ...], key: str) -> str:
    marks = ", ".join("?" * len(columns))
    replaced = ", ".join(f"{column} = excluded.{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {replaced}"


_PUT_ENTITY = _put("entity", Entity._fields, "arn, edition")
_PUT_ASSOCIATION = _put("association", Association._fields, "source, destination")


class Store:
    """The database connection, with queries for single rows, and transactions."""

    def __init__(self, path: str | None, account: str | None = None, region: str | None = None) -> None:
        """Open or create the file at ``path``; without a path, store everything in memory.

        A store belongs to one account and region. If given, ``account`` and ``region`` must match those of an existing
        store.

        Raises:
            StoreError: the file is not a store of this version, belongs to another account or region, is in use by
                another process, or cannot be opened.
        """
        self._connection = _opened(path)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._prepare(account, region)
            self._connection.execute("COMMIT")
        except (sqlite3.Error, StoreError) as error:
            self._connection.close()
            raise StoreError(f"{path}: {_why(error)}") from error
        self._last: int = self._value(
            "SELECT max(coalesce((SELECT max(created) FROM entity WHERE handmade), 0),"
            " coalesce((SELECT max(created) FROM association WHERE handmade), 0))"
        )

    def _prepare(self, account: str | None, region: str | None) -> None:
        if self._value("PRAGMA user_version") == 0:
            for statement in _TABLES.split(";"):
                self._connection.execute(statement)
            self._connection.execute("INSERT INTO account VALUES (?, ?)", (account or ACCOUNT, region or REGION))
            self._connection.execute(f"PRAGMA user_version = {VERSION}")
        self.account, self.region = self._connection.execute("SELECT id, region FROM account").fetchone()
        if (account or self.account, region or self.region) != (self.account, self.region):
            wanted = " in ".join(filter(None, (account, region)))
            raise StoreError(f"belongs to account {self.account} in {self.region}, not to {wanted}")

    def clear(self) -> None:
        """Delete everything."""
        self._last = 0
        for table in ("entity", "association", "membership", "tag"):
            self.change(f"DELETE FROM {table}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a transaction, or join the outer one; changes are written to disk when the outer one commits."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Any]:
        """Return the rows of a SELECT."""
        return self._connection.execute(sql, parameters).fetchall()

    def change(self, sql: str, parameters: Parameters = ()) -> int:
        """Execute a statement, and return the number of affected rows."""
        return self._connection.execute(sql, parameters).rowcount

    def _value(self, sql: str, parameters: Parameters = ()) -> Any:
        return self._connection.execute(sql, parameters).fetchone()[0]

    def now(self) -> int:
        """A unique time in milliseconds, later than all before, so that it shows the order of creation."""
        self._last = max(self.clock(), self._last + 1)
        return self._last

    def clock(self) -> int:
        """The time in milliseconds, no earlier than those returned before.

        For imports, whose entities may share a time: with a different millisecond each, the times of a large import
        would lie minutes ahead.
        """
        return max(time.time_ns() // 1_000_000, self._last)

    def entity(self, arn: str, edition: int | None = None) -> Entity | None:
        """The entity with this ARN, or None; its newest edition unless ``edition`` is given."""
        found = self.rows(
            f"SELECT {_ENTITY} FROM entity WHERE arn = ? AND edition = coalesce(?, edition)"
            " ORDER BY edition DESC LIMIT 1",
            (arn, edition),
        )
        return Entity._make(found[0]) if found else None

    def named(self, kind: str, name: str, *, any_case: bool = False) -> Entity | None:
        """The account's own entity of a kind with this name, or None. Versions of a model package group have no name.

        With ``any_case``, the name is matched case-insensitively if there is no exact match.
        """
        found = self.rows(_NAMED, (kind, name))
        if any_case and not found:
            found = self.rows(f"{_NAMED} COLLATE NOCASE", (kind, name))
        return Entity._make(found[0]) if found else None

    def put(self, entity: Entity) -> None:
        """Insert or replace the entity, and update its type in its associations."""
        self.change(_PUT_ENTITY, entity)
        values = (entity.type or "", entity.arn, entity.type or "")
        self.change("UPDATE association SET source_type = ? WHERE source = ? AND source_type <> ?", values)
        self.change(
            "UPDATE association SET destination_type = ? WHERE destination = ? AND destination_type <> ?", values
        )

    def list_newest_edition(self, arn: str) -> None:
        """Mark the newest edition of the entity as listed, and the others as not listed."""
        newest = "(SELECT max(edition) FROM entity WHERE arn = :arn)"
        self.change(f"UPDATE entity SET listed = (edition = {newest}) WHERE arn = :arn", {"arn": arn})

    def type_of(self, arn: str, otherwise: str) -> str:
        """The type of the entity, '' if it has none; ``otherwise`` if the store does not have the entity."""
        found = self.rows("SELECT coalesce(type, '') FROM entity WHERE arn = ? AND edition = 0", (arn,))
        return found[0][0] if found else otherwise

    def remove(self, arn: str) -> None:
        """Delete the entity and its tags."""
        self.change("DELETE FROM entity WHERE arn = ?", (arn,))
        self.change("DELETE FROM tag WHERE arn = ?", (arn,))

    def handmade(self, kind: str) -> int:
        """The number of entities that count against the quota of the kind."""
        count: int = self._value("SELECT count(*) FROM entity WHERE kind = ? AND handmade", (kind,))
        return count

    def put_association(self, association: Association) -> None:
        """Insert or replace the association."""
        self.change(_PUT_ASSOCIATION, association)

    def associated(self, source: str, destination: str) -> bool:
        """Whether there is an association from ``source`` to ``destination``."""
        found = self.rows("SELECT 1 FROM association WHERE source = ? AND destination = ?", (source, destination))
        return bool(found)

    def handmade_associations(self) -> int:
        """The number of associations that count against their quota."""
        count: int = self._value("SELECT count(*) FROM association WHERE handmade")
        return count


def _opened(path: str | None) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=0)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {_why(error)}") from error
    try:
        # The lock is held until the end, because a second process would not see this one's clock and walks.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN IMMEDIATE")  # of two processes that start at once, only one gets this lock
        connection.execute("PRAGMA busy_timeout = 1000")  # milliseconds, for the other process to release its lock
        connection.execute("COMMIT")
        _check(connection)  # before anything is changed, in case the file is some other database
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -65536")
    except (sqlite3.Error, StoreError) as error:
        connection.close()
        raise StoreError(f"{path}: {_why(error)}") from error
    return connection


def _check(connection: sqlite3.Connection) -> None:
    version, tables = (
        connection.execute(sql).fetchone()[0] for sql in ("PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if version == 0 and tables:
        raise StoreError("is a database, and no store")
    if version not in {0, VERSION}:
        raise StoreError(f"holds version {version} of the store, and this release reads version {VERSION}")


def _why(error: Exception) -> str:
    if "locked" in str(error):
        return "is in use by another process"
    if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorname == "SQLITE_IOERR_LOCK":
        return "is read-only, or cannot be locked"  # SQLite reports it as an I/O error, as if the disk were broken
    return str(error)
