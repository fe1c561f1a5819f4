"""The token for the Hub: in a keyring that works, else in a file of one's own, and nowhere else."""

import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import pytest

from desktop_app.domain.errors import UserError
from desktop_app.store.tokens import Tokens

SECRET = "hf_secret_0123456789"


class Working(keyring.backend.KeyringBackend):
    """Keeps in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Broken(Working):
    """Fails with the secret in its words, as some do."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("D-Bus is not there")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(password)


class Forgetful(Working):
    """Takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Gone."""


class Waiting(Working):
    """Asks the person, who is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.answered.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        self.answered.wait()


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hub-token"


def use(backend: keyring.backend.KeyringBackend) -> None:
    keyring.set_keyring(backend)


def use_none() -> None:
    none: type[keyring.backend.KeyringBackend] = keyring.backends.fail.Keyring
    use(none())


def test_a_keyring_that_works_is_used_and_no_file_is_made(file: Path) -> None:
    working = Working()
    use(working)
    tokens = Tokens(file)
    assert tokens.get() == ""
    tokens.set(SECRET)
    assert working.kept == {("vllm-desktop", "hub-token"): SECRET}
    assert not file.exists()
    assert tokens.place == "the system's keyring"
    assert Tokens(file).get() == SECRET
    tokens.forget()
    tokens.forget()
    assert Tokens(file).get() == ""


@pytest.mark.parametrize("backend", [keyring.backends.fail.Keyring, keyring.backends.null.Keyring, Broken, Forgetful])
def test_without_one_that_works_it_is_a_file_of_ones_own_and_says_so(
    file: Path, backend: type[keyring.backend.KeyringBackend]
) -> None:
    use(backend())
    tokens = Tokens(file)
    tokens.set(SECRET)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "only you can read" in tokens.place
    assert str(file) in tokens.place
    assert Tokens(file).get() == SECRET
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_a_keyring_that_never_answers_keeps_nobody_waiting(file: Path) -> None:
    waiting = Waiting()
    use(waiting)
    tokens = Tokens(file, seconds=0.05)
    tokens.set(SECRET)
    assert tokens.get() == SECRET
    assert "only you can read" in tokens.place
    with pytest.raises(UserError, match="could not be deleted"):
        Tokens(file, seconds=0.05).forget()
    assert not file.exists()
    waiting.answered.set()


def test_what_a_keyring_kept_is_not_called_forgotten_while_it_does_not_answer(file: Path) -> None:
    working = Working()
    use(working)
    Tokens(file).set(SECRET)
    waiting = Waiting()
    use(waiting)
    tokens = Tokens(file, seconds=0.05)
    assert tokens.get() == ""
    with pytest.raises(UserError, match="could not be deleted"):
        tokens.forget()
    use(working)
    tokens.forget()
    assert working.kept == {}
    waiting.answered.set()


def test_what_went_into_the_keyring_does_not_stay_in_a_file(file: Path) -> None:
    use_none()
    Tokens(file).set("hf_old")
    use(Working())
    tokens = Tokens(file)
    assert tokens.get() == "hf_old"
    tokens.set(SECRET)
    assert not file.exists()
    assert tokens.get() == SECRET


def test_the_token_is_in_no_message(file: Path) -> None:
    use_none()
    tokens = Tokens(file)
    tokens.set(SECRET)
    assert SECRET not in repr(tokens)
    file.write_bytes(b"\xff" + SECRET.encode())
    with pytest.raises(UserError) as caught:
        tokens.get()
    assert SECRET not in f"{caught.value.sentence()} {caught.value.details} {caught.value.__cause__}"


def test_a_file_with_other_rights_is_made_private_and_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    use_none()
    file.write_text(SECRET)
    file.chmod(0o644)
    assert Tokens(file).get() == SECRET
    assert file.stat().st_mode & 0o777 == 0o600
    other = tmp_path / "other"
    file.rename(other)
    file.symlink_to(other)
    with pytest.raises(UserError):
        Tokens(file).get()
    Tokens(file).set("hf_new")
    assert other.read_text() == SECRET


def test_a_place_that_cannot_be_written(file: Path) -> None:
    use_none()
    file.with_name(f"{file.name}.part").mkdir()
    with pytest.raises(UserError, match="could not be kept"):
        Tokens(file).set(SECRET)
