"""What a training process says of what went wrong."""

from __future__ import annotations

import pytest

from vesto.errors import InputOutputError, InvalidTrainingData
from vesto.training.worker import as_failure

STARVED = [
    RuntimeError("can't start new thread"), RuntimeError("std::bad_alloc"),
    OSError("libx.so: failed to map segment from shared object"), OSError(12, "Cannot allocate memory"),
    InputOutputError("the training rows cannot be read", detail="Failed to launch worker thread"),
]  # fmt: skip


@pytest.mark.parametrize("error", STARVED, ids=str)
def test_what_libraries_say_of_lacking_memory_is_out_of_memory_under_a_limit(
    error: Exception,
) -> None:
    found = as_failure(error, limited=True)
    assert found.sqlstate == "53200"
    assert "training_memory_mb" in found.hint
    assert as_failure(error, limited=False).sqlstate != "53200"


def test_other_failures_keep_their_kind() -> None:
    assert as_failure(MemoryError(), limited=False).sqlstate == "53200"
    assert as_failure(OSError("No space left"), limited=True).sqlstate == "53100"
    assert as_failure(ValueError("odd"), limited=True).sqlstate == "58000"
    own = InvalidTrainingData("one class")
    assert as_failure(own, limited=True) is own
