"""The guest's kernel and root file system, out of Debian packages, kept in a cache outside of the source tree.

The cache is $REEVE_TEST_CACHE, or reeve-tests below $XDG_CACHE_HOME or ~/.cache; it may be removed at any time. A change of this
file makes another image. What is built here (daemon, tests) is not in it: overlay() packs that anew for each run.
"""

import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

SUITE = "bookworm"
# The kernel is taken out of its package instead of being installed: a developer's machine shall not boot it.
KERNEL = "linux-image-cloud-amd64"
PACKAGES = ["dbus", "systemd"]
# A small image is soon in the guest's memory.
LEFT_OUT = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/zoneinfo/*", "/usr/share/i18n/*",
            "/usr/lib/x86_64-linux-gnu/gconv/*"]
BUILD_SECONDS = 600


def cache():
    default = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "reeve-tests")
    with open(__file__, "rb") as file:
        recipe = hashlib.sha256(file.read()).hexdigest()[:16]
    return os.path.join(os.environ.get("REEVE_TEST_CACHE") or default, f"cgroup2-{recipe}")


def run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=BUILD_SECONDS, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-2000:]}")
    return done.stdout


def fetch_kernel(folder):
    """vmlinuz and loop.ko of the newest kernel package."""
    depends = run(["apt-cache", "depends", KERNEL])
    package = re.search(r"Depends: (linux-image-\S+)", depends)
    if not package:
        raise RuntimeError(f"{KERNEL} depends on no kernel:\n{depends}")
    run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package[1]], cwd=folder)
    [archive] = [name for name in os.listdir(folder) if name.endswith(".deb")]
    run(["dpkg-deb", "-x", archive, "kernel"], cwd=folder)
    boot = os.path.join(folder, "kernel/boot")
    [kernel] = [name for name in os.listdir(boot) if name.startswith("vmlinuz")]
    shutil.move(os.path.join(boot, kernel), os.path.join(folder, "vmlinuz"))
    # For a block device that limits can be set on.
    [loop] = glob.glob(os.path.join(folder, "kernel/lib/modules/*/kernel/drivers/block/loop.ko"))
    shutil.move(loop, os.path.join(folder, "loop.ko"))
    shutil.rmtree(os.path.join(folder, "kernel"))
    os.unlink(os.path.join(folder, archive))


def build_root(folder):
    """root.cpio: Debian's essential packages and PACKAGES."""
    root = os.path.join(folder, "root")
    options = [f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT]
    run(["mmdebstrap", "--variant=essential", f"--include={','.join(PACKAGES)}", *options, SUITE, root])
    pack(root, os.path.join(folder, "root.cpio"))
    shutil.rmtree(root)


def pack(root, archive):
    """An archive as the kernel unpacks it. Not compressed: to copy is quicker in an emulator than to decompress."""
    with open(archive, "wb") as file:
        subprocess.run(["sh", "-c", "find . -print0 | LC_ALL=C sort -z | cpio --null --create --format=newc --quiet"],
                       cwd=root, stdout=file, check=True, timeout=BUILD_SECONDS)


def image():
    """The folder with vmlinuz and root.cpio; made when it is not there."""
    folder = cache()
    if os.path.exists(os.path.join(folder, "root.cpio")):
        return folder
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    building = tempfile.mkdtemp(prefix="building-", dir=os.path.dirname(folder))
    try:
        os.chmod(building, 0o755)
        try:
            fetch_kernel(building)
        except RuntimeError:
            run(["apt-get", "-q", "update"])  # the lists are old or absent
            fetch_kernel(building)
        build_root(building)
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def libraries(programs):
    """What the programs are linked with on this machine, which is a Debian of the same suite: paths."""
    found = set()
    for program in programs:
        done = subprocess.run(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        found.update(re.findall(r"(/\S+\.so\S*) \(0x", done.stdout))
    return sorted(found)


def overlay(archive, files):
    """Packs `files`, a dict of the guest's path to this machine's, with their libraries."""
    with tempfile.TemporaryDirectory() as root:
        programs = list(files.values())
        wanted = {**{path: path for path in libraries(programs)}, **files}
        for inside, outside in wanted.items():
            target = os.path.join(root, "overlay" + re.sub("^/(bin|lib|lib64|sbin)/", r"/usr/\1/", inside))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.isdir(outside):
                shutil.copytree(outside, target, symlinks=True)
            else:
                shutil.copy(outside, target)
        pack(root, archive)
