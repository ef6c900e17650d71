"""The prepared statements and portals that one client has open, and how they are run."""

from __future__ import annotations

from vesto.dialect.placeholders import placeholders, typed
from vesto.errors import (
    Span,
    StatementSyntaxError,
    UndefinedCursor,
    UndefinedStatement,
    VestoError,
)
from vesto.result import Result
from vesto.server.parameters import BY_OID, CASTS, NULL_CASTS
from vesto.server.portals import Portal, Prepared
from vesto.server.results import ResultMessages
from vesto.server.statements import Declare, read
from vesto.server.wire_types import identifier
from vesto.session import Session


class OpenStatements:
    """By their names; a cursor is a portal, too. ``messages`` is how the client is told of results."""

    def __init__(self, session: Session, messages: ResultMessages) -> None:
        self.session, self.messages = session, messages
        self.prepared: dict[str, Prepared] = {}
        self.portals: dict[str, Portal] = {}

    def end_portals(self) -> None:
        """Portals and cursors end with their transaction, but for those that are held."""
        if self.portals and self.session.transaction == "idle":
            self.portals = {n: portal for n, portal in self.portals.items() if portal.is_held}

    def prepare(self, text: str, given: tuple[int, ...]) -> Prepared:
        """A statement with the types of its parameters, those that are given and others.

        Raises:
            StatementSyntaxError: It is more than one, or cannot be read.
        """
        spans = self.session.statements(text)
        if len(spans) > 1:
            message = "cannot insert multiple commands into a prepared statement"
            raise StatementSyntaxError(message, span=Span(spans[1].start, spans[1].start))
        found = placeholders(text)
        count = max([len(given), *(each.number for each in found)])
        declared = dict(enumerate(given, 1))
        inferred: dict[int, str] = {}
        if any(declared.get(each.number, 0) not in BY_OID for each in found):
            ours = read(text)
            asked = ours.query if isinstance(ours, Declare) else text
            inferred = self.session.parameter_types(asked)
        types, oids = [], []
        for number in range(1, count + 1):
            oid = declared.get(number, 0)
            kind = BY_OID.get(oid) or inferred.get(number, "varchar")
            types.append(kind)
            oids.append(oid or identifier(kind, redshift=self.messages.redshift))
        return Prepared(text if spans else "", found, tuple(types), tuple(oids))

    def statement(self, name: str) -> Prepared:
        """The prepared statement of that name.

        Raises:
            UndefinedStatement: There is none.
        """
        found = self.prepared.get(name)
        if found is None:
            raise UndefinedStatement(f'prepared statement "{name}" does not exist')
        return found

    def portal(self, name: str) -> Portal:
        """The portal of that name.

        Raises:
            UndefinedCursor: There is none.
        """
        found = self.portals.get(name)
        if found is None:
            raise UndefinedCursor(f'portal "{name}" does not exist')
        return found

    def run(self, portal: Portal) -> Result:
        """Run a portal's statement with its values."""
        prepared = portal.prepared
        if prepared.result is not None:
            found, prepared.result = prepared.result, None
            return found
        if not prepared.placeholders:
            return self.session.execute(prepared.text)
        casts = {}
        for number, (kind, value) in enumerate(zip(prepared.types, portal.values, strict=True), 1):
            cast = (NULL_CASTS if value is None and kind != "varchar" else CASTS).get(kind)
            if cast:
                casts[number] = cast
        written = typed(prepared.text, prepared.placeholders, casts)
        used = max(each.number for each in prepared.placeholders)
        try:
            return self.session.execute(written.text, portal.values[:used])
        except VestoError as error:
            error.span = written.original(error.span) if error.span else None
            raise
