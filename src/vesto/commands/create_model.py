"""CREATE MODEL: which of its forms it is, and what that form does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vesto.commands import Context
from vesto.commands._model_clauses import ModelClauses
from vesto.commands._model_forms import check_form
from vesto.commands._register_job import RegisterJob, bind_job
from vesto.commands._train_forecast import bind_forecast
from vesto.commands._train_model import bind_training
from vesto.commands._training_job import TrainModel
from vesto.errors import ActiveTransaction, FeatureNotSupported


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateModel(ModelClauses):
    """Trains a model, or makes one of a job; forms that are not built yet are refused when bound."""

    def bind(self, context: Context) -> TrainModel | RegisterJob:
        """Check the clauses against each other, the query's columns and the catalog.

        Raises:
            ActiveTransaction: Inside a transaction block.
            StatementSyntaxError: A clause is missing.
            InvalidParameterValue: Clauses do not go together.
            FeatureNotSupported: A form that is not built yet.
            VestoError: Any other mistake, with its position.
        """
        if context.in_transaction:
            raise ActiveTransaction("CREATE MODEL cannot run inside a transaction block")
        check_form(self)
        self._check_built()
        if self.source and self.source.kind == "job":
            return bind_job(self, context)
        if self.model_type == "FORECAST":
            return bind_forecast(self, context)
        return bind_training(self, context)

    def _check_built(self) -> None:
        if self.sagemaker:
            raise self._not_yet("SAGEMAKER", "models behind an endpoint (SAGEMAKER)")

    def _not_yet(self, clause: str, what: str) -> FeatureNotSupported:
        return FeatureNotSupported(f"{what}: not available yet", span=self.span(clause))


COMMAND: Final = CreateModel
