// vesto_predict_<type>(name, ...), vesto_probabilities(name, ...) and vesto_category(name, input, texts).
#include "bound.hpp"
#include "callbacks.hpp"
#include "functions.hpp"
#include "registry.hpp"
#include "text_output.hpp"

namespace vesto::duckdb {

namespace {

constexpr const char* prefix = "vesto_predict_";

// What a thread keeps from chunk to chunk.
struct Space {
    Scratch scratch;
    ColumnSpace columns;
    LabelSpace labels;
    std::vector<double> probabilities;
    std::string text;
};

Space& space_of_thread() {
    thread_local Space space;
    return space;
}

// The rows of a chunk, which are to be predicted.
size_t counted_rows(DataChunk chunk) {
    const size_t rows = api().duckdb_data_chunk_get_size(chunk);
    predictions().fetch_add(rows, std::memory_order_relaxed);
    return rows;
}

// The SQL function that predicts a type is called after it; CHAR and VARCHAR share one.
Type function_type(Type returns) { return returns == Type::bpchar ? Type::varchar : returns; }

template <Type type>
void bind_predict(BindInfo info) {
    guarded_bind(info, [&] {
        std::unique_ptr<Bound> bound = bind_call(info);
        const Type returns = function_type(bound->program->returns());
        if (returns != type) {
            const std::string wanted(type_name(returns)), given(type_name(type));
            throw SqlError(sqlstate::datatype_mismatch, "the program predicts " + wanted + ", not " + given,
                           "The function for it is " + (prefix + wanted) + ".");
        }
        keep_call(info, std::move(bound));
    });
}

void predict_values(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        const Bound& bound = kept_call(info, chunk);
        Space& space = space_of_thread();
        const size_t rows = counted_rows(chunk);
        const Column* columns = read_columns(bound.arguments, chunk, space.columns);
        predict(*bound.program, columns, rows, space.scratch, api().duckdb_vector_get_data(output));
    });
}

void predict_texts(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        const Bound& bound = kept_call(info, chunk);
        Space& space = space_of_thread();
        const size_t rows = counted_rows(chunk);
        const Column* columns = read_columns(bound.arguments, chunk, space.columns);
        space.labels.places.resize(rows);
        predict(*bound.program, columns, rows, space.scratch, space.labels.places.data());
        write_labels(output, bound.program->labels(), rows, space.labels);
    });
}

void bind_probabilities(BindInfo info) {
    guarded_bind(info, [&] {
        std::unique_ptr<Bound> bound = bind_call(info);
        const Program& program = *bound->program;
        if (program.labels().empty() || program.link() == Link::argmax) {
            const char* why = program.labels().empty() ? "It predicts a number." : "It compares scores only.";
            throw SqlError(sqlstate::wrong_object_type, "the program knows no probabilities", {}, why);
        }
        for (const std::string& label : program.labels()) {
            append_json(bound->json_labels.emplace_back(), label);
        }
        keep_call(info, std::move(bound));
    });
}

void write_probabilities(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        const Bound& bound = kept_call(info, chunk);
        Space& space = space_of_thread();
        const size_t rows = counted_rows(chunk);
        const size_t values = bound.program->values();
        const Column* columns = read_columns(bound.arguments, chunk, space.columns);
        space.probabilities.resize(rows * values);
        probabilities(*bound.program, columns, rows, space.scratch, space.probabilities.data());
        for (size_t row = 0; row < rows; row++) {
            space.text.clear();
            const double* of_row = space.probabilities.data() + row * values;
            append_probabilities(space.text, of_row, bound.json_labels, space.labels.places);
            api().duckdb_vector_assign_string_element_len(output, row, space.text.data(), space.text.size());
        }
    });
}

void bind_category(BindInfo info) {
    guarded_bind(info, [&] { keep_call(info, bind_category_call(info)); });
}

// Where a column of texts is a dictionary and places in it, DuckDB calls this for the dictionary only.
void look_up(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        const Bound& bound = kept_call(info, chunk);
        const size_t rows = api().duckdb_data_chunk_get_size(chunk);
        const Column* column = read_columns(bound.arguments, chunk, space_of_thread().columns, 2);
        auto* out = static_cast<double*>(api().duckdb_vector_get_data(output));
        categories(*bound.program, static_cast<size_t>(bound.input) - 1, *column, rows, out);
    });
}

template <Type type>
void register_predict(Connection connection, TypeId id) {
    const OwnedType returns(api().duckdb_create_logical_type(id));
    const std::string name = prefix + std::string(type_name(type));
    const Execute execute = type == Type::varchar ? predict_texts : predict_values;
    register_scoring(connection, name.c_str(), returns.get(), bind_predict<type>, execute);
}

}  // namespace

void register_scoring(Connection connection, const char* name, LogicalType returns, Bind bind,
                      Execute execute) {
    const OwnedFunction function(api().duckdb_create_scalar_function());
    const OwnedType text(api().duckdb_create_logical_type(TypeId::varchar));
    const OwnedType any(api().duckdb_create_logical_type(TypeId::any));
    api().duckdb_scalar_function_add_parameter(function.get(), text.get());
    api().duckdb_scalar_function_set_varargs(function.get(), any.get());
    api().duckdb_scalar_function_set_return_type(function.get(), returns);
    api().duckdb_scalar_function_set_special_handling(function.get());  // a NULL is a missing value
    api().duckdb_scalar_function_set_bind(function.get(), bind);
    api().duckdb_scalar_function_set_function(function.get(), execute);
    register_function(connection, name, function.get());
}

void register_scoring_functions(Connection connection) {
    register_predict<Type::boolean>(connection, TypeId::boolean);
    register_predict<Type::int2>(connection, TypeId::smallint);
    register_predict<Type::int4>(connection, TypeId::integer);
    register_predict<Type::int8>(connection, TypeId::bigint);
    register_predict<Type::float4>(connection, TypeId::float4);
    register_predict<Type::float8>(connection, TypeId::float8);
    register_predict<Type::varchar>(connection, TypeId::varchar);
    const OwnedType json(api().duckdb_create_logical_type(TypeId::varchar));
    api().duckdb_logical_type_set_alias(json.get(), "JSON");
    register_scoring(connection, "vesto_probabilities", json.get(), bind_probabilities, write_probabilities);
    const OwnedType category(api().duckdb_create_logical_type(TypeId::float8));
    api().duckdb_logical_type_set_alias(category.get(), category_type);
    register_scoring(connection, "vesto_category", category.get(), bind_category, look_up);
}

}  // namespace vesto::duckdb
