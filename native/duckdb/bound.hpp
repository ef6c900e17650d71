// A call of a scoring function after the binder has seen it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arguments.hpp"

namespace vesto::duckdb {

struct Bound {
    std::shared_ptr<const Program> program;
    std::vector<Argument> arguments;
    std::vector<std::string> json_labels;  // of a call for probabilities or explanations
    std::vector<std::string> json_inputs;  // of a call for explanations
    int32_t input = 0;                     // its number from 1 on, of a call of vesto_category
};

// Finds the program that the first argument names, and checks the others. Raises SqlError.
std::unique_ptr<Bound> bind_call(BindInfo info);

// The same for vesto_category, whose second argument is the number of an input. Raises SqlError.
std::unique_ptr<Bound> bind_category_call(BindInfo info);

// Leaves the call with DuckDB, which copies, keeps and deletes it together with the expression.
void keep_call(BindInfo info, std::unique_ptr<Bound> bound);

// The call that is being executed for this chunk. Raises SqlError.
const Bound& kept_call(FunctionInfo info, DataChunk chunk);

}  // namespace vesto::duckdb
