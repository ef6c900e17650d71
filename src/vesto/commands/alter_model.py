"""ALTER MODEL name { SET VERSION number | CANCEL REFRESH | OWNER TO user }: ours."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from vesto.catalog.records import Model, Outcome, State
from vesto.commands import Context
from vesto.commands._users import find_user
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, quoted
from vesto.errors import ActiveTransaction, Span, UndefinedModel, WrongState
from vesto.result import Result


@dataclass(frozen=True, slots=True)
class AlterModel:
    """Lets another version of a model serve, ends its refresh, or gives it another owner.

    ``version`` is None for the last two, ``owner`` empty for the first two.
    """

    starts: ClassVar[tuple[str, ...]] = ("ALTER", "MODEL")

    name: Name
    version: int | None
    owner: str = ""
    span: Span | None = field(default=None, compare=False)
    version_span: Span | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, cursor: Cursor) -> AlterModel:
        """Read it."""
        cursor.expect(*cls.starts)
        span = cursor.span
        name = cursor.name("a model's name")
        if cursor.accept("CANCEL", "REFRESH"):
            cursor.end()
            return cls(name, None, "", span)
        if cursor.accept("OWNER", "TO"):
            owner = cursor.identifier("a user's name")
            cursor.end()
            return cls(name, None, owner, span)
        if not cursor.accept("SET", "VERSION"):
            raise cursor.error("SET VERSION and a number, CANCEL REFRESH or OWNER TO")
        version_span = cursor.span
        version = cursor.integer("a version's number")
        cursor.end()
        return cls(name, version, "", span, version_span)

    def sql(self) -> str:
        """The statement as text."""
        if self.owner:
            return f"ALTER MODEL {self.name.sql()} OWNER TO {quoted(self.owner)}"
        act = "CANCEL REFRESH" if self.version is None else f"SET VERSION {self.version}"
        return f"ALTER MODEL {self.name.sql()} {act}"

    def bind(self, context: Context) -> SetVersion | CancelRefresh | SetOwner:
        """Find the version.

        Raises:
            ActiveTransaction: Inside a transaction block: it could not be rolled back.
            UndefinedModel: There is no such model.
            PermissionDenied: It is somebody else's.
            UndefinedModel: It has no such version.
            WrongState: The version is not READY, or there is no refresh to cancel.
        """
        if context.in_transaction:
            raise ActiveTransaction("ALTER MODEL cannot run inside a transaction block")
        model = context.own_model(self.name, self.span)
        if self.owner:
            context.guard.check_superuser("change owners", self.span)
            return SetOwner(model, find_user(context, self.owner, self.span).name)
        versions = context.warehouse.catalog.versions(model.id)
        if self.version is None:
            newest = versions[-1] if versions else model
            if newest.state is not State.TRAINING or newest.version == 1:
                message = f'model "{model.name}" is not being refreshed'
                raise WrongState(message, span=self.span)
            return CancelRefresh(newest)
        return SetVersion(model, self._wanted(model, versions))

    def _wanted(self, model: Model, versions: list[Model]) -> Model:
        wanted = next((known for known in versions if known.version == self.version), None)
        if wanted is None:
            message = f'model "{model.name}" has no version {self.version}'
            hint = f"It has {', '.join(str(known.version) for known in versions)}."
            raise UndefinedModel(message, hint=hint, span=self.version_span)
        if wanted.state is not State.READY:
            message = f'version {self.version} of model "{model.name}" is {wanted.state}'
            detail = wanted.outcome.failure if wanted.outcome else ""
            hint = "Only a version that is READY can serve."
            raise WrongState(message, detail=detail, hint=hint, span=self.version_span)
        return wanted


@dataclass(frozen=True, slots=True)
class SetVersion:
    """A model as it serves, and as it is to."""

    model: Model
    wanted: Model

    def run(self, context: Context) -> Result:
        """Let it serve.

        Raises:
            VestoError: Its program is damaged, or the catalog cannot be written; what served
                before serves on.
        """
        if self.model.version == self.wanted.version:
            notice = f'version {self.wanted.version} of model "{self.model.name}" serves already'
            return Result(tag="ALTER MODEL", notices=(notice,))
        context.warehouse.versions.serve(self.wanted)
        return Result(tag="ALTER MODEL")


@dataclass(frozen=True, slots=True)
class SetOwner:
    """A model and whose it is to be."""

    model: Model
    owner: str

    def run(self, context: Context) -> Result:
        """Record it."""
        catalog = context.warehouse.catalog
        catalog.replace(self.model, replace(self.model, owner=self.owner))
        return Result(tag="ALTER MODEL")


@dataclass(frozen=True, slots=True)
class CancelRefresh:
    """The version that is being trained."""

    model: Model

    def run(self, context: Context) -> Result:
        """End its training; what served before serves on."""
        outcome = Outcome(failure="the refresh was cancelled")
        context.warehouse.versions.cancel_job(self.model, outcome)
        return Result(tag="ALTER MODEL")


COMMAND: Final = AlterModel
