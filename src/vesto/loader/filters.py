"""What is changed in text before it is read: characters that are none, and escapes.

An escaped delimiter, line end, quote or backslash becomes a private character, so that the reader cuts
fields and rows where they end; ``restored`` is the SQL that turns it back.
Source: Amazon Redshift Database Developer Guide, "COPY", ESCAPE and ACCEPTINVCHARS.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Any, Final

from vesto.dialect.names import literal

CHUNK_BYTES: Final = 1 << 20
ESCAPED_LINE_END: Final = "\ue001"
_PRIVATE: Final = {"\n": ESCAPED_LINE_END, "\r": "\ue002", "\\": "\ue003", '"': "\ue004"}
_DELIMITER: Final = "\ue000"
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Filter:
    """``replacement`` stands for bytes that are no UTF-8; ``delimiter`` is set where escapes count."""

    replacement: str | None = None
    delimiter: str | None = None

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        return self.replacement is not None or self.delimiter is not None

    def copy(self, stream: Any, file: Any) -> None:
        """Write the stream's text to the file, changed."""
        errors = "surrogateescape" if self.replacement is None else "replace"
        decoder = codecs.getincrementaldecoder("utf-8")(errors)
        held = ""
        while chunk := stream.read(CHUNK_BYTES):
            text = held + decoder.decode(chunk)
            held = ""
            if self.delimiter is not None and _ends_escaping(text):
                text, held = text[:-1], text[-1]
            file.write(self._changed(text, errors))
        file.write(self._changed(held + decoder.decode(b"", final=True), errors))

    def _changed(self, text: str, errors: str) -> bytes:
        if self.replacement is not None:
            text = text.replace("\ufffd", self.replacement)
        if self.delimiter is not None:
            text = _ESCAPE.sub(self._private, text)
        return text.encode("utf-8", errors if errors == "surrogateescape" else "strict")

    def _private(self, match: re.Match[str]) -> str:
        letter = match[1]
        if letter == "N":
            return match[0]
        return _DELIMITER if letter == self.delimiter else _PRIVATE.get(letter, letter)


def _ends_escaping(text: str) -> bool:
    """Whether the last character escapes one that is still to come."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def restored(value: str, delimiter: str) -> str:
    """SQL that turns private characters back."""
    private = _DELIMITER + "".join(_PRIVATE.values())
    return f"translate({value}, {literal(private)}, {literal(delimiter + ''.join(_PRIVATE))})"


def escaped(value: str, delimiter: str) -> str:
    """SQL that escapes text for UNLOAD with ESCAPE."""
    for letter in ("\\", delimiter, "\n", "\r"):
        value = f"replace({value}, {literal(letter)}, {literal(chr(92) + letter)})"
    return value
