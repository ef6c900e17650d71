// The part of DuckDB's C API that the extension uses, declared by hand. Nothing of it is linked:
// `resolve` finds the functions in the DuckDB that loads the extension.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace vesto::duckdb {

// DuckDB's opaque objects.
using Database = struct OpaqueDatabase*;
using Connection = struct OpaqueConnection*;
using ScalarFunction = struct OpaqueScalarFunction*;
using LogicalType = struct OpaqueLogicalType*;
using Expression = struct OpaqueExpression*;
using ClientContext = struct OpaqueClientContext*;
using Value = struct OpaqueValue*;
using ErrorData = struct OpaqueErrorData*;
using DataChunk = struct OpaqueDataChunk*;
using Vector = struct OpaqueVector*;
using BindInfo = struct OpaqueBindInfo*;
using FunctionInfo = struct OpaqueFunctionInfo*;
using ExtensionInfo = struct OpaqueExtensionInfo*;

using Bind = void (*)(BindInfo);
using Execute = void (*)(FunctionInfo, DataChunk, Vector);
using Delete = void (*)(void*);
using Copy = void* (*)(void*);

// What DuckDB hands to the function that initializes an extension.
struct ExtensionAccess {
    void (*set_error)(ExtensionInfo info, const char* message);
    Database* (*get_database)(ExtensionInfo info);
    const void* (*get_api)(ExtensionInfo info, const char* version);
};

// DuckDB's numbers for its types.
enum class TypeId : int32_t {
    invalid = 0, boolean = 1, tinyint = 2, smallint = 3, integer = 4, bigint = 5, utinyint = 6,
    usmallint = 7, uinteger = 8, ubigint = 9, float4 = 10, float8 = 11, timestamp = 12, date = 13,
    time = 14, interval = 15, hugeint = 16, varchar = 17, blob = 18, decimal = 19, timestamp_s = 20,
    timestamp_ms = 21, timestamp_ns = 22, enumeration = 23, list = 24, structure = 25, map = 26,
    uuid = 27, unions = 28, bit = 29, time_tz = 30, timestamp_tz = 31, uhugeint = 32, array = 33,
    any = 34, bignum = 35, sqlnull = 36, string_literal = 37, integer_literal = 38, time_ns = 39,
    geometry = 40, variant = 41, timestamp_tz_ns = 42
};

// X(result, name, place in the function table, parameters ...); the place is one in every version.
#define VESTO_DUCKDB_STABLE(X)                                                                     \
    X(int, duckdb_connect, 3, Database, Connection*)                                               \
    X(void, duckdb_disconnect, 6, Connection*)                                                     \
    X(const char*, duckdb_library_version, 7)                                                      \
    X(void, duckdb_free, 25, void*)                                                                \
    X(void, duckdb_destroy_value, 92, Value*)                                                      \
    X(char*, duckdb_get_varchar, 142, Value)                                                       \
    X(bool, duckdb_is_null_value, 149, Value)                                                      \
    X(LogicalType, duckdb_create_logical_type, 156, TypeId)                                        \
    X(char*, duckdb_logical_type_get_alias, 157, LogicalType)                                      \
    X(void, duckdb_logical_type_set_alias, 158, LogicalType, const char*)                          \
    X(TypeId, duckdb_get_type_id, 166, LogicalType)                                                \
    X(uint8_t, duckdb_decimal_scale, 168, LogicalType)                                             \
    X(TypeId, duckdb_decimal_internal_type, 169, LogicalType)                                      \
    X(TypeId, duckdb_enum_internal_type, 170, LogicalType)                                         \
    X(uint32_t, duckdb_enum_dictionary_size, 171, LogicalType)                                     \
    X(char*, duckdb_enum_dictionary_value, 172, LogicalType, uint64_t)                             \
    X(void, duckdb_destroy_logical_type, 184, LogicalType*)                                        \
    X(Vector, duckdb_data_chunk_get_vector, 190, DataChunk, uint64_t)                              \
    X(uint64_t, duckdb_data_chunk_get_size, 191, DataChunk)                                        \
    X(void*, duckdb_vector_get_data, 194, Vector)                                                  \
    X(uint64_t*, duckdb_vector_get_validity, 195, Vector)                                          \
    X(void, duckdb_vector_ensure_validity_writable, 196, Vector)                                   \
    X(void, duckdb_vector_assign_string_element_len, 198, Vector, uint64_t, const char*, uint64_t) \
    X(ScalarFunction, duckdb_create_scalar_function, 209)                                          \
    X(void, duckdb_destroy_scalar_function, 210, ScalarFunction*)                                  \
    X(void, duckdb_scalar_function_set_name, 211, ScalarFunction, const char*)                     \
    X(void, duckdb_scalar_function_set_varargs, 212, ScalarFunction, LogicalType)                  \
    X(void, duckdb_scalar_function_set_special_handling, 213, ScalarFunction)                      \
    X(void, duckdb_scalar_function_set_volatile, 214, ScalarFunction)                              \
    X(void, duckdb_scalar_function_add_parameter, 215, ScalarFunction, LogicalType)                \
    X(void, duckdb_scalar_function_set_return_type, 216, ScalarFunction, LogicalType)              \
    X(void, duckdb_scalar_function_set_function, 218, ScalarFunction, Execute)                     \
    X(int, duckdb_register_scalar_function, 219, Connection, ScalarFunction)                       \
    X(void, duckdb_scalar_function_set_error, 221, FunctionInfo, const char*)

