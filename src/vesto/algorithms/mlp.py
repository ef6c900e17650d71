"""Networks of fully connected layers (MODEL_TYPE MLP)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from vesto.algorithms import Matrix, Task
from vesto.programs.bodies import Network
from vesto.programs.reference import run_body

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Layers = list[tuple[F32, F32]]

MEMBERS: Final = 3
HIDDEN: Final = (64, 32)
MAX_EPOCHS: Final = 200
PATIENCE: Final = 8
LEARNING_RATE: Final = 2e-3
BATCH_ROWS: Final = 256
# Few rows make smaller batches, or there would be hardly a step in an epoch.
BATCHES_AT_LEAST: Final = 16
LEAST_BATCH_ROWS: Final = 16
# The deadline is looked at so often.
PIECE_ROWS: Final = 8192
HELD_OUT: Final = 0.1
ROWS_TO_HOLD_OUT: Final = 50


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A network and for how many rounds over the rows its members were trained, in the mean."""

    network: Network
    rounds: int

    @property
    def nodes(self) -> int:
        """No trees."""
        return 0

    def margins(self, x: F32) -> F64:
        """Shape (rows, outputs)."""
        margins: F64 = run_body(self.network, x.astype(np.float64))
        return margins

    def body(self) -> Network:
        """The network itself."""
        return self.network


class Mlp:
    """scikit-learn's MLPClassifier and MLPRegressor, stopped by our own validation.

    Layers of 64 and 32 with ReLU, Adam with a step of 2e-3, batches of 256 rows; the mean of three
    networks that differ by their seed. ``hidden_1``, ``hidden_2`` (0: only one hidden layer),
    ``alpha``, ``learning_rate``, ``members`` and ``num_round`` change that.
    """

    name: ClassVar[str] = "mlp"

    def load(self) -> None:
        """Import scikit-learn's networks."""
        import sklearn.neural_network  # noqa: F401, PLC0415 - only training needs it

    def fit(
        self, train: Matrix, valid: Matrix | None, task: Task, configuration: Mapping[str, Any],
        *, seed: int, deadline: float,
    ) -> Trained:  # fmt: skip
        """Fit the members one after the other, as many as are in time but at least one.

        Missing features count as 0. Without ``valid`` and ``num_round`` a tenth of the rows decides
        when to stop.
        """
        rounds = configuration.get("num_round")
        if valid is None and rounds is None:
            train, valid = _split(train, seed)
        fitting = _Fitting(train, valid, task, configuration, deadline)
        members: list[_Member] = []
        for number in range(int(configuration.get("members", MEMBERS))):
            began = time.monotonic()
            members.append(fitting.member(seed + number))
            now = time.monotonic()
            if now + (now - began) > deadline:
                break
        return fitting.joined(members)


@dataclass(frozen=True, slots=True, eq=False)
class _Member:
    layers: Layers
    rounds: int


