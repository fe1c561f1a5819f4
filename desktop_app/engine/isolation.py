"""What is done in vLLM's process before it becomes vLLM: cut it off, tie it to its parent. Standard library only.

`supervisor` calls this between fork and exec. Where the kernel lets us, vLLM gets a network of its own in which there
is nothing but loopback: then it cannot send a byte anywhere, and the ports that its libraries open on 127.0.0.1
(gloo's, with nothing behind them) are reached by nobody else. Its Unix socket is a file and works across.

SIGTERM is made to end every process of the engine, whatever handler it installs. While vLLM loads, its own handler
swallows the signal: the start then goes on or hangs for as long as VLLM_ENGINE_READY_TIMEOUT_S says, and nobody can see
that somebody wanted an end. (Blocking the signal would not do: Python's resource tracker unblocks it.)
"""

import contextlib
import ctypes
import fcntl
import os
import platform
import signal
import socket
import struct
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 0x1

_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_SPEC_ALLOW = 1, 4
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _PRETEND_SUCCESS = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _SIGNAL_AT, _ACTION_AT = 0, 4, 16, 24
"""Where they stand in `struct seccomp_data` (seccomp(2)); of numbers and pointers the lower half is looked at."""
_SYSCALLS = {"x86_64": (0xC000003E, 13, 317), "aarch64": (0xC00000B7, 134, 277)}
"""By machine: what the kernel calls it, and the numbers of rt_sigaction and seccomp."""
_NVIDIA_DRIVER, _NVIDIA_DEVICE = Path("/proc/driver/nvidia"), Path("/dev/nvidia-uvm")
"""Where the driver is there and its device is not, CUDA makes it with a program that has more rights."""


def adopt_orphans() -> None:
    """From now on processes below this one that lose their parent become its children (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def can_cut_off() -> bool:
    """Whether a process can be cut off from the network here, found out in one that is thrown away."""
    if sys.platform != "linux":
        return False
    pid = os.fork()
    if pid == 0:
        try:
            _cut_off()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def before_exec(cut_off: bool, mortal: bool) -> None:
    """Make this process die with its parent, and go first when memory runs out.

    Args:
        cut_off: give it a network with nothing but loopback.
        mortal: make SIGTERM end it and all that come from it, whatever handler they install (Linux).
    """
    if cut_off:
        _cut_off()
    # After the change of namespaces, which would clear it.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if mortal:
        _forbid_handlers_of_sigterm()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")


def _forbid_handlers_of_sigterm() -> None:
    """Have the kernel only pretend to install handlers of SIGTERM; on an unknown machine nothing changes."""
    known = _SYSCALLS.get(platform.machine()) if sys.platform == "linux" else None
    if known is None:
        return
    architecture, rt_sigaction, seccomp = known
    steps = [
        # What to do, how many steps to go on if equal and if not, with which value.
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 0, 7, architecture),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_EQUAL, 0, 5, rt_sigaction),
        (_LOAD, 0, 0, _SIGNAL_AT),
        (_IF_EQUAL, 0, 3, signal.SIGTERM),
        (_LOAD, 0, 0, _ACTION_AT),
        # No action is given by who only asks for the present one.
        (_IF_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _PRETEND_SUCCESS),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None)
    arguments = (seccomp, _SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_SPEC_ALLOW, program)
    # Allowed in a user namespace of one's own; elsewhere for who renounces all programs with more rights.
    if libc.syscall(*arguments) and (_NVIDIA_DEVICE.exists() or not _NVIDIA_DRIVER.exists()):
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        libc.syscall(*arguments)


def _prctl(option: int, value: int) -> None:
    """Linux's prctl; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _cut_off() -> None:
    """Give this process a network of its own with loopback only (network_namespaces(7), user_namespaces(7)).

    Raises:
        OSError: the kernel does not let us.
    """
    libc, user, group = ctypes.CDLL(None, use_errno=True), os.getuid(), os.getgid()
    flags = _CLONE_NEWNET if user == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")
    if flags & _CLONE_NEWUSER:
        # The same person inside as outside, and no rights gained: execve() drops them.
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
