"""Statements that circulate on the web and exist nowhere: each gets a hint with the right one."""

from __future__ import annotations

from typing import Final

from vesto.dialect.cursor import Cursor
from vesto.errors import StatementSyntaxError

_FIRST_WORDS: Final = {
    ("TRAIN", "MODEL"): "Write CREATE MODEL m FROM (SELECT ...) TARGET column FUNCTION f.",
    ("SHOW", "MODELS"): "Write SHOW MODEL ALL.",
    ("CREATE", "OR", "REPLACE", "MODEL"): "A model is trained again with REFRESH MODEL m.",
}
_PREDICT_HINT: Final = (
    "Call the model's own function: SELECT f(a, b) FROM t. SHOW MODEL m names it."
)


def refuse_invented_statement(cursor: Cursor) -> None:
    """Nothing, unless the statement is one that only wrong tutorials know.

    Raises:
        StatementSyntaxError: It is; the hint says what to write.
    """
    for words, hint in _FIRST_WORDS.items():
        if cursor.peek(*words):
            message = f"{' '.join(words)} is no statement"
            raise StatementSyntaxError(message, hint=hint, span=cursor.span)


def refuse_invented_call(sql: str) -> None:
    """Nothing, unless the statement calls what only wrong tutorials know.

    Raises:
        StatementSyntaxError: It does; the hint says what to write.
    """
    if "PREDICT" not in sql.upper():
        return
    cursor = Cursor(sql)
    while cursor.here.kind != "end":
        if cursor.peek("PREDICT", "(", "MODEL"):
            message = "PREDICT(MODEL ...) is no function"
            raise StatementSyntaxError(message, hint=_PREDICT_HINT, span=cursor.span)
        cursor.advance()