// Stable since 1.5.6, and in other places before: X(result, name, 1.4.0 to 1.4.5, 1.5.0 and 1.5.1,
// 1.5.2 and later, parameters ...).
#define VESTO_DUCKDB_YOUNG(X)                                                                     \
    X(void, duckdb_destroy_error_data, 416, 469, 469, ErrorData*)                                 \
    X(void, duckdb_destroy_expression, 420, 473, 473, Expression*)                                \
    X(LogicalType, duckdb_expression_return_type, 421, 474, 474, Expression)                      \
    X(ErrorData, duckdb_expression_fold, 423, 476, 476, ClientContext, Expression, Value*)        \
    X(void, duckdb_destroy_client_context, 425, 500, 501, ClientContext*)                         \
    X(void, duckdb_scalar_function_set_bind, 435, 510, 511, ScalarFunction, Bind)                 \
    X(void, duckdb_scalar_function_bind_set_error, 436, 511, 512, BindInfo, const char*)          \
    X(void, duckdb_scalar_function_get_client_context, 437, 512, 513, BindInfo, ClientContext*)   \
    X(void, duckdb_scalar_function_set_bind_data, 438, 513, 514, BindInfo, void*, Delete)         \
    X(void*, duckdb_scalar_function_get_bind_data, 439, 514, 515, FunctionInfo)                   \
    X(uint64_t, duckdb_scalar_function_bind_get_argument_count, 441, 516, 517, BindInfo)          \
    X(Expression, duckdb_scalar_function_bind_get_argument, 442, 517, 518, BindInfo, uint64_t)    \
    X(void, duckdb_scalar_function_set_bind_data_copy, 443, 518, 519, BindInfo, Copy)

// A text that DuckDB allocated.
using OwnedText = std::unique_ptr<char, void (*)(void*)>;

// The functions by DuckDB's own names.
struct Api {
#define VESTO_DECLARE_STABLE(result, name, place, ...) result (*name)(__VA_ARGS__) = nullptr;
#define VESTO_DECLARE_YOUNG(result, name, first, second, third, ...) result (*name)(__VA_ARGS__) = nullptr;
    VESTO_DUCKDB_STABLE(VESTO_DECLARE_STABLE)
    VESTO_DUCKDB_YOUNG(VESTO_DECLARE_YOUNG)
#undef VESTO_DECLARE_STABLE
#undef VESTO_DECLARE_YOUNG
};

// What `resolve` found.
const Api& api();

// Finds the functions, in a process once. The text says why it could not; it is empty on success.
std::string resolve(ExtensionInfo info, const ExtensionAccess& access);

// One of DuckDB's objects, destroyed at the end of its scope.
template <typename Handle, void (*Api::*destroy)(Handle*)>
class Owned {
public:
    explicit Owned(Handle handle = nullptr) : handle_(handle) {}
    ~Owned() {
        if (handle_) (api().*destroy)(&handle_);
    }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    Handle get() const { return handle_; }
    Handle* out() { return &handle_; }

private:
    Handle handle_;
};

using OwnedConnection = Owned<Connection, &Api::duckdb_disconnect>;
using OwnedFunction = Owned<ScalarFunction, &Api::duckdb_destroy_scalar_function>;
using OwnedType = Owned<LogicalType, &Api::duckdb_destroy_logical_type>;
using OwnedExpression = Owned<Expression, &Api::duckdb_destroy_expression>;
using OwnedContext = Owned<ClientContext, &Api::duckdb_destroy_client_context>;
using OwnedValue = Owned<Value, &Api::duckdb_destroy_value>;
using OwnedError = Owned<ErrorData, &Api::duckdb_destroy_error_data>;

}  // namespace vesto::duckdb
