"""SCRAM-SHA-256, the client's side, by hand (RFC 5802, RFC 7677): every step is the test's to leave out or to do wrong."""

import base64
import hashlib
import hmac
import os

import api

START = api.session_service_pb2.StartAuthenticationRequest
CONTINUE = api.session_service_pb2.ContinueAuthenticationRequest
NAME = "SCRAM-SHA-256"


def first(user, nonce=None):
    return f"n,,n={user},r={nonce or base64.b64encode(os.urandom(18)).decode()}".encode()


def start(client, user, **fields):
    """The server's challenge, and what belongs to it."""
    message = first(user)
    step = client.session.StartAuthentication(START(mechanism=NAME, initial_response=message, **fields), timeout=30)
    return message, step


def proof(message, challenge, password):
    """The client's last message, and what the server must answer."""
    fields = dict(part.split("=", 1) for part in challenge.decode().split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    client_key = hmac.new(salted, b"Client Key", "sha256").digest()
    server_key = hmac.new(salted, b"Server Key", "sha256").digest()
    without = f"c=biws,r={fields['r']}"
    signed = b",".join([message[3:], challenge, without.encode()])
    signature = hmac.new(hashlib.sha256(client_key).digest(), signed, "sha256").digest()
    answer = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()
    expected = b"v=" + base64.b64encode(hmac.new(server_key, signed, "sha256").digest())
    return f"{without},p={answer}".encode(), expected


def authenticate(client, user, password):
    """The session that the daemon answers."""
    message, step = start(client, user)
    last, expected = proof(message, step.challenge, password)
    step = client.session.ContinueAuthentication(CONTINUE(response=last), timeout=30)
    assert step.challenge == expected, step
    return step.session