class _Fitting:
    """What all members share: the rows, the target in its unit, when to stop."""

    def __init__(
        self, train: Matrix, valid: Matrix | None, task: Task, configuration: Mapping[str, Any],
        deadline: float,
    ) -> None:  # fmt: skip
        self.task, self.configuration, self.deadline = task, configuration, deadline
        regression = task.problem == "regression"
        self.mean = float(train.y.mean()) if regression else 0.0
        self.unit = (float(train.y.std()) or 1.0) if regression else 1.0
        self.x, self.y = np.nan_to_num(train.x), self._target(train.y)
        self.valid_x = None if valid is None else np.nan_to_num(valid.x)
        self.valid_y = None if valid is None else self._target(valid.y)
        self.max_rounds = int(configuration.get("num_round", MAX_EPOCHS))

    def _target(self, y: F64) -> NDArray[Any]:
        if self.task.problem == "regression":
            scaled: F32 = ((y - self.mean) / self.unit).astype(np.float32)
            return scaled
        return y.astype(np.int64)

    def member(self, seed: int) -> _Member:
        """One network, as it was when it did best on the rows held out."""
        model, random = self._model(seed), np.random.default_rng(seed)
        best, best_loss, best_round = None, np.inf, 0
        for number in range(1, self.max_rounds + 1):
            in_time = self._epoch(model, random)
            loss = self._loss(model)
            # Without rows held out the last round counts; a loss that is no number, never.
            if best is None or loss < best_loss or self.valid_x is None:
                best, best_loss, best_round = _layers(model), loss, number
            if not in_time or number - best_round >= PATIENCE:
                break
        assert best is not None  # there is a first round
        return _Member(best, best_round)

    def _model(self, seed: int) -> Any:
        from sklearn.neural_network import MLPClassifier, MLPRegressor  # noqa: PLC0415

        chosen = self.configuration
        sizes = (chosen.get("hidden_1", HIDDEN[0]), chosen.get("hidden_2", HIDDEN[1]))
        batch = np.clip(len(self.x) // BATCHES_AT_LEAST, LEAST_BATCH_ROWS, BATCH_ROWS)
        kind = MLPRegressor if self.task.problem == "regression" else MLPClassifier
        return kind(
            hidden_layer_sizes=tuple(int(size) for size in sizes if size > 0),
            learning_rate_init=float(chosen.get("learning_rate", LEARNING_RATE)),
            alpha=float(chosen.get("alpha", 1e-4)), batch_size=min(int(batch), len(self.x)),
            random_state=seed,
        )  # fmt: skip

    def _epoch(self, model: Any, random: np.random.Generator) -> bool:
        """Once over all rows in a new order; whether the deadline has not passed."""
        given = (
            {} if self.task.problem == "regression" else {"classes": np.arange(self.task.classes)}
        )
        order = random.permutation(len(self.x))
        pieces = np.array_split(order, max(1, round(len(order) / PIECE_ROWS)))
        for piece in pieces:
            model.partial_fit(self.x[piece], self.y[piece], **given)
            if time.monotonic() > self.deadline:
                return False
        return True

    def _loss(self, model: Any) -> float:
        """Log loss or mean squared error of the rows held out; 0 where there are none."""
        if self.valid_x is None or self.valid_y is None:
            return 0.0
        numbers = self.valid_x
        layers = _layers(model)
        for weights, bias in layers[:-1]:
            numbers = np.maximum(numbers @ weights + bias, 0)
        margin = (numbers @ layers[-1][0] + layers[-1][1]).astype(np.float64)
        if self.task.problem == "regression":
            return float(np.square(margin[:, 0] - self.valid_y).mean())
        if margin.shape[1] == 1:
            margin = np.hstack([np.zeros_like(margin), margin])
        shifted = margin - margin.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return float(-logs[np.arange(len(logs)), self.valid_y].mean())

    def joined(self, members: list[_Member]) -> Trained:
        """The members as one body, whose outputs are their mean in the target's unit."""
        for member in members:
            weights, bias = member.layers[-1]
            if self.task.problem == "multiclass" and len(bias) < self.task.classes:
                # Of two classes scikit-learn knows one margin; the first one's is 0.
                widened = np.hstack([np.zeros_like(weights), weights])
                member.layers[-1] = (widened, np.append(np.float32(0), bias))
        first = members[0].layers
        sizes = [len(first[0][0]), *(len(bias) for _, bias in first)]
        outputs = sizes[-1]
        network = Network(
            np.array(sizes, np.int32),
            np.stack([np.concatenate([w.ravel() for w, _ in m.layers]) for m in members]),
            np.stack([np.concatenate([b for _, b in m.layers]) for m in members]),
            np.full(outputs, self.unit / len(members)), np.full(outputs, self.mean),
        )  # fmt: skip
        rounds = max(1, round(float(np.mean([member.rounds for member in members]))))
        return Trained(network, rounds)


def _layers(model: Any) -> Layers:
    """Copies of the weights, shape (inputs, outputs), and biases of each layer."""
    pairs = zip(model.coefs_, model.intercepts_, strict=True)
    return [(w.astype(np.float32, copy=True), b.astype(np.float32, copy=True)) for w, b in pairs]


def _split(data: Matrix, seed: int) -> tuple[Matrix, Matrix | None]:
    """Nine tenths to learn from and one to stop by; of few rows, all to learn from."""
    if len(data.y) < ROWS_TO_HOLD_OUT:
        return data, None
    order = np.random.default_rng(seed).permutation(len(data.y))
    held_out = round(HELD_OUT * len(order))
    return data.rows(order[held_out:]), data.rows(order[:held_out])


ALGORITHM: Final = Mlp()
