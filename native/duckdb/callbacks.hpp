// What every callback needs: no exception may leave it, for DuckDB cannot catch ours.
#pragma once

#include "api.hpp"
#include "errors.hpp"

namespace vesto::duckdb {

// Runs `work`; what it throws becomes the error of the binder or of the running query.
template <typename Info, typename Work>
void guarded(void (*set_error)(Info, const char*), Info info, Work&& work) noexcept {
    try {
        work();
    } catch (...) {
        set_error(info, text_of_current_exception().c_str());
    }
}

template <typename Work>
void guarded_bind(BindInfo info, Work&& work) noexcept {
    guarded(api().duckdb_scalar_function_bind_set_error, info, work);
}

template <typename Work>
void guarded_execute(FunctionInfo info, Work&& work) noexcept {
    guarded(api().duckdb_scalar_function_set_error, info, work);
}

}  // namespace vesto::duckdb
