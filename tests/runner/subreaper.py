"""Runs the rest of the program in a child, and reaps what the tests leave behind.

Supervisors and daemons that a test orphans come to this process (PR_SET_CHILD_SUBREAPER, prctl(2)) and are reaped at once.
Without it they would go to pid 1, which on some machines reaps late, so that a dead process looks alive to a test.
"""

import ctypes
import os
import signal

PR_SET_CHILD_SUBREAPER = 36


def run_below(work):
    """Calls work() in a child process and returns its exit status, once it has ended."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    child = os.fork()
    if child == 0:
        os._exit(work())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, frame: os.kill(child, received))
    while True:
        process, status = os.waitpid(-1, 0)
        if process == child:
            return os.waitstatus_to_exitcode(status) & 0xFF
