"""What running processes do that can be seen from outside: the ports they listen on, the variables they were given.

Called by `services.doctor`, which proves promises instead of repeating them. Reads only; blocks for milliseconds.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, order=True)
class Port:
    """A TCP port that a process listens on."""

    address: str
    number: int

    @property
    def loopback(self) -> bool:
        """Whether only this computer can reach it."""
        return ipaddress.ip_address(self.address).is_loopback

    def __str__(self) -> str:
        return f"{self.address}:{self.number}"


def listening(pids: Iterable[int]) -> list[Port]:
    """Every TCP port that one of these processes listens on; processes that are gone have none.

    Raises:
        PermissionError: a process belongs to somebody else.
    """
    found = set()
    for pid in pids:
        try:
            connections = psutil.Process(pid).net_connections(kind="tcp")
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        except psutil.AccessDenied as error:
            raise PermissionError(f"process {pid} belongs to somebody else") from error
        listeners = (item.laddr for item in connections if item.status == psutil.CONN_LISTEN)
        found |= {Port(address.ip, address.port) for address in listeners}
    return sorted(found)


def is_cut_off(pid: int) -> bool:
    """Whether process *pid* lives in a network of its own instead of this computer's (network_namespaces(7))."""
    try:
        return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    except OSError:
        return False


def environment_of(pid: int) -> dict[str, str] | None:
    """The variables that process *pid* was started with; None when it is gone or not ours to read."""
    try:
        return psutil.Process(pid).environ() or None
    except (psutil.Error, OSError):
        return None
