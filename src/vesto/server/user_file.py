"""Users of a warehouse that is served: verifiers in a file that only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Final

from vesto.errors import DataCorrupted
from vesto.server.authentication import Verifiers, make_verifiers

NAME: Final = "server-users.json"
_PASSWORD_BYTES: Final = 15


class UserFile:
    """Verifiers by user name; read anew whenever somebody connects."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def verifiers(self, user: str) -> Verifiers | None:
        """Those of a user who may log in; None for anyone else."""
        return self._read().get(user)

    def first_password(self, user: str) -> str:
        """Make the first user and its password; empty where there are users already."""
        if self._path.exists():
            return ""
        # Upper case, lower case and a digit, as Redshift wants passwords.
        password = f"{secrets.token_urlsafe(_PASSWORD_BYTES)}aA1"
        self.add(user, password)
        return password

    def add(self, user: str, password: str) -> None:
        """Add a user, or give one another password."""
        known = self._read() | {user: make_verifiers(user, password)}
        text = json.dumps({name: asdict(verifiers) for name, verifiers in known.items()}, indent=1)
        draft = self._path.with_suffix(".new")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def _read(self) -> dict[str, Verifiers]:
        if not self._path.exists():
            return {}
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {name: Verifiers(**verifiers) for name, verifiers in found.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise DataCorrupted(f"{NAME} cannot be read", detail=str(error)) from error
