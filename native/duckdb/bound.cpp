// Binds calls of the scoring functions.
#include "bound.hpp"

#include <charconv>

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

// A constant argument as text; empty where it is none.
std::string constant_text(BindInfo info, size_t place) {
    OwnedContext context;
    api().duckdb_scalar_function_get_client_context(info, context.out());
    const OwnedExpression expression(api().duckdb_scalar_function_bind_get_argument(info, place));
    OwnedValue value;
    const OwnedError error(api().duckdb_expression_fold(context.get(), expression.get(), value.out()));
    if (error.get() || !value.get() || api().duckdb_is_null_value(value.get())) return {};
    const OwnedText text(api().duckdb_get_varchar(value.get()), api().duckdb_free);
    return text ? text.get() : "";
}

std::string constant_name(BindInfo info) {
    std::string name = constant_text(info, 0);
    if (name.empty()) refuse_name();
    return name;
}

[[noreturn]] void refuse_input() {
    const char* message = "the second argument must be the number of an input that is a category and nothing else";
    throw SqlError(sqlstate::undefined_function, message, "Give the prediction the texts themselves.");
}

// The constant number of an input, from 1 on, that is a category of the program.
int32_t constant_input(const Program& program, BindInfo info) {
    const OwnedExpression expression(api().duckdb_scalar_function_bind_get_argument(info, 1));
    const OwnedType type(api().duckdb_expression_return_type(expression.get()));
    const TypeId id = api().duckdb_get_type_id(type.get());
    if (id != TypeId::integer && id != TypeId::integer_literal) refuse_input();
    const std::string digits = constant_text(info, 1);
    int32_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (number < 1 || !is_category(program, static_cast<size_t>(number) - 1)) refuse_input();
    return number;
}

// The first value of a column, or nothing where it is NULL.
template <typename Value>
const Value* first_of(DataChunk chunk, size_t column) {
    const Vector vector = api().duckdb_data_chunk_get_vector(chunk, column);
    const uint64_t* validity = api().duckdb_vector_get_validity(vector);
    return !validity || validity[0] & 1 ? static_cast<const Value*>(api().duckdb_vector_get_data(vector)) : nullptr;
}

// A parameter is a constant for the binder, and has another value when the statement runs again.
void check_constants(const Bound& bound, DataChunk chunk) {
    if (api().duckdb_data_chunk_get_size(chunk) == 0) return;
    const auto* name = first_of<String>(chunk, 0);
    if (!name || name->text() != bound.program->name()) refuse_name();
    if (!bound.input) return;
    const auto* input = first_of<int32_t>(chunk, 1);
    if (!input || *input != bound.input) refuse_input();
}

}  // namespace

std::unique_ptr<Bound> bind_call(BindInfo info) {
    auto bound = std::make_unique<Bound>();
    bound->program = registry().find(constant_name(info));
    bound->arguments = bind_arguments(*bound->program, info);
    return bound;
}

std::unique_ptr<Bound> bind_category_call(BindInfo info) {
    auto bound = std::make_unique<Bound>();
    bound->program = registry().find(constant_name(info));
    if (api().duckdb_scalar_function_bind_get_argument_count(info) != 3) {
        const char* message = "the function takes a program's name, an input's number and its texts";
        throw SqlError(sqlstate::undefined_function, message);
    }
    bound->input = constant_input(*bound->program, info);
    bound->arguments.push_back(bind_argument(*bound->program, static_cast<size_t>(bound->input) - 1, info, 2));
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
    check_constants(**kept, chunk);
    return **kept;
}

}  // namespace vesto::duckdb
