// Binds calls of the scoring functions.
#include "bound.hpp"

#include "errors.hpp"
#include "registry.hpp"
#include "strings.hpp"

namespace vesto::duckdb {

namespace {

using Kept = std::shared_ptr<const Bound>;

void delete_kept(void* kept) { delete static_cast<Kept*>(kept); }

void* copy_kept(void* kept) {
    // A copy that there was no memory for is missed when it is executed.
    return kept ? new (std::nothrow) Kept(*static_cast<Kept*>(kept)) : nullptr;
}

[[noreturn]] void refuse_name() {
    const char* hint = "Write the program's content hash as a text.";
    throw SqlError(sqlstate::undefined_function, "the name of a program must be a constant", hint);
}

std::string constant_name(BindInfo info) {
    OwnedContext context;
    api().duckdb_scalar_function_get_client_context(info, context.out());
    const OwnedExpression expression(api().duckdb_scalar_function_bind_get_argument(info, 0));
    OwnedValue value;
    const OwnedError error(api().duckdb_expression_fold(context.get(), expression.get(), value.out()));
    if (error.get() || !value.get() || api().duckdb_is_null_value(value.get())) refuse_name();
    const OwnedText text(api().duckdb_get_varchar(value.get()), api().duckdb_free);
    if (!text) refuse_name();
    return text.get();
}

// A parameter is a constant for the binder, and has another value when the statement runs again.
void check_name(const Bound& bound, DataChunk chunk) {
    if (api().duckdb_data_chunk_get_size(chunk) == 0) return;
    const Vector vector = api().duckdb_data_chunk_get_vector(chunk, 0);
    const uint64_t* validity = api().duckdb_vector_get_validity(vector);
    const auto* names = static_cast<const String*>(api().duckdb_vector_get_data(vector));
    if ((validity && !(validity[0] & 1)) || names[0].text() != bound.program->name()) refuse_name();
}

}  // namespace

std::unique_ptr<Bound> bind_call(BindInfo info) {
    auto bound = std::make_unique<Bound>();
    bound->program = registry().find(constant_name(info));
    bound->arguments = bind_arguments(*bound->program, info);
    return bound;
}

void keep_call(BindInfo info, std::unique_ptr<Bound> bound) {
    auto kept = std::make_unique<Kept>(std::move(bound));
    api().duckdb_scalar_function_set_bind_data_copy(info, copy_kept);
    api().duckdb_scalar_function_set_bind_data(info, kept.release(), delete_kept);
}

const Bound& kept_call(FunctionInfo info, DataChunk chunk) {
    const auto* kept = static_cast<const Kept*>(api().duckdb_scalar_function_get_bind_data(info));
    if (!kept) throw std::bad_alloc();
    check_name(**kept, chunk);
    return **kept;
}

}  // namespace vesto::duckdb
