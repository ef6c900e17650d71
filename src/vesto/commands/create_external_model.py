"""CREATE EXTERNAL MODEL: read in full; refused when bound, until there are endpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NoReturn

from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, written
from vesto.errors import FeatureNotSupported, InvalidParameterValue, Span, StatementSyntaxError

CHOICES: Final = {"REQUEST_TYPE": ("RAW", "UNIFIED"), "RESPONSE_TYPE": ("VARCHAR", "SUPER")}
SETTINGS: Final = ("MODEL_ID", "PROMPT", "SUFFIX", *CHOICES)
CLAUSES: Final = ("FUNCTION", "IAM_ROLE", "MODEL_TYPE", "SETTINGS")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateExternalModel:
    """A language model of somebody else as a function. A clause not given is None.

    Grammar: Amazon Redshift Database Developer Guide, "CREATE EXTERNAL MODEL".
    """

    status: ClassVar[str] = "refused"
    starts: ClassVar[tuple[str, ...]] = ("CREATE", "EXTERNAL", "MODEL")

    name: Name
    function: Name
    iam_role: str | None = None
    model_type: str = "BEDROCK"
    settings: tuple[tuple[str, str], ...] = ()
    span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> CreateExternalModel:
        """Read it; clauses may stand in any order, each once."""
        span = cursor.span
        cursor.expect(*cls.starts)
        values: dict[str, Any] = {"name": cursor.name("a model's name")}
        spans: dict[str, Span] = {}
        while cursor.here.kind != "end" and not cursor.peek(";"):
            place = cursor.span
            word = cursor.word("a clause of CREATE EXTERNAL MODEL")
            if word not in CLAUSES or word in spans:
                wrong = "is given twice" if word in spans else "is no clause of it"
                hint = f"The clauses are {', '.join(CLAUSES)}."
                raise StatementSyntaxError(f"{word} {wrong}", hint=hint, span=place)
            spans[word] = place
            values[word.lower()] = _READERS[word](cursor)
        cursor.end()
        for word in ("FUNCTION", "MODEL_TYPE", "SETTINGS"):
            if word not in spans:
                raise StatementSyntaxError(f"CREATE EXTERNAL MODEL needs {word}", span=span)
        _check_settings(dict(values["settings"]), spans["SETTINGS"])
        return cls(**values, span=span)

    def sql(self) -> str:
        """The statement as text."""
        role = f" IAM_ROLE {written(self.iam_role)}" if self.iam_role is not None else ""
        pairs = (f"{k} {v if k in CHOICES else written(v)}" for k, v in self.settings)
        return (
            f"CREATE EXTERNAL MODEL {self.name.sql()} FUNCTION {self.function.sql()}{role} "
            f"MODEL_TYPE {self.model_type} SETTINGS ({', '.join(pairs)})"
        )

    def bind(self, context: Context) -> NoReturn:
        """Refuse it.

        Raises:
            FeatureNotSupported: Always.
        """
        hint = "Train a model of your own with CREATE MODEL."
        message = "CREATE EXTERNAL MODEL is not available yet"
        raise FeatureNotSupported(message, hint=hint, span=self.span)


def _function(cursor: Cursor) -> Name:
    return cursor.name("the function's name")


def _iam_role(cursor: Cursor) -> str:
    return "default" if cursor.accept("DEFAULT") else cursor.string("default, or the role")


def _model_type(cursor: Cursor) -> str:
    cursor.expect("BEDROCK")
    return "BEDROCK"


def _settings(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    cursor.expect("(")
    found: dict[str, str] = {}
    while not found or cursor.accept(","):
        span = cursor.span
        name = cursor.word("a setting")
        if name not in SETTINGS:
            hint = f"The settings are {', '.join(SETTINGS)}."
            raise InvalidParameterValue(f"{name} is no setting of it", hint=hint, span=span)
        if name in found:
            raise StatementSyntaxError(f"{name} is given twice", span=span)
        cursor.accept("=")
        found[name] = _choice(cursor, name) if name in CHOICES else cursor.string(name)
    cursor.expect(")")
    return tuple(found.items())


def _choice(cursor: Cursor, name: str) -> str:
    span, token = cursor.span, cursor.advance()
    if token.kind not in {"word", "string"} or token.text.upper() not in CHOICES[name]:
        hint = f"It is {' or '.join(CHOICES[name])}."
        raise StatementSyntaxError(f"{name} cannot be {token.text!r}", hint=hint, span=span)
    return token.text.upper()


_READERS: Final = {
    "FUNCTION": _function, "IAM_ROLE": _iam_role, "MODEL_TYPE": _model_type, "SETTINGS": _settings,
}  # fmt: skip


def _check_settings(given: dict[str, str], span: Span) -> None:
    if "MODEL_ID" not in given:
        hint = "Add MODEL_ID 'id'."
        message = "CREATE EXTERNAL MODEL needs MODEL_ID in SETTINGS"
        raise StatementSyntaxError(message, hint=hint, span=span)
    if given.get("REQUEST_TYPE") != "RAW":
        return
    for name in ("PROMPT", "SUFFIX"):
        if name in given:
            hint = "Leave it out, or use REQUEST_TYPE UNIFIED."
            message = f"{name} does not go with REQUEST_TYPE RAW"
            raise InvalidParameterValue(message, hint=hint, span=span)
    if given.get("RESPONSE_TYPE") != "SUPER":
        hint = "Add RESPONSE_TYPE SUPER."
        raise StatementSyntaxError(
            "REQUEST_TYPE RAW needs RESPONSE_TYPE SUPER", hint=hint, span=span
        )


COMMAND: Final = CreateExternalModel
