"""What strangers put into model folders: a clear sentence each, nothing outside is touched, the others are found."""

import json
import os
import struct
from pathlib import Path

import pytest

from desktop_app.domain.errors import UserError
from desktop_app.domain.launch import ModelRef
from desktop_app.domain.library import Condition
from desktop_app.hub.local import inspect, model_name
from desktop_app.hub.safetensors import header_length, parse_header
from desktop_app.hub.shelf import Places, scan
from tests.hub.made import head_of, make, make_cached, make_ours, model_files


def scanned(root: Path) -> dict[str, Condition]:
    places = Places(ModelRef("Guide", root / "no"), root / "ours", (root / "cache",), (root / "added",))
    return {model.ref.name: model.condition for model in scan(places)}


def tensor(**changes: object) -> dict[str, object]:
    return {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]} | changes


HEADERS: dict[str, object] = {
    "a shape that is too large": {"a": tensor(shape=[9])},
    "a shape that is too small": {"a": tensor(shape=[7])},
    "a format that does not fit": {"a": tensor(dtype="F32")},
    "a negative shape": {"a": tensor(shape=[-8])},
    "two negative shapes": {"a": tensor(shape=[-2, -4])},
    "a shape with a truth value": {"a": tensor(shape=[True, 8])},
    "a shape with a fraction": {"a": tensor(shape=[8.0])},
    "an endless shape": {"a": tensor(shape=[1] * 100_000)},
    "a gigantic shape": {"a": tensor(shape=[2**70, 0])},
    "negative offsets": {"a": tensor(data_offsets=[-8, 0])},
    "fractions as offsets": {"a": tensor(data_offsets=[0.0, 8.0])},
    "truth values as offsets": {"a": tensor(data_offsets=[False, 8])},
    "texts as offsets": {"a": tensor(data_offsets=["0", "8"])},
    "gigantic offsets": {"a": tensor(data_offsets=[0, 2**80])},
    "three offsets": {"a": tensor(data_offsets=[0, 4, 8])},
    "an overlap": {"a": tensor(), "b": tensor()},
    "a gap": {"a": tensor(shape=[2], data_offsets=[0, 2]), "b": tensor(shape=[4], data_offsets=[4, 8])},
    "a list": [tensor()],
    "a tensor that is none": {"a": [1]},
    "no format": {"a": {"shape": [8], "data_offsets": [0, 8]}},
    "a format that is a number": {"a": tensor(dtype=8)},
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers_that_lie(case: str) -> None:
    raw = json.dumps(HEADERS[case]).encode()
    with pytest.raises(UserError, match="damaged") as caught:
        parse_header(raw, 8 + len(raw) + 8, "model.safetensors")
    assert "model.safetensors" in caught.value.reason


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": {"dtype":"U8","shape":[8],"data_offsets":[0,8]}, "a": {"dtype":"U8","shape":[8],"data_offsets":[0,8]}}',
        b'{"a": {"dtype":"U8","dtype":"I8","shape":[8],"data_offsets":[0,8]}}',
        b'{"a": {"dtype":"U8","shape":[NaN],"data_offsets":[0,8]}}',
        b'{"a": {"dtype":"U8","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}',
        b'{"a":' * 100_000,
        b"[" * 1_000_000,
        b"\xff\xfe{\x00}\x00",
        '{"\ud800": 1}'.encode("utf-8", "surrogatepass"),
        b"",
    ],
    ids=["twins", "inner twins", "nan", "digits", "deep objects", "deep lists", "utf-16", "half a pair", "empty"],
)
def test_headers_that_are_no_json_object(raw: bytes) -> None:
    with pytest.raises(UserError, match="damaged"):
        parse_header(raw, 8 + len(raw) + 8, "model.safetensors")


def test_a_header_with_millions_of_parts_is_not_parsed() -> None:
    raw = b"[" + b"0," * 5_000_000 + b"0]"
    with pytest.raises(UserError) as caught:
        parse_header(raw, 8 + len(raw), "model.safetensors")
    assert "too long" in caught.value.reason


@pytest.mark.parametrize("length", [0, 1, 100_000_001, 2**63, 2**64 - 1])
def test_lengths_that_lie(length: int) -> None:
    with pytest.raises(UserError):
        header_length(struct.pack("<Q", length), 1 << 40, "model.safetensors")


def test_a_header_of_five_thousand_tensors() -> None:
    raw, size = head_of({f"layers.{number}": ("BF16", [4096, 4096]) for number in range(5000)})
    tensors = parse_header(raw, 8 + len(raw) + size, "model.safetensors")
    assert (tensors.names, tensors.parameters) == (5000, {"BF16": 5000 * 4096 * 4096})


def test_a_format_that_is_newer_than_this_program_is_the_engines_to_judge() -> None:
    raw = json.dumps({"a": {"dtype": "F8_NEW", "shape": [8], "data_offsets": [0, 8]}}).encode()
    assert parse_header(raw, 8 + len(raw) + 8, "model.safetensors").size_bytes == 8


@pytest.mark.parametrize("name", ["config.json", "model.safetensors.index.json"])
def test_a_gigabyte_of_json_is_refused_unread(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path / "added" / "huge")
    with (folder / name).open("wb") as stream:
        stream.truncate(1 << 30)
    with pytest.raises(UserError) as caught:
        inspect(folder)
    assert "larger than such a file can be" in caught.value.reason
    assert scanned(tmp_path) == {"huge": Condition.DAMAGED}


