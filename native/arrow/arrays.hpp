// Predictions as Arrow arrays.
#pragma once

#include <cstddef>
#include <memory>

#include "arrow.hpp"
#include "kernel.hpp"

namespace vesto::arrow {

// The predictions for some rows, none of them NULL: Arrow's bool, int16, int32, int64, float, double
// or utf8 by the program's type; large_utf8 where utf8 cannot hold the characters.
struct Predictions {
    const char* format = "";
    size_t rows = 0;
    std::unique_ptr<std::byte[]> values;      // offsets, of texts
    std::unique_ptr<std::byte[]> characters;  // of texts
};

// Scores the rows. Raises WrongArgument.
Predictions predictions(const Program& program, const Column* columns, size_t rows, Scratch& scratch);

void export_schema(const Predictions& predictions, ArrowSchema* schema);

// The array holds on to the predictions; nothing is copied.
void export_array(std::shared_ptr<const Predictions> predictions, ArrowArray* array);

}  // namespace vesto::arrow
