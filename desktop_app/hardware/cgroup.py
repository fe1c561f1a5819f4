"""What a container or a systemd slice allows us: memory and processor limits of every control group above us.

Inside a limit `psutil` still reports the whole machine (psutil#2100), and a process that believes it is killed without
a word. So the limits are read here, versions 1 and 2. Called by `probe` and `sampler`. Linux only; elsewhere there is
nothing to read and every answer is None.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_PROC_CGROUP = "proc/self/cgroup"
_PROC_MOUNTS = "proc/self/mountinfo"


@dataclass(frozen=True)
class MemoryGroup:
    """A control group that limits memory."""

    folder: Path
    version: int
    limit_bytes: int

    def used_bytes(self) -> int | None:
        """Bytes in use in the group without the file cache that the kernel can drop at once; None when unreadable."""
        current = _integer(self.folder / ("memory.current" if self.version == 2 else "memory.usage_in_bytes"))
        if current is None:
            return None
        cache = _stat_value(
            self.folder / "memory.stat", "inactive_file" if self.version == 2 else "total_inactive_file"
        )
        return max(0, current - cache)


def memory_groups(root: Path = Path("/")) -> list[MemoryGroup]:
    """Every group above us that limits memory.

    Args:
        root: the folder that stands for `/`.
    """
    found: list[MemoryGroup] = []
    for version, folder in _groups("memory", root):
        limit = _integer(folder / ("memory.max" if version == 2 else "memory.limit_in_bytes"))
        if limit is not None:
            found.append(MemoryGroup(folder, version, limit))
    return found


def tightest_memory(root: Path = Path("/")) -> MemoryGroup | None:
    """The group above us with the smallest memory limit; None when nothing limits us."""
    return min(memory_groups(root), key=lambda group: group.limit_bytes, default=None)


def cpu_quota(root: Path = Path("/")) -> float | None:
    """Cores' worth of processor time that the groups above us allow, e.g. 1.5; None when nothing limits us."""
    quotas = [
        quota
        for version, folder in _groups("cpu", root)
        if (quota := _quota_v2(folder) if version == 2 else _quota_v1(folder)) is not None
    ]
    return min(quotas, default=None)


def _groups(controller: str, root: Path) -> Iterator[tuple[int, Path]]:
    """Our group and every one above it that can be seen, for version 1 and version 2: (version, folder)."""
    for version, mount_root, mount_point in _mounts(controller, root):
        own = _own_path(controller, version, root)
        if own is None:
            continue
        top = root / mount_point.lstrip("/")
        folder = top / _below(own, mount_root)
        while True:
            if folder.is_dir():
                yield version, folder
            if folder == top:
                break
            folder = folder.parent


def _below(own: str, mount_root: str) -> str:
    """Our group's path relative to what is mounted; the mounted group itself when we cannot be seen below it."""
    path = PurePosixPath(own)
    # A path with `..` points outside our cgroup namespace; the mount shows what there is to see.
    if ".." in path.parts or not path.is_relative_to(mount_root):
        return ""
    return str(path.relative_to(mount_root))


def _own_path(controller: str, version: int, root: Path) -> str | None:
    """Our own group in the hierarchy that has *controller*, from lines like `4:memory:/a/b` and `0::/a/b`."""
    for line in _lines(root / _PROC_CGROUP):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if (number == "0" and not controllers) if version == 2 else controller in controllers.split(","):
            return path
    return None


def _mounts(controller: str, root: Path) -> Iterator[tuple[int, str, str]]:
    """(version, root of the mount, mount point) of every hierarchy that may have *controller*; see proc(5)."""
    for line in _lines(root / _PROC_MOUNTS):
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(kind) < 3:
            continue
        if kind[0] == "cgroup2":
            yield 2, fields[3], fields[4]
        elif kind[0] == "cgroup" and controller in kind[2].split(","):
            yield 1, fields[3], fields[4]


def _quota_v2(folder: Path) -> float | None:
    """`cpu.max` holds `200000 100000` (microseconds per period) or `max 100000`."""
    words = " ".join(_lines(folder / "cpu.max")).split()
    if len(words) != 2 or not all(word.isdigit() for word in words) or int(words[1]) == 0:
        return None
    return int(words[0]) / int(words[1])


def _quota_v1(folder: Path) -> float | None:
    """A quota of -1 means no limit."""
    quota, period = _integer(folder / "cpu.cfs_quota_us"), _integer(folder / "cpu.cfs_period_us")
    if not quota or not period:
        return None
    return quota / period


def _stat_value(file: Path, key: str) -> int:
    for line in _lines(file):
        name, _, value = line.partition(" ")
        if name == key and value.isdigit():
            return int(value)
    return 0


def _integer(file: Path) -> int | None:
    """The number in *file*; None for `max`, -1 and for a file that cannot be read."""
    text = "".join(_lines(file)).strip()
    return int(text) if text.isdigit() else None


def _lines(file: Path) -> list[str]:
    """A small file of the kernel; nothing when it is not there, not ours to read, or gone meanwhile."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
