"""Clients of other users than root."""

import contextlib
import os

import api
from api import error_details_pb2, status_pb2


@contextlib.contextmanager
def acting_as(uid, gid=None, groups=()):
    """The kernel takes whoever connects meanwhile for that user: it is the effective ids that count (unix(7))."""
    before = os.getgroups()
    os.setgroups(list(groups))
    os.setegid(uid if gid is None else gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


def client(daemon, uid, gid=None, groups=(), read_only=False):
    """A connection of that user, which is there when this returns."""
    path = daemon.socket(read_only)
    with acting_as(uid, gid, groups):
        made = api.Client(path)
        made.session.GetSession(api.session_service_pb2.GetSessionRequest(), timeout=10)
    daemon._clients.append(made)  # pylint: disable=protected-access
    return made


def anything_of(error):
    """All that a client is told, as bytes."""
    if error is None:
        return b"no error"
    details = [stable(value if isinstance(value, bytes) else value.encode())
               for key, value in error.trailing_metadata() or () if key == "grpc-status-details-bin"]
    return b"\n".join([error.code().name.encode(), error.details().encode(), *details])


def stable(details):
    """The bytes of a google.rpc.Status with the entries of maps in one order: on the wire they have none."""
    status = status_pb2.Status.FromString(details)
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            detail.value = info.SerializeToString(deterministic=True)
    return status.SerializeToString(deterministic=True)
