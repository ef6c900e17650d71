from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType

import pytest

import vesto.plugins
from vesto.plugins import Plugins


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins[str]]:
    """A folder of plug-ins with two members, a private file and one that cannot be imported."""
    folder = tmp_path / "vesto_test_zoo"
    folder.mkdir()
    for name, text in {
        "__init__": "", "cat": 'VOICE = "meow"', "dog": 'VOICE = "woof"', "_hidden": 'VOICE = "?"',
        "mute": "LOUD = 1",
    }.items():  # fmt: skip
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield Plugins("vesto_test_zoo", "VOICE")
    for name in [name for name in sys.modules if name.startswith("vesto_test_zoo")]:
        del sys.modules[name]
    vesto.plugins._files.cache_clear()


def outside(monkeypatch: pytest.MonkeyPatch, **members: str) -> None:
    """Entry points ``name=value`` of the zoo, as an installed package would bring them."""
    module = ModuleType("vesto_test_outsider")
    module.OWL, module.CUCKOO = "hoot", "cuckoo"
    monkeypatch.setitem(sys.modules, "vesto_test_outsider", module)
    known = EntryPoints(EntryPoint(n, v, "vesto_test_zoo") for n, v in members.items())
    monkeypatch.setattr(vesto.plugins, "entry_points", known.select)


def test_files_are_members_and_their_names_import_nothing(zoo: Plugins[str]) -> None:
    assert zoo.names() == ["cat", "dog", "mute"]
    assert "vesto_test_zoo.cat" not in sys.modules
    assert zoo.get("dog") == "woof"
    assert "vesto_test_zoo.dog" in sys.modules
    assert "vesto_test_zoo.cat" not in sys.modules


@pytest.mark.parametrize(
    "name",
    ["os", "..errors", "_hidden", "x.y", "", ".", "cat.VOICE", "Cat", "cat ", "__init__", "cat\0"],
)
def test_what_is_no_member_is_none(zoo: Plugins[str], name: str) -> None:
    assert zoo.get(name) is None


def test_a_member_without_its_constant_is_a_mistake_of_its_author(zoo: Plugins[str]) -> None:
    with pytest.raises(AttributeError, match="VOICE"):
        zoo.get("mute")


def test_outsiders_are_members_by_entry_points(
    zoo: Plugins[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outside(monkeypatch, owl="vesto_test_outsider:OWL")
    assert zoo.names() == ["cat", "dog", "mute", "owl"]
    assert zoo.get("owl") == "hoot"


def test_outsiders_do_not_take_the_place_of_our_own(
    zoo: Plugins[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outside(monkeypatch, cat="vesto_test_outsider:CUCKOO")
    assert zoo.names() == ["cat", "dog", "mute"]
    assert zoo.get("cat") == "meow"


def test_all_members_come_by_name(tmp_path: Path, zoo: Plugins[str]) -> None:
    (tmp_path / "vesto_test_zoo" / "mute.py").unlink()
    vesto.plugins._files.cache_clear()
    assert zoo.all() == ["meow", "woof"]
