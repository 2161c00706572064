"""Trusted documents: those in an operator's manifest, which clients may request by their SHA-256."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from gateway.errors import BadUserInput, Forbidden, NoTrustedDocuments, UnknownDocument

_APOLLO = "apollo-persisted-query-manifest"
_PREFIX = "sha256:"


class Documents:
    """The documents that may be executed: any, or only the trusted ones."""

    def __init__(self, trusted: Mapping[str, str] | None = None, *, only: bool = False) -> None:
        """Look documents up in ``trusted`` by their hashes; with ``only``, refuse others."""
        self._trusted = trusted
        self._only = only

    def text(self, query: str, document_id: str | None = None, persisted: Any = None) -> str:
        """Return the document of a request, which has its text, its hash (in either form), or both.

        Raises:
            BadUserInput: the text and the hashes do not match, or ``persistedQuery`` is malformed.
            Forbidden: the document is not trusted, and only trusted ones are accepted.
            NoTrustedDocuments: there is a hash without text, and the gateway has no manifest.
            UnknownDocument: there is a hash without text, and the manifest does not have it.
        """
        hashes = {document_id.removeprefix(_PREFIX)} if document_id else set()
        hashes |= {_apollo_hash(persisted)} if persisted is not None else set()
        if query and (hashes or self._only):
            hashes.add(_hash(query))
        if len(hashes) > 1:
            raise BadUserInput("The document does not match its hash.")
        return self._found(query, hashes.pop()) if hashes else query

    def _found(self, query: str, hash: str) -> str:
        if self._trusted is None and not query:
            raise NoTrustedDocuments
        found = (self._trusted or {}).get(hash) or (None if self._only else query)
        if not found:
            raise Forbidden("Only trusted documents are accepted here.") if query else UnknownDocument
        return found


def read_documents(path: Path | None, *, only: bool) -> Documents:
    """Read a manifest and check each document against its hash; ValueError, with a one-line message, if it is invalid.

    Without a manifest, any document is accepted by its text.
    """
    if path is None:
        if only:
            raise ValueError("GATEWAY_TRUSTED_DOCUMENTS_ONLY takes a manifest: set GATEWAY_TRUSTED_DOCUMENTS")
        return Documents()
    try:
        return Documents(_manifest(orjson.loads(path.read_bytes())), only=only)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"GATEWAY_TRUSTED_DOCUMENTS: {path}: {why}") from error


def _manifest(given: Any) -> dict[str, str]:
    pairs = _apollo_pairs(given) if isinstance(given, dict) and given.get("format") == _APOLLO else given
    if not isinstance(pairs, dict) or not all(isinstance(document, str) for document in pairs.values()):
        raise ValueError('not a manifest: it must be {"<sha256>": "<document>", …}, or one of Apollo\'s')
    documents = {id.removeprefix(_PREFIX): document for id, document in pairs.items()}
    for id, document in documents.items():
        if id != _hash(document):
            raise ValueError(f"{id} is not the SHA-256 of its document, which is {_hash(document)}")
    return documents


def _apollo_pairs(given: dict[str, Any]) -> Any:
    operations = given.get("operations")
    if given.get("version") != 1 or not isinstance(operations, list):
        raise ValueError("of Apollo's manifests only version 1 is known")
    try:
        return {operation["id"]: operation["body"] for operation in operations}
    except (TypeError, KeyError):
        raise ValueError("an operation in it lacks its id or its body") from None


def _apollo_hash(persisted: Any) -> str:
    hash = persisted.get("sha256Hash") if isinstance(persisted, dict) and persisted.get("version") == 1 else None
    if not isinstance(hash, str) or not hash:
        raise BadUserInput("`persistedQuery` must be {version: 1, sha256Hash}.", "extensions")
    return hash


def _hash(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()
