"""Keys in a file of their own."""

import os
import stat
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.store.keys import Keys

URL = "https://example.org/v1"
KEY = "sk-canary-123"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def loaded(file: Path) -> Keys:
    keys = Keys(file)
    keys.load()
    return keys


def test_a_kept_key_is_there_the_next_time_and_private(file: Path) -> None:
    before = os.umask(0)
    try:
        loaded(file).set(URL, KEY, keep=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keys = loaded(file)
    assert (keys.get(URL), keys.is_kept(URL), keys.all()) == (KEY, True, (KEY,))
    assert keys.get("https://elsewhere.example/v1") == ""
    assert KEY not in repr(keys)


def test_a_key_for_now_only_is_never_written(file: Path) -> None:
    keys = loaded(file)
    keys.set(URL, KEY, keep=False)
    assert (keys.get(URL), keys.is_kept(URL), keys.all()) == (KEY, False, (KEY,))
    assert not file.exists()
    assert loaded(file).get(URL) == ""


def test_keeping_no_longer_takes_it_from_the_file(file: Path) -> None:
    keys = loaded(file)
    keys.set(URL, KEY, keep=True)
    keys.set(URL, KEY, keep=False)
    assert keys.get(URL) == KEY
    assert KEY not in file.read_text("utf-8")


def test_a_forgotten_key(file: Path) -> None:
    keys = loaded(file)
    keys.set("https://other.example/v1", "another-key", keep=True)
    keys.set(URL, KEY, keep=True)
    keys.set(URL, "", keep=True)
    assert keys.get(URL) == ""
    assert KEY not in file.read_text("utf-8")
    assert loaded(file).all() == ("another-key",)


def test_rights_that_became_wider_are_narrowed(file: Path) -> None:
    loaded(file).set(URL, KEY, keep=True)
    file.chmod(0o644)
    assert loaded(file).get(URL) == KEY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"https://example.org/v1": "sk-canary-123"'])
def test_a_damaged_file(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read") as caught:
        loaded(file)
    assert KEY not in repr(vars(caught.value))


@pytest.mark.parametrize("content", ["[]", "null", '{"https://example.org/v1": 5}'])
def test_a_file_with_something_else(file: Path, content: str) -> None:
    file.write_text(content, "utf-8")
    assert loaded(file).all() == ()


def test_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"https://example.org/v1": "x"}', "utf-8")
    file.symlink_to(other)
    with pytest.raises(UserError):
        loaded(file)
    keys = Keys(file)
    keys.set(URL, KEY, keep=True)
    assert KEY not in other.read_text("utf-8")
    assert not file.is_symlink()


def test_what_cannot_be_written_is_known_until_the_end(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "nowhere" / "keys.json")
    with pytest.raises(UserError, match="only until this program ends") as caught:
        keys.set(URL, KEY, keep=True)
    assert keys.get(URL) == KEY
    assert KEY not in repr(vars(caught.value))
