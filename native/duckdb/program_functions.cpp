// vesto_register_program, vesto_forget_program, vesto_kernel, vesto_use_kernel and vesto_predictions.
#include "callbacks.hpp"
#include "functions.hpp"
#include "registry.hpp"
#include "strings.hpp"

namespace vesto::duckdb {

namespace {

void write_text(Vector output, size_t row, std::string_view text) {
    api().duckdb_vector_assign_string_element_len(output, row, text.data(), text.size());
}

// Calls `work` with the first argument of each row; a NULL gives NULL.
template <typename Work>
void for_each_text(DataChunk chunk, Vector output, Work&& work) {
    const size_t rows = api().duckdb_data_chunk_get_size(chunk);
    const Vector vector = api().duckdb_data_chunk_get_vector(chunk, 0);
    const auto* texts = static_cast<const String*>(api().duckdb_vector_get_data(vector));
    const uint64_t* validity = api().duckdb_vector_get_validity(vector);
    for (size_t row = 0; row < rows; row++) {
        if (!validity || validity[row / 64] >> (row % 64) & 1) {
            work(row, texts[row]);
            continue;
        }
        api().duckdb_vector_ensure_validity_writable(output);
        api().duckdb_vector_get_validity(output)[row / 64] &= ~(uint64_t{1} << (row % 64));
    }
}

void register_program(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        for_each_text(chunk, output, [&](size_t row, const String& image) {
            write_text(output, row, registry().add(image.bytes()));
        });
    });
}

void forget_program(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        auto* known = static_cast<uint8_t*>(api().duckdb_vector_get_data(output));
        for_each_text(chunk, output, [&](size_t row, const String& name) {
            known[row] = registry().forget(std::string(name.text()));
        });
    });
}

void show_kernel(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        const size_t rows = api().duckdb_data_chunk_get_size(chunk);
        for (size_t row = 0; row < rows; row++) write_text(output, row, path_name(path_in_use()));
    });
}

void count_predictions(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        const size_t rows = api().duckdb_data_chunk_get_size(chunk);
        auto* counts = static_cast<int64_t*>(api().duckdb_vector_get_data(output));
        for (size_t row = 0; row < rows; row++) counts[row] = static_cast<int64_t>(predictions().load());
    });
}

Path path_of(std::string_view name) {
    std::string known;
    for (const Path path : {Path::automatic, Path::portable, Path::avx2, Path::avx512}) {
        if (path_name(path) == name) return path;
        known += known.empty() ? "" : ", ";
        known += path_name(path);
    }
    const char* message = "the kernel has no code path of that name";
    throw SqlError(sqlstate::invalid_parameter, message, "There are " + known + ".");
}

void use_kernel(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        for_each_text(chunk, output, [&](size_t row, const String& name) {
            const Path path = path_of(name.text());
            if (path != Path::automatic && !has_path(path)) {
                std::string message = "this processor cannot run the code path ";
                throw SqlError(sqlstate::invalid_parameter, message.append(name.text()));
            }
            use_path(path);
            write_text(output, row, path_name(path_in_use()));
        });
    });
}

// A function that is called anew for every row. `parameter` is invalid where it takes none.
void register_volatile(Connection connection, const char* name, TypeId parameter, TypeId returns,
                       Execute execute) {
    const OwnedFunction function(api().duckdb_create_scalar_function());
    const OwnedType returned(api().duckdb_create_logical_type(returns));
    if (parameter != TypeId::invalid) {
        const OwnedType taken(api().duckdb_create_logical_type(parameter));
        api().duckdb_scalar_function_add_parameter(function.get(), taken.get());
    }
    api().duckdb_scalar_function_set_return_type(function.get(), returned.get());
    api().duckdb_scalar_function_set_volatile(function.get());
    api().duckdb_scalar_function_set_special_handling(function.get());
    api().duckdb_scalar_function_set_function(function.get(), execute);
    register_function(connection, name, function.get());
}

}  // namespace

void register_program_functions(Connection connection) {
    register_volatile(connection, "vesto_register_program", TypeId::blob, TypeId::varchar, register_program);
    register_volatile(connection, "vesto_forget_program", TypeId::varchar, TypeId::boolean, forget_program);
    register_volatile(connection, "vesto_kernel", TypeId::invalid, TypeId::varchar, show_kernel);
    register_volatile(connection, "vesto_use_kernel", TypeId::varchar, TypeId::varchar, use_kernel);
    register_volatile(connection, "vesto_predictions", TypeId::invalid, TypeId::bigint, count_predictions);
}

}  // namespace vesto::duckdb