def test_json_of_millions_of_things_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    folder = make(tmp_path / "added" / "many")
    (folder / "config.json").write_bytes(b'{"model_type": "x", "a": [' + b"{}," * 2_000_000 + b"1]}")
    with pytest.raises(UserError) as caught:
        inspect(folder)
    assert "more in it than" in caught.value.reason


def test_a_gigabyte_of_header_is_refused_unread(tmp_path: Path) -> None:
    folder = make(tmp_path / "huge")
    with (folder / "model.safetensors").open("wb") as stream:
        stream.write(struct.pack("<Q", (1 << 30) - 8))
        stream.truncate(1 << 30)
    with pytest.raises(UserError, match="damaged"):
        inspect(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
def test_pipes_folders_and_empty_files_keep_nobody_waiting(tmp_path: Path, name: str) -> None:
    for kind in ("pipe", "folder", "empty", "circle"):
        file = make(tmp_path / "added" / kind) / name
        file.unlink()
        if kind == "pipe":
            os.mkfifo(file)
        elif kind == "folder":
            file.mkdir()
        elif kind == "circle":
            file.symlink_to(file)
        else:
            file.touch()
    make(tmp_path / "added" / "well")
    found = scanned(tmp_path)
    assert found["well"] is Condition.READY
    if name != "tokenizer_config.json":
        assert all(condition is Condition.DAMAGED for one, condition in found.items() if one != "well")


def test_folders_that_lead_in_circles_come_to_an_end(tmp_path: Path) -> None:
    folder = make(tmp_path / "added" / "well")
    (tmp_path / "added" / "circle").symlink_to(tmp_path / "added")
    (folder / "circle").symlink_to(tmp_path)
    outside = make(tmp_path / "outside")
    (tmp_path / "added" / "way out").symlink_to(outside)
    assert scanned(tmp_path) == {"well": Condition.READY}


def test_folders_that_go_deeper_and_deeper(tmp_path: Path) -> None:
    deep = tmp_path / "added"
    for _ in range(200):
        deep /= "d"
    deep.mkdir(parents=True)
    make(tmp_path / "added" / "well")
    assert scanned(tmp_path) == {"well": Condition.READY}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    round_about = make(tmp_path / "added" / "shut") / "config.json"
    round_about.unlink()
    round_about.symlink_to(round_about)
    make(tmp_path / "added" / "well")
    assert scanned(tmp_path)["well"] is Condition.READY


@pytest.mark.parametrize("name", ["a\u202egnp.exe", "a\x1b[2Jb", "a\nb", "\u2066x", "tab\there"])
def test_names_that_would_turn_a_line_around_are_shown_harmless(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path / "added" / name)
    (folder / "model.safetensors").write_bytes(b"x")
    shown = model_name(folder)
    assert "\ufffd" in shown
    assert shown.replace("\ufffd", "").isprintable()
    with pytest.raises(UserError):
        inspect(folder)
    assert scanned(tmp_path) == {shown: Condition.DAMAGED}


def test_a_name_in_bytes_that_are_no_text(tmp_path: Path) -> None:
    try:
        folder = make(Path(os.fsdecode(os.fsencode(tmp_path) + b"/added/\xff\xfe")))
    except OSError:
        pytest.skip("this file system takes no such names")
    assert model_name(folder) == "\ufffd\ufffd"
    assert list(scanned(tmp_path).values()) == [Condition.READY]


def test_a_cache_with_names_that_lead_elsewhere(tmp_path: Path) -> None:
    make_cached(tmp_path / "cache", "..--..--etc")
    (tmp_path / "cache" / "models--a--b" / "snapshots").mkdir(parents=True)
    (tmp_path / "cache" / "models--a--b" / "refs").mkdir()
    (tmp_path / "cache" / "models--a--b" / "refs" / "main").write_text("../../../../outside")
    make(tmp_path / "outside")
    places = Places(ModelRef("Guide", tmp_path / "no"), tmp_path / "ours", (tmp_path / "cache",))
    (model,) = scan(places)
    assert (model.repo_id, model.condition) == ("", Condition.READY)
    assert model.ref.folder.is_relative_to(tmp_path / "cache")


@pytest.mark.parametrize(
    "change",
    [
        {"repo_id": "../../etc"},
        {"commit": "x"},
        {"files": 7},
        {"files": [{"path": "../../x", "size": 1}]},
        {"version": 9},
    ],
)
def test_a_record_of_ours_that_somebody_changed(tmp_path: Path, change: dict[str, object]) -> None:
    folder = make_ours(tmp_path / "ours", "owner/tiny")
    file = folder / ".vllm-desktop" / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert scanned(tmp_path)["tiny"] is Condition.DAMAGED


def test_a_template_of_a_gigabyte(tmp_path: Path) -> None:
    folder = make(tmp_path / "added" / "well", model_files())
    with (folder / "tokenizer_config.json").open("wb") as stream:
        stream.truncate(1 << 30)
    places = Places(ModelRef("Guide", tmp_path / "no"), tmp_path / "ours", (), (folder,))
    assert scan(places)[0].chat is None
