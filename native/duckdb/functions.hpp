// The SQL functions of the extension.
#pragma once

#include "api.hpp"

namespace vesto::duckdb {

// vesto_predict_<type>(name, ...), vesto_probabilities(name, ...) and vesto_category(name, input, texts).
// Raises SqlError.
void register_scoring_functions(Connection connection);

// vesto_explain(name, ...). Raises SqlError.
void register_explain_function(Connection connection);

// vesto_register_program, vesto_forget_program, vesto_kernel, vesto_use_kernel and vesto_predictions.
// Raises SqlError.
void register_program_functions(Connection connection);

// Hands DuckDB a function of a program's name and any other arguments. Raises SqlError.
void register_scoring(Connection connection, const char* name, LogicalType returns, Bind bind, Execute execute);

// Hands a function to DuckDB. Raises SqlError.
void register_function(Connection connection, const char* name, ScalarFunction function);

}  // namespace vesto::duckdb
