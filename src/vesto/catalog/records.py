"""The rows of the catalog, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from vesto.errors import ModelNotReady

PROBABILITY_SUFFIXES: Final = ("_prob", "_probabilities")


class State(StrEnum):
    """Where a model is in its life. DROP MODEL ends every state."""

    TRAINING = "TRAINING"
    READY = "READY"
    FAILED = "FAILED"


NEXT: Final = {
    State.TRAINING: frozenset({State.READY, State.FAILED}),
    State.READY: frozenset[State](),
    State.FAILED: frozenset[State](),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a prediction function: a column of the training query and its SQL type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What CREATE MODEL said, names and defaults resolved. It never changes.

    ``query`` is the SELECT as the user wrote it, or empty with ``table`` set where FROM named a
    table; ``engine_sql`` is what the engine runs for it. ``hyperparameters`` are the
    user's, keys in lower case. ``staging`` is the directory or URL that the bucket stands for.
    ``max_runtime_s`` counts from the job's start to READY; ``max_trials`` candidates are tried, where
    it is not 0, whatever the clock says. ``seed`` drives sampling, splits and
    search.
    """

    statement: str
    query: str
    table: str
    target: str
    target_type: str
    function_schema: str
    function: str
    parameters: tuple[Parameter, ...]
    auto: bool = True
    model_type: str = ""
    problem_type: str = ""
    objective: str = ""
    hyperparameters: tuple[tuple[str, str], ...] = ()
    iam_role: str = ""
    s3_bucket: str = ""
    staging: str = ""
    kms_key: str = ""
    tags: str = ""
    garbage_collect: bool = True
    max_cells: int = 1_000_000
    max_runtime_s: int = 5400
    max_trials: int = 0
    seed: int = 0
    job_name: str = ""
    engine_sql: str = ""

    @property
    def may_give_probabilities(self) -> bool:
        """Whether the model may learn classes, each with a probability.

        With AUTO ON the training rows decide where nothing is said; ``binary:hinge`` learns which
        side of a line a row is on, and no probability.
        """
        if self.auto:
            return self.problem_type != "REGRESSION" and self.objective != "MSE"
        return self.objective in {"binary:logistic", "multi:softmax"}

    @property
    def signature(self) -> str:
        """The function as an error message names it, as ``f(state varchar, age int4)``."""
        arguments = ", ".join(f"{p.name} {p.type}" for p in self.parameters)
        return f"{self.function}({arguments})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a training job came to. Numbers of a failed job are 0, texts it lacks are empty.

    ``program`` is the program's content hash; ``return_type`` the SQL type its function has.
    ``metric`` is the row that SHOW MODEL prints, as ``validation:f1_binary``. ``cpu_s`` counts
    processor seconds of the job. ``gives_probabilities`` says that there are functions for them.
    """

    program: str = ""
    gives_probabilities: bool = False
    return_type: str = ""
    model_type: str = ""
    problem_type: str = ""
    objective: str = ""
    metric: str = ""
    score: float = 0.0
    cpu_s: float = 0.0
    job_status: str = ""
    failure: str = ""
    hyperparameters: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model. ``created_at`` is UTC; ``outcome`` is there once it is no longer TRAINING."""

    id: str
    schema: str
    name: str
    owner: str
    created_at: datetime
    definition: Definition
    state: State = State.TRAINING
    version: int = 1
    outcome: Outcome | None = None

    @property
    def probability_functions(self) -> tuple[str, ...]:
        """The names of the functions that return the probabilities of all classes.

        Until training has shown whether there are any, their names are kept free.
        """
        ready = self.outcome if self.state is State.READY else None
        given = ready.gives_probabilities if ready else self.definition.may_give_probabilities
        if not given:
            return ()
        return tuple(self.definition.function + suffix for suffix in PROBABILITY_SUFFIXES)

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of all its SQL functions, the prediction first."""
        return (self.definition.function, *self.probability_functions)

    def advance(self, to: State, outcome: Outcome) -> Model:
        """The model in its next state.

        Raises:
            ModelNotReady: It cannot go there from where it is.
        """
        if to not in NEXT[self.state]:
            raise ModelNotReady(f"model {self.name} cannot go from {self.state} to {to}")
        return replace(self, state=to, outcome=outcome)
