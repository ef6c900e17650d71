// Writes errors, and the JSON that they are made of.
#include "errors.hpp"

#include <cstdint>
#include <new>

#include "../kernel/kernel.hpp"

namespace vesto::duckdb {

namespace {

void append_escaped(std::string& to, unsigned char character) {
    static constexpr std::string_view digits = "0123456789abcdef";
    to += "\\u00";
    to += digits[character >> 4];
    to += digits[character & 15];
}

void append_field(std::string& to, std::string_view name, std::string_view value) {
    append_json(to, name);
    to += ": ";
    // The reader takes the first closing brace with a blank behind it for the end.
    std::string text;
    append_json(text, value);
    for (const char character : text) {
        if (character == '}') append_escaped(to, '}');
        else to += character;
    }
}

// How many bytes a character takes that begins with this one; 0: none begins so.
size_t width_of(unsigned char first) {
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0) return 2;
    if (first >= 0xE0 && first < 0xF0) return 3;
    return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

// Whether the bytes of one character are well formed: no surrogates, no longer form than needed.
bool is_character(std::string_view bytes) {
    uint32_t point = static_cast<unsigned char>(bytes[0]);
    if (bytes.size() == 1) return true;
    point &= 0xFFU >> (bytes.size() + 1);
    for (const char next : bytes.substr(1)) {
        if ((static_cast<unsigned char>(next) & 0xC0) != 0x80) return false;
        point = point << 6 | (static_cast<unsigned char>(next) & 0x3F);
    }
    if (bytes.size() == 3) return point >= 0x800 && (point < 0xD800 || point > 0xDFFF);
    return bytes.size() == 2 || (point >= 0x10000 && point <= 0x10FFFF);
}

}  // namespace

SqlError::SqlError(std::string_view state, std::string message, std::string hint, std::string detail)
    : text_("vesto:{") {
    append_field(text_, "sqlstate", state);
    text_ += ", ";
    append_field(text_, "message", message);
    text_ += ", ";
    append_field(text_, "detail", detail);
    text_ += ", ";
    append_field(text_, "hint", hint);
    text_ += '}';
}

std::string text_of_current_exception() noexcept {
    static constexpr const char* nothing_left =
        R"(vesto:{"sqlstate": "53200", "message": "out of memory", "detail": "", "hint": ""})";
    try {
        try {
            throw;
        } catch (const SqlError& error) {
            return error.what();
        } catch (const std::bad_alloc&) {
            return nothing_left;
        } catch (const DamagedImage& error) {
            const char* message = "the program's image is damaged";
            return SqlError(sqlstate::data_corrupted, message, {}, error.what()).what();
        } catch (const WrongArgument& error) {
            return SqlError(sqlstate::datatype_mismatch, error.what()).what();
        } catch (const std::exception& error) {
            return SqlError(sqlstate::internal_error, error.what()).what();
        } catch (...) {
            return SqlError(sqlstate::internal_error, "DuckDB failed inside a function of vesto").what();
        }
    } catch (...) {
        return {};  // not even the text of an error fits into memory
    }
}

void append_json(std::string& to, std::string_view text) {
    to += '"';
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < 0x20 || byte == 0x7F) {
            append_escaped(to, byte);
            continue;
        }
        if (character == '"' || character == '\\') to += '\\';
        to += character;
    }
    to += '"';
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t width = width_of(static_cast<unsigned char>(text[0]));
        if (!width || width > text.size() || !is_character(text.substr(0, width))) return false;
        text.remove_prefix(width);
    }
    return true;
}

}  // namespace vesto::duckdb
