"""Check the shared libraries that Qt needs on X11 and Wayland, and install or name what is missing.

As root on Debian and its relatives the packages are installed with apt; otherwise the one command that does it is
printed. `--tests` asks for what the test suite needs as well. Standard library only: it runs before anything is there.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
"""What the xcb and wayland plugins of Qt 6.11 are linked against, and Debian's package for it."""

TEST_PROGRAMS = {
    "Xvfb": "xvfb",
    "xvfb-run": "xvfb",
    "xauth": "xauth",
    "xdotool": "xdotool",
    "strace": "strace",
    "dbus-run-session": "dbus",
    "/usr/libexec/at-spi-bus-launcher": "at-spi2-core",
    "/usr/lib/python3/dist-packages/pyatspi": "python3-pyatspi",
}
"""A virtual screen; what a screen reader uses, because the suite works the window through the accessibility tree; and
what tells the system calls of a program, or has them fail."""


def missing(tests: bool) -> list[str]:
    """Debian packages of what cannot be found, each once."""
    packages = [package for library, package in LIBRARIES.items() if not _loads(library)]
    if tests:
        packages += [package for program, package in TEST_PROGRAMS.items() if not _exists(program)]
    return list(dict.fromkeys(packages))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _exists(program: str) -> bool:
    return Path(program).exists() if program.startswith("/") else shutil.which(program) is not None


def apt_install(packages: list[str]) -> int:
    """Install Debian packages, as root; apt's exit code."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print(f"Installing {', '.join(packages)} …")
    subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    return subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL).returncode


def main(tests: bool) -> int:
    """0 when everything is there in the end, or nothing is needed: without a display there is the terminal."""
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    packages = missing(tests) if sys.platform == "linux" and (display or tests) else []
    if not packages:
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt_install(packages)
        packages = missing(tests)
        if not packages:
            return 0
    purpose = "the test suite needs" if tests else "Qt needs to open a window"
    print(f"Something is missing that {purpose}. This command installs it:")
    print(f"    sudo apt install {' '.join(packages)}")
    if not shutil.which("apt-get"):
        print("(The names are Debian's; other systems call them much the same.)")
    return 1


if __name__ == "__main__":
    sys.exit(main("--tests" in sys.argv[1:]))
