// Predictions as a Python object that pyarrow and others can read.
#pragma once

#include <nanobind/nanobind.h>

namespace vesto::python {

void bind_predictions(nanobind::module_& module);

}  // namespace vesto::python
