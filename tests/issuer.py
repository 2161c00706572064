"""A token issuer: keys, signed tokens, and a JWKS endpoint on a socket of its own."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://issuer.example.com/", "lineage"


class Issuer:
    """Signs tokens with the key whose id is ``kid``, and publishes its public keys; ``fetches`` counts the requests."""

    def __init__(self) -> None:
        self.keys: dict[str, RSAPrivateKey | EllipticCurvePrivateKey] = {
            "rsa-1": rsa.generate_private_key(65537, 2048),
            "ec-1": ec.generate_private_key(ec.SECP256R1()),
        }
        self.fetches = 0
        self.away = False
        self.url = ""
        self.redirect = ""
        """The URL that it redirects to, or an empty string."""

    def published(self) -> bytes:
        keys = [_jwk(key) | {"kid": kid, "use": "sig"} for kid, key in self.keys.items()]
        return orjson.dumps({"keys": keys})

    def token(self, scope: Any = "lineage:read", kid: str = "rsa-1", key: Any = None, **claims: Any) -> str:
        """Return a token that is valid for a minute.

        ``claims`` overrides its claims: None leaves a claim out, and a timedelta is a time relative to now.
        """
        signing = key or self.keys[kid]
        now = int(time.time())
        given = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 60, "scope": scope} | claims
        payload = {name: _at(now, value) for name, value in given.items() if value is not None}
        algorithm = "ES256" if isinstance(signing, EllipticCurvePrivateKey) else "RS256"
        return jwt.encode(payload, signing, algorithm, headers={"kid": kid})


def _at(now: int, value: Any) -> Any:
    return now + int(value.total_seconds()) if isinstance(value, timedelta) else value


def _jwk(key: RSAPrivateKey | EllipticCurvePrivateKey) -> dict[str, Any]:
    if isinstance(key, RSAPrivateKey):
        return RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return ECAlgorithm.to_jwk(key.public_key(), as_dict=True)


@contextmanager
def issuing(certificate: str | None = None) -> Iterator[Issuer]:
    """Run an issuer that serves its keys: by https if there is a certificate file for localhost, else by http."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.fetches += 1
            body = b"away" if issuer.away else issuer.published()
            self.send_response(503 if issuer.away else 302 if issuer.redirect else 200)
            self.send_header("content-length", str(len(body)))
            self.send_header("location", issuer.redirect)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        issuer.url = f"https://localhost:{server.server_port}/jwks.json"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
