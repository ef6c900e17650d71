"""The rows of the catalog, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from vesto.errors import ModelNotReady

PROBABILITY_SUFFIXES: Final = ("_prob", "_probabilities")
EXPLANATION_SUFFIX: Final = "_explain"
INTERVAL_SUFFIX: Final = "_interval"


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
    table; ``training_query`` is the SELECT of either, to be read under ``search_path``,
    ``rounding`` and ``time_zone``, and ``engine_sql`` what the engine ran for it.
    ``preprocessors`` are JSON with every column by its own name, or empty. ``hyperparameters`` are
    the user's, keys in lower case. ``staging`` is the directory or URL that the bucket stands for.
    ``target`` is empty where there is none. ``max_runtime_s`` counts from the job's start to READY;
    ``max_trials`` candidates are tried, where it is not 0, whatever the clock says.
    ``seed`` drives sampling, splits and search. ``horizon``, ``frequency`` and ``percentiles`` (as
    ``0.25,0.5,mean``) are those of MODEL_TYPE FORECAST, which has no function. ``source_job`` names
    the job whose program the model has, where it was not trained itself; ``job_name`` is empty
    then, and ``returns`` the engine's type of what its function returns, where that is not the
    program's own.
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
    preprocessors: str = ""
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
    training_query: str = ""
    search_path: tuple[str, ...] = ("public",)
    rounding: bool = True
    time_zone: str = "UTC"
    source_job: str = ""
    returns: str = ""
    horizon: int = 0
    frequency: str = ""
    percentiles: str = ""

    @property
    def is_forecast(self) -> bool:
        """Whether the model is read with FORECAST(m) and has no function."""
        return self.model_type == "FORECAST"

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
class Intervals:
    """How far predictions may be off, as ``training/intervals.py`` found and explains it.

    ``kind`` is differences, ratios, scaled or labels. ``quantiles`` has a number for each of its
    levels; ``edges`` and ``scales`` belong to ``scaled`` alone, which has a scale more than edges.
    """

    kind: str
    quantiles: tuple[float, ...]
    edges: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a training job came to. Numbers of a failed job are 0, texts it lacks are empty.

    ``program`` is the content hash of the program, or of the table of forecasts; ``return_type``
    the SQL type its function has. ``metric`` is the row that SHOW MODEL prints, as
    ``validation:f1_binary``, and ``more_metrics`` the rows after it. ``cpu_s`` counts processor
    seconds of the job, ``rows`` those that it trained on. ``gives_probabilities`` says that there
    are functions for them. ``unexplained`` is why predictions cannot be explained, empty where they
    can. ``intervals`` is None where no rows were kept aside.
    """

    program: str = ""
    gives_probabilities: bool = False
    return_type: str = ""
    model_type: str = ""
    problem_type: str = ""
    objective: str = ""
    metric: str = ""
    score: float = 0.0
    more_metrics: tuple[tuple[str, float], ...] = ()
    cpu_s: float = 0.0
    rows: int = 0
    job_status: str = ""
    failure: str = ""
    hyperparameters: tuple[tuple[str, str], ...] = ()
    notices: tuple[str, ...] = ()
    unexplained: str = ""
    intervals: Intervals | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model at one of its versions: the one that serves, unless it says otherwise.

    Moments are UTC. ``created_at`` is the model's, ``version_created_at`` the version's, None
    where it was made with the model. ``definition``, ``state`` and ``outcome`` are the version's;
    ``outcome`` is there once it is no longer TRAINING.
    """

    id: str
    schema: str
    name: str
    owner: str
    created_at: datetime
    definition: Definition
    state: State = State.TRAINING
    version: int = 1
    outcome: Outcome | None = None
    version_created_at: datetime | None = None

    @property
    def job_id(self) -> str:
        """The name of the job's folder: that of the first version is the model's own."""
        return self.id if self.version == 1 else f"{self.id}-{self.version}"

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
    def document_functions(self) -> tuple[str, ...]:
        """The names of the functions that return a SUPER document."""
        function = self.definition.function
        more = (function + EXPLANATION_SUFFIX, function + INTERVAL_SUFFIX)
        return (*self.probability_functions, *more)

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of all its SQL functions, the prediction first; a forecast has none."""
        if self.definition.is_forecast:
            return ()
        return (self.definition.function, *self.document_functions)

    def advance(self, to: State, outcome: Outcome) -> Model:
        """The model in its next state.

        Raises:
            ModelNotReady: It cannot go there from where it is.
        """
        if to not in NEXT[self.state]:
            raise ModelNotReady(f"model {self.name} cannot go from {self.state} to {to}")
        return replace(self, state=to, outcome=outcome)
