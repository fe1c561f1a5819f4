"""Limits of control groups, from folders that look like those of real machines."""

from pathlib import Path

import pytest

from desktop_app.hardware.cgroup import cpu_quota, tightest_memory

UNLIMITED_V1 = "9223372036854771712"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_no_control_groups_at_all(tmp_path: Path) -> None:
    assert tightest_memory(tmp_path) is None
    assert cpu_quota(tmp_path) is None


@pytest.fixture
def v2(tmp_path: Path) -> Path:
    """A desktop with systemd: the session's scope lies in a slice."""
    return write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user.slice/app.scope\n",
            "proc/self/mountinfo": "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
            "sys/fs/cgroup/user.slice/memory.max": "max\n",
            "sys/fs/cgroup/user.slice/app.scope/memory.max": "max\n",
            "sys/fs/cgroup/user.slice/app.scope/cpu.max": "max 100000\n",
        },
    )


def test_version_2_without_a_limit(v2: Path) -> None:
    assert tightest_memory(v2) is None
    assert cpu_quota(v2) is None


def test_version_2_takes_the_smallest_limit_of_all_groups_above(v2: Path) -> None:
    write(
        v2,
        {
            "sys/fs/cgroup/user.slice/memory.max": "268435456\n",
            "sys/fs/cgroup/user.slice/memory.current": "100000000\n",
            "sys/fs/cgroup/user.slice/memory.stat": "anon 1\ninactive_file 40000000\n",
            "sys/fs/cgroup/user.slice/app.scope/memory.max": "1073741824\n",
            "sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/user.slice/app.scope/cpu.max": "400000 100000\n",
        },
    )
    group = tightest_memory(v2)
    assert group is not None
    assert group.limit_bytes == 268435456
    assert group.used_bytes() == 60000000
    assert cpu_quota(v2) == 1.5


@pytest.fixture
def v1(tmp_path: Path) -> Path:
    """A container with version 1: the host's path is shown, and only the container's own part is mounted."""
    return write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/docker/abc/job\n2:cpu,cpuacct:/docker/abc/job\n0::/\n",
            "proc/self/mountinfo": (
                "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
                "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n"
                "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
            ),
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "200000000\n",
            "sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 50000000\n",
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes": UNLIMITED_V1,
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
        },
    )


def test_version_1_takes_the_smallest_limit_of_all_groups_above(v1: Path) -> None:
    group = tightest_memory(v1)
    assert group is not None
    assert group.limit_bytes == 536870912
    assert group.used_bytes() == 150000000
    assert cpu_quota(v1) == 0.5


@pytest.mark.parametrize("own", ["/somewhere/else", "/../../outside"])
def test_a_path_that_cannot_be_seen_falls_back_to_what_is_mounted(v1: Path, own: str) -> None:
    (v1 / "proc/self/cgroup").write_text(f"4:memory:{own}\n2:cpu,cpuacct:{own}\n")
    group = tightest_memory(v1)
    assert group is not None
    assert group.limit_bytes == 536870912


def test_nonsense_is_no_limit(v1: Path) -> None:
    write(
        v1,
        {
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "what?",
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "0",
        },
    )
    assert tightest_memory(v1) is None
    assert cpu_quota(v1) is None


def test_usage_that_cannot_be_read_is_unknown(v1: Path) -> None:
    group = tightest_memory(v1)
    (v1 / "sys/fs/cgroup/memory/memory.usage_in_bytes").unlink()
    assert group is not None
    assert group.used_bytes() is None
