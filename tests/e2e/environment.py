"""Where the tests run: programs, generated protocol modules, and namespaces of this process's own."""

import atexit
import ctypes
import glob
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REEVED = os.environ.get("REEVE_TEST_REEVED", os.path.join(ROOT, "bazel-bin/daemon/reeved"))
REEVE = os.environ.get("REEVE_TEST_REEVE", os.path.join(ROOT, "bazel-bin/cli/reeve"))
SUPERVISOR = os.environ.get("REEVE_TEST_SUPERVISOR", os.path.join(ROOT, "bazel-bin/drivers/lxc/reeve-supervisor"))

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def enter_own_namespaces():
    """Network and mount namespaces of this process's own: whatever a test leaves there ends with it."""
    if _libc.unshare(CLONE_NEWNS | CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def temporary_folder():
    """A folder that goes when the process ends. Short, as socket paths have at most 107 bytes (unix(7))."""
    folder = tempfile.mkdtemp(prefix="reeve-", dir="/tmp")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def load_protocol():
    """Generates the Python modules of proto/ as any user would, and makes them importable."""
    folder = temporary_folder()
    proto = os.path.join(ROOT, "proto")
    files = [os.path.relpath(path, proto) for path in glob.glob(f"{proto}/**/*.proto", recursive=True)]
    subprocess.run(["protoc", f"-I{proto}", f"--python_out={folder}", f"--grpc_python_out={folder}",
                    f"--plugin=protoc-gen-grpc_python={shutil.which('grpc_python_plugin')}", *files], check=True)
    sys.path.insert(0, folder)
    # google.rpc and grpc.health are parts of packages that are installed: theirs are found beside them.
    import google  # pylint: disable=import-outside-toplevel
    import grpc  # pylint: disable=import-outside-toplevel

    for package in (google, grpc):
        extra = os.path.join(folder, package.__name__)
        if extra not in list(package.__path__):
            package.__path__.append(extra)


def busybox_root(folder):
    """A root file system with busybox and nothing else, in `folder`."""
    subprocess.run([os.path.join(ROOT, "packaging/busybox-root"), folder], check=True, stdout=subprocess.DEVNULL)
    return folder
