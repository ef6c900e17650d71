// The arguments of a scoring call, out of Python objects.
#pragma once

#include <nanobind/nanobind.h>

#include <vector>

#include "../arrow/columns.hpp"
#include "kernel.hpp"

namespace vesto::python {

// Columns that point into Arrow memory, and the capsules that keep it.
class Arguments {
public:
    // `given` is a record batch or a sequence of arrays. Raises WrongArgument.
    Arguments(const Program& program, nanobind::handle given);

    const Column* columns() const { return columns_.data(); }
    size_t rows() const { return rows_; }

private:
    void read_batch(const Program& program, nanobind::handle batch);
    void read_arrays(const Program& program, nanobind::handle arrays);

    std::vector<nanobind::object> capsules_;
    std::vector<arrow::ImportedColumn> imported_;
    std::vector<Column> columns_;
    size_t rows_ = 0;
};

}  // namespace vesto::python
