// Arrow arrays as the kernel's columns.
#include "columns.hpp"

#include <array>
#include <cstring>
#include <limits>
#include <string_view>

#include "formats.hpp"

namespace vesto::arrow {

namespace {

// The rows of an array that a record batch shows.
struct Slice {
    int64_t offset;
    int64_t rows;
};

[[noreturn]] void unsound(const std::string& called, const char* what) {
    throw WrongArgument(called + ": the Arrow array is not sound: " + what);
}

template <typename Value>
Value value_at(const void* values, int64_t at) {
    Value value;
    std::memcpy(&value, static_cast<const std::byte*>(values) + static_cast<size_t>(at) * sizeof value, sizeof value);
    return value;
}

bool is_valid(const Column& column, int64_t row) {
    const auto bit = static_cast<size_t>(column.offset + row);
    return !column.validity || ((column.validity[bit / 8] >> (bit % 8)) & 1);
}

// --- Lengths and buffers --------------------------------------------------------------------------

void check_lengths(const ArrowArray& array, const std::string& called) {
    if (!array.release) unsound(called, "it was released");
    if (array.length < 0 || array.offset < 0) unsound(called, "a length or offset is negative");
    // A row has at most 32 bytes: nothing that is computed from these overflows.
    constexpr int64_t greatest = std::numeric_limits<int64_t>::max() / 64;
    if (array.length > greatest || array.offset > greatest) unsound(called, "a length or offset is too great");
    if (array.null_count < -1 || array.null_count > array.length) unsound(called, "it has a wrong count of NULLs");
}

bool has_right_buffers(const ArrowArray& array, Layout layout) {
    if (layout == Layout::null) return array.n_buffers >= 0;
    if (!array.buffers) return false;
    if (layout == Layout::text_view) return array.n_buffers >= 3 && array.n_buffers <= std::numeric_limits<int32_t>::max();
    return array.n_buffers == (is_text(layout) ? 3 : 2);
}

const uint8_t* validity_of(const ArrowArray& array, const std::string& called) {
    if (array.null_count == 0) return nullptr;
    if (array.null_count > 0 && array.length > 0 && !array.buffers[0]) unsound(called, "it has NULLs and does not say where");
    return static_cast<const uint8_t*>(array.buffers[0]);
}

// --- Texts ----------------------------------------------------------------------------------------

template <typename Offset>
void check_offsets(const Column& column, int64_t rows, const std::string& called) {
    const auto at = [&](int64_t row) { return value_at<Offset>(column.data, column.offset + row); };
    bool sound = at(0) >= 0;
    for (int64_t row = 0; row < rows; row++) sound &= at(row) <= at(row + 1);
    if (!sound) unsound(called, "the offsets of its texts are not in order");
    if (!column.bytes && at(rows) > at(0)) unsound(called, "it has texts and no characters");
}

// The buffers that views point into, and their sizes, which are the array's last buffer.
struct ViewBuffers {
    const void* const* buffers;
    const void* sizes;
    int32_t count;
};

bool is_sound(const std::array<int32_t, 4>& view, const ViewBuffers& held) {
    const auto [size, prefix, buffer, offset] = view;
    if (size <= 12) return size >= 0;
    if (buffer < 0 || buffer >= held.count || offset < 0 || !held.buffers[buffer]) return false;
    return int64_t{offset} + size <= value_at<int64_t>(held.sizes, buffer);
}

void check_views(const Column& column, const ArrowArray& array, int64_t rows, const std::string& called) {
    const auto count = static_cast<int32_t>(array.n_buffers - 3);
    const ViewBuffers held{column.buffers, array.buffers[array.n_buffers - 1], count};
    if (count && !held.sizes) unsound(called, "it does not tell the sizes of its buffers");
    for (int64_t row = 0; row < rows; row++)
        if (is_valid(column, row) && !is_sound(value_at<std::array<int32_t, 4>>(column.data, column.offset + row), held))
            unsound(called, "a text lies outside its buffer");
}

void check_texts(const Column& column, const ArrowArray& array, int64_t rows, const std::string& called) {
    switch (column.layout) {
        case Layout::text32: return check_offsets<int32_t>(column, rows, called);
        case Layout::text64: return check_offsets<int64_t>(column, rows, called);
        case Layout::text_view: return check_views(column, array, rows, called);
        default: return;
    }
}

// --- Columns --------------------------------------------------------------------------------------

Format format_of(const ArrowSchema& schema, const std::string& called) {
    if (!schema.release) unsound(called, "its schema was released");
    if (!schema.format) unsound(called, "its schema has no format");
    const auto format = read_format(schema.format);
    if (!format) throw WrongArgument(called + " is an Arrow array of format \"" + schema.format + "\", which cannot be scored");
    return *format;
}

// Everything of a column but its dictionary.
Column plain_column(const ArrowArray& array, const Format& format, const Slice& slice, const std::string& called) {
    check_lengths(array, called);
    if (slice.offset + slice.rows > array.length) unsound(called, "it is shorter than its record batch");
    if (array.n_children) unsound(called, "it has children");
    if (!has_right_buffers(array, format.layout)) unsound(called, "it has a wrong number of buffers");
    Column column;
    column.layout = format.layout;
    column.scale = format.scale;
    if (format.layout == Layout::null) return column;
    column.offset = array.offset + slice.offset;
    column.validity = validity_of(array, called);
    column.data = array.buffers[1];
    if (column.layout == Layout::text_view) column.buffers = array.buffers + 2;
    else if (is_text(column.layout)) column.bytes = static_cast<const char*>(array.buffers[2]);
    if (!slice.rows) return column;
    if (!column.data) unsound(called, "it has rows and no values");
    check_texts(column, array, slice.rows, called);
    return column;
}

void add_dictionary(ImportedColumn& imported, const ArrowSchema& schema, const ArrowArray& array, const std::string& called) {
    const auto codes = codes_of(imported.column.layout);
    if (!codes) unsound(called, "its dictionary is not counted by whole numbers");
    if (!array.dictionary) unsound(called, "it has no dictionary");
    if (schema.dictionary->dictionary) unsound(called, "its dictionary has a dictionary");
    const Format format = format_of(*schema.dictionary, called);
    if (!is_text(format.layout))
        throw WrongArgument(called + " is a dictionary of format \"" + schema.dictionary->format + "\", and only texts can be scored");
    const Slice whole{0, array.dictionary->length};
    imported.dictionary = std::make_unique<Column>(plain_column(*array.dictionary, format, whole, called));
    imported.column.layout = *codes;
    imported.column.dictionary = imported.dictionary.get();
    imported.column.dictionary_size = static_cast<size_t>(array.dictionary->length);
}

ImportedColumn import_slice(const ArrowSchema& schema, const ArrowArray& array, const Slice& slice, const std::string& called) {
    ImportedColumn imported;
    imported.column = plain_column(array, format_of(schema, called), slice, called);
    imported.rows = static_cast<size_t>(slice.rows);
    if (schema.dictionary) add_dictionary(imported, schema, array, called);
    else if (array.dictionary) unsound(called, "it has a dictionary that its schema does not know");
    return imported;
}

void check_batch(const ArrowSchema& schema, const ArrowArray& array, size_t wanted) {
    const std::string called = "the record batch";
    check_lengths(array, called);
    if (!schema.release || !schema.format || std::string_view(schema.format) != "+s")
        throw WrongArgument("a record batch or a sequence of arrays is wanted");
    if (schema.n_children != array.n_children || array.n_children < 0) unsound(called, "its schema has other columns");
    if (static_cast<size_t>(array.n_children) != wanted)
        throw WrongArgument("the program has " + std::to_string(wanted) + " inputs, and the record batch " +
                            std::to_string(array.n_children) + " columns");
    if (wanted && (!schema.children || !array.children)) unsound(called, "it has no columns");
    if (array.null_count != 0 && array.n_buffers > 0 && array.buffers && array.buffers[0])
        throw WrongArgument("the record batch has rows that are NULL as a whole");
}

}  // namespace

ImportedColumn import_column(const ArrowSchema& schema, const ArrowArray& array, const std::string& called) {
    return import_slice(schema, array, {0, array.length}, called);
}

ImportedBatch import_batch(const ArrowSchema& schema, const ArrowArray& array, const std::vector<std::string>& called) {
    check_batch(schema, array, called.size());
    ImportedBatch batch;
    batch.rows = static_cast<size_t>(array.length);
    for (size_t at = 0; at < called.size(); at++) {
        const ArrowSchema* column = schema.children[at];
        const ArrowArray* values = array.children[at];
        if (!column || !values) unsound(called[at], "it is not there");
        batch.columns.push_back(import_slice(*column, *values, {array.offset, array.length}, called[at]));
    }
    return batch;
}

}  // namespace vesto::arrow
