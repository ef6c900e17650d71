// Errors as SQL sees them: an SQLSTATE, a message, a detail and a hint, written as Vesto's Python side
// reads them back (src/vesto/errors.py).
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace vesto::duckdb {

namespace sqlstate {
inline constexpr std::string_view undefined_function = "42883";
inline constexpr std::string_view datatype_mismatch = "42804";
inline constexpr std::string_view wrong_object_type = "42809";
inline constexpr std::string_view feature_not_supported = "0A000";
inline constexpr std::string_view duplicate_object = "42710";
inline constexpr std::string_view invalid_parameter = "22023";
inline constexpr std::string_view out_of_memory = "53200";
inline constexpr std::string_view data_corrupted = "XX001";
inline constexpr std::string_view internal_error = "XX000";
}  // namespace sqlstate

class SqlError : public std::exception {
public:
    // `state` is one of the constants above.
    SqlError(std::string_view state, std::string message, std::string hint = {}, std::string detail = {});
    const char* what() const noexcept override { return text_.c_str(); }  // vesto:{"sqlstate": ...}

private:
    std::string text_;
};

// The exception that is being handled, as the text for DuckDB.
std::string text_of_current_exception() noexcept;

// Appends a text as a JSON string. Whatever is no UTF-8 must have been refused before.
void append_json(std::string& to, std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace vesto::duckdb
