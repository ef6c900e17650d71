// Arrow arrays as the kernel's columns, without copying.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow.hpp"
#include "kernel.hpp"

namespace vesto::arrow {

// A column that points into an array, which has to outlive it.
struct ImportedColumn {
    Column column;
    std::unique_ptr<Column> dictionary;  // what column.dictionary points to
    size_t rows = 0;
};

// Raises WrongArgument where the array is not sound or of a format that the kernel has no layout for;
// `called` is what the message calls it. Everything is checked but the size of buffers, which the
// interface does not tell: they are as long as the producer says.
ImportedColumn import_column(const ArrowSchema& schema, const ArrowArray& array, const std::string& called);

struct ImportedBatch {
    std::vector<ImportedColumn> columns;
    size_t rows = 0;
};

// The columns of a record batch, as many as there are names in `called`. Raises WrongArgument.
ImportedBatch import_batch(const ArrowSchema& schema, const ArrowArray& array, const std::vector<std::string>& called);

}  // namespace vesto::arrow
