from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from vesto.files import flush_folder, remove_folder, write_file


def full(*_: object) -> NoReturn:
    raise OSError(28, "No space left on device")


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for content in (b"one", b"", b"three" * 10_000):
        write_file(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "a"
    write_file(path, b"old")
    monkeypatch.setattr(Path if call == "replace" else os, call, full)
    with pytest.raises(OSError, match="No space"):
        write_file(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_file(tmp_path / "nowhere" / "a", b"x")
    with pytest.raises(FileNotFoundError):
        flush_folder(tmp_path / "nowhere")


def test_a_folder_is_removed_with_all_in_it_and_may_be_gone_already(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "c").write_text("x")
    remove_folder(folder)
    remove_folder(folder)
    assert not folder.exists()


def test_what_a_link_leads_to_is_not_removed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "kept").write_text("x")
    (inside / "link").symlink_to(outside)
    remove_folder(inside)
    assert not inside.exists()
    assert (outside / "kept").read_text() == "x"
