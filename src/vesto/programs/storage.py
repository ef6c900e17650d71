"""A program's file: safetensors with a format version and a checksum, compressed by zlib.

Everything in it is hostile. The header holds one JSON document: the program with every array replaced by the name of a
tensor. The checksum is SHA-256 over the document and the tensors' bytes and names the program.
A program has one document only, and a document one spelling: any other is refused.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import Field, fields
from typing import Any, Final

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from vesto.errors import DataCorrupted
from vesto.programs.bodies import BODIES, Body
from vesto.programs.check import check
from vesto.programs.program import Input, Output, Program
from vesto.programs.steps import STEPS, Step

FORMAT: Final = "vesto-program"
VERSION: Final = 1
# What a file may hold once it is no longer compressed.
MOST_BYTES: Final = 2**32
_KEYS: Final = {"format", "version", "program", "sha256"}
# What reading hostile bytes can end in; deep nesting is the last, 0x1p9999 the one before.
_DAMAGE: Final = (
    SafetensorError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError,
    RecursionError,
)  # fmt: skip

Tensors = dict[str, NDArray[Any]]


def dump(program: Program) -> bytes:
    """The program as the content of a file."""
    text, tensors = _document(program)
    header = {"format": FORMAT, "version": str(VERSION), "program": text}
    header["sha256"] = _checksum(text, tensors)
    return zlib.compress(safetensors.numpy.save(tensors, metadata=header))


def _document(program: Program) -> tuple[str, Tensors]:
    tensors: Tensors = {}
    document = {
        "inputs": [[item.name, item.type] for item in program.inputs],
        "steps": [_written(step, tensors) for step in program.steps],
        "features": list(program.features),
        "body": _written(program.body, tensors),
        "output": _written(program.output, tensors),
    }
    return _compact(document), tensors


def _compact(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _written(part: Step | Body | Output, tensors: Tensors) -> dict[str, Any]:
    written: dict[str, Any] = {"kind": part.kind}
    for field in fields(part):
        value = getattr(part, field.name)
        if field.metadata.get("optional") and not np.size(value):
            continue
        if dtype := field.metadata.get("dtype"):
            name = f"t{len(tensors)}"
            tensors[name] = np.ascontiguousarray(value, dtype=np.dtype(dtype))
            value = name
        elif field.type == "float":
            value = float(value).hex()
        written[field.name] = list(value) if isinstance(value, tuple) else value
    return written


def _checksum(text: str, tensors: Tensors) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(f"{name}:{tensors[name].dtype.str}:{tensors[name].shape}".encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()


def content_hash(content: bytes) -> str:
    """The checksum that a program's file carries; it names the program.

    Raises:
        DataCorrupted: The content does not start as a program's file does.
    """
    return _header(_inflated(content))["sha256"]


def _inflated(content: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        inner = stream.decompress(content, MOST_BYTES)
    except zlib.error as error:
        raise DataCorrupted("the file is no program", detail=str(error)) from error
    if not stream.eof or stream.unused_data:
        raise DataCorrupted("the program's file is damaged", detail="Its end is wrong.")
    return inner


def load(content: bytes) -> Program:
    """The program in a file, checked in every part.

    Raises:
        DataCorrupted: The file is damaged, of another version, or not a sound program.
    """
    inner = _inflated(content)
    header = _header(inner)
    try:
        tensors = safetensors.numpy.load(inner)
        if _checksum(header["program"], tensors) != header["sha256"]:
            raise DataCorrupted("the program's checksum is wrong")
        program = _read(json.loads(header["program"]), tensors)
        check(program)
        text, expected = _document(program)
    except _DAMAGE as error:
        raise DataCorrupted("the program's file is damaged", detail=str(error)) from error
    if text != header["program"] or expected.keys() != tensors.keys():
        raise DataCorrupted("the program's file is damaged", detail="It is spelled another way.")
    return program


def _header(content: bytes) -> dict[str, str]:
    """The metadata of the file's header, which must be spelled as ``dump`` spells it."""
    try:
        size = int.from_bytes(content[:8], "little")
        if not 0 < size <= len(content) - 8:
            raise ValueError(f"a header of {size} bytes in a file of {len(content)}")
        text = content[8 : 8 + size].decode()
        whole = json.loads(text)
        header: dict[str, str] = whole["__metadata__"]
        known = header["format"] == FORMAT and all(type(v) is str for v in header.values())
        spelled = _compact(whole).encode().ljust(size) == text.encode()
    except _DAMAGE as error:
        raise DataCorrupted("the file is no program", detail=str(error)) from error
    if not (known and "version" in header):
        raise DataCorrupted("the file is no program")
    if header["version"] != str(VERSION):
        hint = "Train the model again, or open the warehouse with a newer Vesto."
        raise DataCorrupted(f"program version {header['version']} is not known", hint=hint)
    if header.keys() != _KEYS or not spelled:
        raise DataCorrupted("the program's file is damaged", detail="Its header is wrong.")
    return header


def _read(document: dict[str, Any], tensors: Tensors) -> Program:
    return Program(
        inputs=tuple(Input(_text(name), _text(kind)) for name, kind in document["inputs"]),
        steps=tuple(_part(STEPS, step, tensors) for step in document["steps"]),
        features=tuple(_integer(register) for register in document["features"]),
        body=_part(BODIES, document["body"], tensors),
        output=_part({Output.kind: Output}, document["output"], tensors),
    )


def _part(kinds: dict[str, Any], written: dict[str, Any], tensors: Tensors) -> Any:
    kind = kinds[written["kind"]]
    return kind(**{
        field.name: _array(field, tensors[written[field.name]])
        if "dtype" in field.metadata
        else _READERS[str(field.type)](written[field.name])
        for field in fields(kind)
        if field.name in written or not field.metadata.get("optional")
    })  # fmt: skip


def _array(field: Field[Any], value: NDArray[Any]) -> NDArray[Any]:
    dimensions = field.metadata.get("dimensions", 1)
    if value.dtype != np.dtype(field.metadata["dtype"]) or value.ndim != dimensions:
        raise ValueError(f"{field.name} has the type {value.dtype} and {value.ndim} dimensions")
    return value


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r:.40} is no whole number")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"{value!r:.40} is no text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if type(value) is not list:
        raise ValueError(f"{value!r:.40} is no list")
    return tuple(_text(item) for item in value)


def _integers(value: Any) -> tuple[int, ...]:
    if type(value) is not list:
        raise ValueError(f"{value!r:.40} is no list")
    return tuple(_integer(item) for item in value)


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "int": _integer, "float": float.fromhex, "str": _text, "Link": _text,
    "tuple[str, ...]": _texts, "tuple[int, ...]": _integers,
}  # fmt: skip
