"""Files that are held against what was published."""

from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.hub.verify import verify
from tests.hub.made import make, make_cached, make_ours


def test_a_download_that_is_as_it_was_published(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    findings = verify(make_ours(tmp_path, "owner/tiny"), lambda done, total: told.append((done, total)))
    assert findings.whole
    assert findings.checked == 4
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1] > 0
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_byte_that_turned_and_a_file_that_went(tmp_path: Path) -> None:
    folder = make_ours(tmp_path, "owner/tiny")
    raw = bytearray((folder / "model.safetensors").read_bytes())
    raw[-1] ^= 1
    (folder / "model.safetensors").write_bytes(raw)
    (folder / "tokenizer.json").unlink()
    (folder / "config.json").write_text("{}")
    findings = verify(folder)
    assert set(findings.wrong) == {"model.safetensors", "config.json"}
    assert findings.missing == ("tokenizer.json",)
    assert not findings.whole


def test_a_snapshot_is_held_against_the_names_of_its_blobs(tmp_path: Path) -> None:
    snapshot = make_cached(tmp_path, "owner/tiny")
    (snapshot / "note.txt").write_text("mine")
    findings = verify(snapshot)
    assert (findings.checked, findings.unknown, findings.whole) == (4, 1, True)
    blob = (snapshot / "model.safetensors").resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    (snapshot / "config.json").resolve().unlink()
    findings = verify(snapshot)
    assert (findings.wrong, findings.missing) == (("model.safetensors",), ("config.json",))


def test_a_link_out_of_the_cache_is_not_read_as_a_blob(tmp_path: Path) -> None:
    snapshot = make_cached(tmp_path / "cache", "owner/tiny")
    outside = tmp_path / ("0" * 64)
    outside.write_text("secret")
    (snapshot / "stolen.json").symlink_to(outside)
    findings = verify(snapshot)
    assert (findings.unknown, findings.whole) == (1, True)


def test_it_can_be_ended(tmp_path: Path) -> None:
    findings = verify(make_ours(tmp_path, "owner/tiny"), cancelled=lambda: True)
    assert findings.cancelled
    assert not findings.whole


def test_a_folder_of_which_nobody_knows_anything(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Nobody says"):
        verify(make(tmp_path / "mine"))
