// From DuckDB's types and vectors to the kernel's columns.
#include "arguments.hpp"

#include <cstring>

#include "errors.hpp"

namespace vesto::duckdb {

namespace {

constexpr size_t uuid_characters = 36;

// A type's name in messages, as src/vesto/types.py has it, and how its values lie in memory.
struct KnownType {
    TypeId id;
    std::string_view name;
    Layout layout;
};

// DECIMAL and ENUM have a layout for each width; UUIDs are read as text.
constexpr KnownType known_types[] = {
    {TypeId::boolean, "bool", Layout::boolean_byte},
    {TypeId::tinyint, "int2", Layout::int8},
    {TypeId::utinyint, "int2", Layout::uint8},
    {TypeId::smallint, "int2", Layout::int16},
    {TypeId::usmallint, "int4", Layout::uint16},
    {TypeId::integer, "int4", Layout::int32},
    {TypeId::integer_literal, "int4", Layout::int32},
    {TypeId::uinteger, "int8", Layout::uint32},
    {TypeId::bigint, "int8", Layout::int64},
    {TypeId::ubigint, "numeric", Layout::uint64},
    {TypeId::hugeint, "numeric", Layout::int128},
    {TypeId::uhugeint, "numeric", Layout::uint128},
    {TypeId::decimal, "numeric", Layout::decimal128},
    {TypeId::float4, "float4", Layout::float32},
    {TypeId::float8, "float8", Layout::float64},
    {TypeId::varchar, "varchar", Layout::text_duckdb},
    {TypeId::string_literal, "varchar", Layout::text_duckdb},
    {TypeId::enumeration, "varchar", Layout::codes_u32},
    {TypeId::uuid, "varchar", Layout::text32},
    {TypeId::date, "date", Layout::days32},
    {TypeId::time, "time", Layout::clock_us},
    {TypeId::time_ns, "time", Layout::clock_ns},
    {TypeId::time_tz, "timetz", Layout::clock_us_zone},
    {TypeId::timestamp, "timestamp", Layout::instant_us},
    {TypeId::timestamp_s, "timestamp", Layout::instant_s},
    {TypeId::timestamp_ms, "timestamp", Layout::instant_ms},
    {TypeId::timestamp_ns, "timestamp", Layout::instant_ns},
    {TypeId::timestamp_tz, "timestamptz", Layout::instant_us},
    {TypeId::timestamp_tz_ns, "timestamptz", Layout::instant_ns},
    {TypeId::sqlnull, "unknown", Layout::null},
};

const KnownType* find_type(TypeId id) {
    for (const KnownType& type : known_types) {
        if (type.id == id) return &type;
    }
    return nullptr;
}

std::string_view name_of(TypeId id) {
    if (const KnownType* type = find_type(id)) return type->name;
    switch (id) {
        case TypeId::list: case TypeId::structure: case TypeId::map: case TypeId::unions:
        case TypeId::array: case TypeId::variant:
            return "super";
        case TypeId::blob: case TypeId::bit: case TypeId::geometry:
            return "varbyte";
        case TypeId::interval:
            return "interval";
        default:
            return "foreign";
    }
}

// Wholes of this width, as decimals or as codes of an ENUM.
Layout decimal_of(TypeId width) {
    switch (width) {
        case TypeId::smallint: return Layout::decimal16;
        case TypeId::integer: return Layout::decimal32;
        case TypeId::bigint: return Layout::decimal64;
        default: return Layout::decimal128;
    }
}

Layout codes_of(TypeId width) {
    switch (width) {
        case TypeId::utinyint: return Layout::codes_u8;
        case TypeId::usmallint: return Layout::codes_u16;
        default: return Layout::codes_u32;
    }
}

std::string signature_of(const Program& program) {
    std::string text;
    for (const Input& input : program.inputs()) {
        text += text.empty() ? "(" : ", ";
        text += input.name;
        text += ' ';
        text += type_name(input.type);
    }
    return text.empty() ? "()" : text + ")";
}

// Fills in what the type says; false where the kernel has no column for it.
bool describe(TypeId id, LogicalType type, Argument& argument) {
    // DuckDB has no number for the type of a parameter that has no value yet, and binds again when it
    // has one; nor, in 1.4, for TIME_NS.
    argument.is_unknown = id == TypeId::invalid || id == TypeId::any;
    if (argument.is_unknown) return true;
    const KnownType* known = find_type(id);
    if (!known) return false;
    argument.layout = known->layout;
    argument.is_uuid = id == TypeId::uuid;
    if (id == TypeId::decimal) {
        argument.layout = decimal_of(api().duckdb_decimal_internal_type(type));
        argument.scale = api().duckdb_decimal_scale(type);
    } else if (id == TypeId::enumeration) {
        argument.layout = codes_of(api().duckdb_enum_internal_type(type));
        argument.values = std::make_unique<EnumValues>(type);
    }
    return true;
}

bool is_looked_up(TypeId id, LogicalType type) {
    if (id != TypeId::float8) return false;
    const OwnedText alias(api().duckdb_logical_type_get_alias(type), api().duckdb_free);
    return alias && std::string_view(alias.get()) == category_type;
}

[[noreturn]] void refuse_unknown(size_t place) {
    std::string message = "argument " + std::to_string(place + 1) + " has a type that a model cannot read";
    throw SqlError(sqlstate::undefined_function, std::move(message));
}

// Writes a UUID, which DuckDB keeps as a number with its highest bit flipped, as 36 characters.
void write_uuid(const uint64_t* halves, char* to) {
    static constexpr char digits[] = "0123456789abcdef";
    const uint64_t upper = halves[1] ^ uint64_t{1} << 63;
    for (int digit = 0; digit < 32; digit++) {
        if (digit == 8 || digit == 12 || digit == 16 || digit == 20) *to++ = '-';
        const uint64_t half = digit < 16 ? upper : halves[0];
        *to++ = digits[half >> (60 - 4 * (digit % 16)) & 15];
    }
}

void read_uuids(Column& column, size_t rows, std::string& text, std::vector<int32_t>& ends) {
    text.resize(rows * uuid_characters);
    const auto* halves = static_cast<const uint64_t*>(column.data);
    for (size_t row = 0; row < rows; row++) write_uuid(halves + 2 * row, text.data() + row * uuid_characters);
    while (ends.size() <= rows) ends.push_back(static_cast<int32_t>(ends.size() * uuid_characters));
    column.data = ends.data();
    column.bytes = text.data();
}

}  // namespace

EnumValues::EnumValues(LogicalType type) : ends_{0} {
    const uint32_t count = api().duckdb_enum_dictionary_size(type);
    ends_.reserve(size_t{count} + 1);
    for (uint32_t code = 0; code < count; code++) {
        const OwnedText value(api().duckdb_enum_dictionary_value(type, code), api().duckdb_free);
        bytes_ += value ? value.get() : "";
        ends_.push_back(static_cast<int64_t>(bytes_.size()));
    }
    column_.layout = Layout::text64;
    column_.data = ends_.data();
    column_.bytes = bytes_.data();
}

Argument bind_argument(const Program& program, size_t input, BindInfo info, size_t place) {
    const OwnedExpression expression(api().duckdb_scalar_function_bind_get_argument(info, place));
    const OwnedType type(api().duckdb_expression_return_type(expression.get()));
    const TypeId id = api().duckdb_get_type_id(type.get());
    const Input& wanted = program.inputs()[input];
    Argument argument;
    if (describe(id, type.get(), argument) && accepts(wanted.type, argument.layout)) return argument;
    if (is_category(program, input) && is_looked_up(id, type.get())) {
        argument.layout = Layout::category;
        return argument;
    }
    const std::string wanted_type(type_name(wanted.type));
    std::string message = "argument " + std::to_string(input + 1) + " \"" + wanted.name + "\" has the type ";
    message += std::string(name_of(id)) + ", not " + wanted_type;
    std::string hint = "The arguments are " + signature_of(program);
    hint += "; cast this one, as in x::" + wanted_type + ".";
    throw SqlError(sqlstate::undefined_function, std::move(message), std::move(hint));
}

std::vector<Argument> bind_arguments(const Program& program, BindInfo info) {
    const size_t wanted = program.inputs().size();
    const size_t given = api().duckdb_scalar_function_bind_get_argument_count(info) - 1;
    if (given != wanted) {
        std::string message = "the function takes " + std::to_string(wanted) + " arguments, not ";
        message += std::to_string(given);
        std::string hint = "Its arguments are " + signature_of(program) + ".";
        throw SqlError(sqlstate::undefined_function, std::move(message), std::move(hint));
    }
    std::vector<Argument> arguments;
    for (size_t place = 0; place < wanted; place++) arguments.push_back(bind_argument(program, place, info, place + 1));
    return arguments;
}

const Column* read_columns(const std::vector<Argument>& arguments, DataChunk chunk, ColumnSpace& space, size_t first) {
    const size_t rows = api().duckdb_data_chunk_get_size(chunk);
    space.columns.assign(arguments.size(), Column{});
    if (space.texts.size() < arguments.size()) space.texts.resize(arguments.size());
    for (size_t place = 0; place < arguments.size(); place++) {
        const Argument& argument = arguments[place];
        Column& column = space.columns[place];
        if (argument.is_unknown) refuse_unknown(place);
        if (argument.layout == Layout::null) continue;
        const Vector vector = api().duckdb_data_chunk_get_vector(chunk, place + first);
        column.layout = argument.layout;
        column.scale = argument.scale;
        column.data = api().duckdb_vector_get_data(vector);
        column.validity = reinterpret_cast<const uint8_t*>(api().duckdb_vector_get_validity(vector));
        if (argument.values) {
            column.dictionary = &argument.values->column();
            column.dictionary_size = argument.values->size();
        }
        if (argument.is_uuid) read_uuids(column, rows, space.texts[place], space.uuid_ends);
    }
    return space.columns.data();
}

}  // namespace vesto::duckdb
