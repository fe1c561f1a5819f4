"""Where things are kept: private, short enough for a socket, and below one folder."""

import os
import socket
import stat
from pathlib import Path

import pytest

from desktop_app.paths import Paths, default_root, resources

KEY = "0123456789"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_lies_below_the_data_folder() -> None:
    paths = Paths(Path("/data"))
    names = [name for name, value in vars(Paths).items() if isinstance(value, property)]
    assert len(names) >= 8
    assert all(Path("/data") in getattr(paths, name).parents for name in names)


def test_folders_are_made_private_and_made_private_again(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "a" / "data")
    paths.make()
    for folder in (paths.root, paths.runtime, paths.records, paths.logs, paths.engines):
        assert mode(folder) == 0o700, folder
    paths.root.chmod(0o755)
    paths.runtime.chmod(0o777)
    paths.make()
    assert (mode(paths.root), mode(paths.runtime)) == (0o700, 0o700)


def test_what_was_forbidden_on_purpose_stays_forbidden(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data")
    paths.make()
    paths.root.chmod(0o555)
    paths.make()
    assert mode(paths.root) == 0o500
    paths.root.chmod(0o700)


def test_a_temporary_folder_has_the_models_of_another_one(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "temporary", tmp_path / "models")
    paths.make()
    assert paths.models == tmp_path / "models"
    assert not paths.models.exists()


@pytest.mark.parametrize("length", [1, 40, 80, 200])
def test_a_socket_fits_however_long_the_data_folder_is(
    tmp_path: Path, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Path(os.environ.get("TMPDIR", "/tmp")) / f"vd-test-{os.getpid()}"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    paths = Paths(tmp_path / ("d" * length))
    paths.make()
    places = paths.engine(KEY)
    places.tmp.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(places.socket))
    assert paths.engine_sockets() == [places.socket]
    internal = places.tmp / "0b8a7f0e-1111-2222-3333-444455556666"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(internal))
    assert mode(paths.runtime) == 0o700
    internal.unlink()
    places.socket.unlink()
    places.tmp.rmdir()
    paths.runtime.rmdir()
    if runtime.exists():
        runtime.rmdir()


def test_two_long_data_folders_do_not_share_a_socket(tmp_path: Path) -> None:
    one, two = Paths(tmp_path / ("d" * 150) / "1"), Paths(tmp_path / ("d" * 150) / "2")
    assert one.engine(KEY).socket != two.engine(KEY).socket
    assert one.root not in one.engine(KEY).socket.parents


def test_two_engines_share_nothing() -> None:
    paths = Paths(Path("/data"))
    one, two = paths.engine("a" * 10), paths.engine("b" * 10)
    assert not {one.socket, one.log, one.record, one.tmp} & {two.socket, two.log, two.record, two.tmp}


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = Paths(tmp_path / "data")
    paths.make()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(PermissionError, match="belongs to somebody else"):
        paths.make()


def test_a_link_in_place_of_the_folder_for_sockets_is_refused(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data")
    paths.root.mkdir()
    (tmp_path / "elsewhere").mkdir(mode=0o777)
    paths.runtime.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        paths.make()


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="the rules of XDG")
def test_the_default_follows_xdg_and_ignores_a_relative_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert default_root() == Path("/somewhere/vllm-desktop")
    for nothing in ("", "relative"):
        monkeypatch.setenv("XDG_DATA_HOME", nothing)
        assert default_root() == Path.home() / ".local" / "share" / "vllm-desktop"


def test_what_the_program_ships_is_there() -> None:
    assert (resources() / "icons" / "send.svg").is_file()
    assert (resources() / "guide" / "config.json").is_file()
