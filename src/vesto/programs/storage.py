"""A program's file: safetensors with a format version and a checksum. Everything in it is hostile.

The header holds one JSON document: the program with every array replaced by the name of a
tensor. The checksum is SHA-256 over the document and the tensors' bytes and names the program.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from typing import Any, Final, cast

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


def dump(program: Program) -> bytes:
    """The program as the content of a file."""
    tensors: dict[str, NDArray[Any]] = {}
    document = {
        "inputs": [[item.name, item.type] for item in program.inputs],
        "steps": [_written(step, tensors) for step in program.steps],
        "features": list(program.features),
        "body": _written(program.body, tensors),
        "output": _written(program.output, tensors),
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    header = {"format": FORMAT, "version": str(VERSION), "program": text}
    header["sha256"] = _checksum(text, tensors)
    return safetensors.numpy.save(tensors, metadata=header)


def _written(part: Step | Body | Output, tensors: dict[str, NDArray[Any]]) -> dict[str, Any]:
    written: dict[str, Any] = {"kind": part.kind}
    for field in fields(part):
        value = getattr(part, field.name)
        if dtype := field.metadata.get("dtype"):
            name = f"t{len(tensors)}"
            tensors[name] = np.ascontiguousarray(value, dtype=np.dtype(dtype))
            value = name
        elif isinstance(value, float):
            value = value.hex()
        written[field.name] = list(value) if isinstance(value, tuple) else value
    return written


def _checksum(text: str, tensors: dict[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        digest.update(f"{name}:{tensors[name].dtype.str}:{tensors[name].shape}".encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()


def content_hash(content: bytes) -> str:
    """The checksum that a program's file carries; it names the program."""
    return _header(content)["sha256"]


def load(content: bytes) -> Program:
    """The program in a file, checked in every part.

    Raises:
        DataCorrupted: The file is damaged, of another version, or not a sound program.
    """
    header = _header(content)
    try:
        tensors = safetensors.numpy.load(content)
        if _checksum(header["program"], tensors) != header["sha256"]:
            raise DataCorrupted("the program's checksum is wrong")
        document = json.loads(header["program"])
        program = _read(document, tensors)
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataCorrupted("the program's file is damaged", detail=str(error)) from error
    check(program)
    return program


def _header(content: bytes) -> dict[str, str]:
    try:
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])["__metadata__"]
        known = header["format"] == FORMAT and set(header) >= {"version", "program", "sha256"}
    except (KeyError, TypeError, ValueError) as error:
        raise DataCorrupted("the file is no program", detail=str(error)) from error
    if not known:
        raise DataCorrupted("the file is no program")
    if header["version"] != str(VERSION):
        hint = "Train the model again, or open the warehouse with a newer Vesto."
        raise DataCorrupted(f"program version {header['version']} is not known", hint=hint)
    return cast("dict[str, str]", header)


def _read(document: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Program:
    return Program(
        inputs=tuple(Input(str(name), str(kind)) for name, kind in document["inputs"]),
        steps=tuple(_part(STEPS, step, tensors) for step in document["steps"]),
        features=tuple(int(register) for register in document["features"]),
        body=_part(BODIES, document["body"], tensors),
        output=_part({"output": Output}, document["output"], tensors),
    )


def _part(kinds: dict[str, Any], written: dict[str, Any], tensors: dict[str, Any]) -> Any:
    kind = kinds[written["kind"]]
    values = {}
    for field in fields(kind):
        value = written[field.name]
        if dtype := field.metadata.get("dtype"):
            value = tensors[value]
            if value.dtype != np.dtype(dtype):
                raise ValueError(f"{field.name} has the type {value.dtype}")
        elif field.type == "float":
            value = float.fromhex(value)
        elif field.type == "int" and type(value) is not int:
            raise ValueError(f"{field.name} is no whole number")
        elif isinstance(value, list):
            value = tuple(str(item) for item in value)
        values[field.name] = value
    return kind(**values)
