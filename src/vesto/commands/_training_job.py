"""From a version in the catalog to its running job, step by step."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from vesto.algorithms import _xgboost_parameters
from vesto.catalog.records import Definition, Model
from vesto.commands import Context
from vesto.commands.wait_for_model import check_ready
from vesto.dialect.names import Name
from vesto.errors import DiskFull, InputOutputError, UndefinedModel, VestoError
from vesto.files import remove_folder
from vesto.result import Result
from vesto.training.forecasting.snapshot import draw_series
from vesto.training.snapshot import TrainingRows, draw_rows
from vesto.training.staging import remove_staged, write_snapshot
from vesto.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class TrainModel:
    """A model to train."""

    model: Model

    def run(self, context: Context) -> Result:
        """Record the model, write its snapshot, start its job; what fails leaves nothing.

        Raises:
            VestoError: The query fails, or its rows cannot train the model.
        """
        started_at_s = time.time()
        warehouse = context.warehouse
        warehouse.versions.add_model(self.model)

        def draw() -> tuple[Model, TrainingRows]:
            definition = self.model.definition
            return self.model, drawn_rows(context, definition)

        start_training(warehouse, self.model, draw, started_at_s)
        return waited(context, self.model, "CREATE MODEL")


def drawn_rows(context: Context, definition: Definition) -> TrainingRows:
    """The rows that the training query gives now.

    Raises:
        InvalidTrainingData: They cannot train the model.
    """
    if definition.is_forecast:
        return draw_series(context.connection, definition)
    drawn = draw_rows(context.connection, definition, context.warehouse.settings)
    if definition.auto or definition.model_type != "XGBOOST":
        return drawn
    said = _xgboost_parameters.notices(key for key, _ in definition.hyperparameters)
    return replace(drawn, notices=(*drawn.notices, *said))


def start_training(
    warehouse: Warehouse, model: Model, draw: Callable[[], tuple[Model, TrainingRows]],
    started_at_s: float,
) -> None:  # fmt: skip
    """Write the snapshot of a version that the catalog has, start its job; or take all of it back.

    ``draw`` reads the rows, and returns the model with what they showed.

    Raises:
        UndefinedModel: The model was dropped meanwhile.
        VestoError: The query fails, or its rows cannot train the model.
    """
    try:
        folder = warehouse.versions.new_job_folder(model)
        shown, drawn = draw()
        if shown != model:
            warehouse.catalog.replace(model, shown)
        write_snapshot(folder, shown.definition, drawn.rows)
        folder.write_job(warehouse.versions.job_for(shown, drawn, started_at_s))
        warehouse.versions.start_job(shown)
    except BaseException as error:
        dropped = warehouse.catalog.by_job(model.job_id) is None
        warehouse.versions.take_back(model)
        folder = warehouse.versions.jobs.folder(model.job_id)
        remove_staged(folder, replace(model.definition, garbage_collect=True))
        remove_folder(folder.path)
        if dropped and isinstance(error, OSError | VestoError):
            # Its folder went too, which is how it may have been noticed.
            raise UndefinedModel(f'model "{model.name}" was dropped') from error
        if isinstance(error, OSError):
            kind = DiskFull if error.errno == errno.ENOSPC else InputOutputError
            raise kind("the job could not be written", detail=str(error)) from error
        raise


def waited(context: Context, model: Model, tag: str) -> Result:
    """The result of a statement whose job has started, once it is over where the session waits.

    Raises:
        TrainingFailed: It came to nothing.
    """
    if context.wait:
        ended = context.warehouse.wait(model)
        check_ready(ended)
        return Result(tag=tag, notices=ended.outcome.notices if ended.outcome else ())
    return Result(tag=tag, model=Name(model.name, model.schema).sql())
