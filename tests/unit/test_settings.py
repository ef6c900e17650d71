from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from vesto.errors import InputOutputError, InvalidParameterValue
from vesto.settings import Settings, checked, described, read_settings


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "vesto.toml") == Settings()


def test_the_file_goes_before_the_defaults_and_the_caller_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "vesto.toml"
    path.write_text('owner = "zoë"\nseed = 3\n[staging]\nbucket = "/data"\n', encoding="utf-8")
    found = read_settings(path, {"seed": 4})
    assert (found.owner, found.seed, found.threads) == ("zoë", 4, 0)
    assert dict(found.staging) == {"bucket": "/data"}


@pytest.mark.parametrize("content", [b"seed = ", b"\xff\xfe", b"seed = 1\nseed = 2"])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vesto.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidParameterValue, match=r"vesto\.toml is not TOML") as caught:
        read_settings(path)
    assert caught.value.detail


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputOutputError, match="cannot be read"):
        read_settings(tmp_path)


def test_an_unknown_setting_lists_the_known_ones() -> None:
    with pytest.raises(InvalidParameterValue, match='setting "colour" is not known') as caught:
        checked({"colour": "red"})
    assert all(item.name in caught.value.hint for item in fields(Settings))


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("owner", 5, "a text"), ("owner", "", "a text"), ("seed", "5", "a whole number"),
        ("seed", 1.5, "a whole number"), ("seed", True, "a whole number"), ("seed", -1, "from 0"),
        ("seed", 2**31, "to 2147483647"), ("threads", -1, "from 0"),
        ("training_threads", 0, "from 1"), ("training_nice", 20, "from 0 to 19"),
        ("minimum_rows", 0, "from 2"), ("maximum_classes", 1, "from 2"), ("max_cells", 0, "from 1"),
        ("max_runtime_s", 0, "from 1"), ("cost_per_cpu_hour", "1", "a number"),
        ("cost_per_cpu_hour", float("nan"), "from 0"),
        ("cost_per_cpu_hour", float("inf"), "from 0"), ("cost_per_cpu_hour", -0.1, "from 0"),
        ("staging", "x", "a table of texts"), ("staging", {"a": 1}, "a table of texts"),
    ],
)  # fmt: skip
def test_a_wrong_value_says_what_it_must_be(name: str, value: Any, wanted: str) -> None:
    with pytest.raises(InvalidParameterValue, match=f'setting "{name}" must be .*{wanted}') as it:
        checked({name: value})
    assert it.value.sqlstate == "22023"
    assert it.value.hint.startswith("It means: ")


def test_a_number_with_a_point_may_be_written_without_one() -> None:
    assert checked({"cost_per_cpu_hour": 2}).cost_per_cpu_hour == 2


def test_every_default_is_a_value_that_may_be_set() -> None:
    defaults = {f.name: f.default for f in fields(Settings) if f.default is not None}
    assert checked(defaults) == Settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().seed = 5  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    rows = described()
    assert [name for name, *_ in rows] == [item.name for item in fields(Settings)]
    assert ("seed", "int", "0", "seed of sampling, splits and search") in rows
    assert all(meaning and kind for _, kind, _, meaning in rows)
    assert next(default for name, _, default, _ in rows if name == "staging") == ""
