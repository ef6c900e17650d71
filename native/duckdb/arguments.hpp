// The arguments of a prediction: their SQL types at bind, their columns at execution.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "../kernel/kernel.hpp"
#include "api.hpp"

namespace vesto::duckdb {

// The values of an ENUM, as a column that codes point into.
class EnumValues {
public:
    explicit EnumValues(LogicalType type);
    EnumValues(const EnumValues&) = delete;
    EnumValues& operator=(const EnumValues&) = delete;
    const Column& column() const { return column_; }
    size_t size() const { return ends_.size() - 1; }

private:
    std::string bytes_;
    std::vector<int64_t> ends_;
    Column column_;
};

// What the binder says of one argument.
struct Argument {
    Layout layout = Layout::null;
    int32_t scale = 0;
    bool is_uuid = false;     // read as text
    bool is_unknown = false;  // bound before its type is known; refused when a row comes
    std::unique_ptr<EnumValues> values;
};

// The type of what vesto_category returns, a DOUBLE.
inline constexpr const char* category_type = "VESTO_CATEGORY";

// The arguments that follow the first one, checked against the program's inputs. Raises SqlError.
std::vector<Argument> bind_arguments(const Program& program, BindInfo info);

// The argument at `place` of the call, for the program's input number `input`. Raises SqlError.
Argument bind_argument(const Program& program, size_t input, BindInfo info, size_t place);

// What a thread keeps from chunk to chunk to make columns.
struct ColumnSpace {
    std::vector<Column> columns;
    std::vector<std::string> texts;  // of UUIDs
    std::vector<int32_t> uuid_ends;
};

// The columns of a chunk that hold the arguments, from the chunk's column `first` on; they last until the
// next call for `space`.
const Column* read_columns(const std::vector<Argument>& arguments, DataChunk chunk, ColumnSpace& space, size_t first = 1);

}  // namespace vesto::duckdb
