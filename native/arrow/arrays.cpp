// Predictions as Arrow arrays.
#include "arrays.hpp"

#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

namespace vesto::arrow {

namespace {

struct Numbers {
    const char* format;
    size_t bytes;
};

Numbers numbers_of(Type type) {
    switch (type) {
        case Type::int2: return {"s", 2};
        case Type::int4: return {"i", 4};
        case Type::int8: return {"l", 8};
        case Type::float4: return {"f", 4};
        case Type::float8: return {"g", 8};
        default: throw std::logic_error("no program predicts values of type " + std::string(type_name(type)));
    }
}

std::unique_ptr<std::byte[]> memory(size_t count, size_t bytes) {
    if (count > std::numeric_limits<size_t>::max() / 2 / bytes) throw std::bad_alloc();
    return std::make_unique_for_overwrite<std::byte[]>(count * bytes);
}

std::unique_ptr<std::byte[]> bits_of(const std::byte* bytes, size_t rows) {
    auto bits = std::make_unique<std::byte[]>((rows + 7) / 8);
    for (size_t row = 0; row < rows; row++) bits[row / 8] |= bytes[row] << (row % 8);
    return bits;
}

size_t characters_of(std::span<const std::string> labels, const uint32_t* places, size_t rows) {
    size_t total = 0;
    for (size_t row = 0; row < rows; row++) total += labels[places[row]].size();
    return total;
}

template <typename Offset>
void write_texts(std::span<const std::string> labels, const uint32_t* places, Predictions& made, size_t total) {
    made.values = memory(made.rows + 1, sizeof(Offset));
    made.characters = memory(total, 1);
    auto* offsets = reinterpret_cast<Offset*>(made.values.get());
    size_t end = 0;
    offsets[0] = 0;
    for (size_t row = 0; row < made.rows; row++) {
        const std::string& label = labels[places[row]];
        std::memcpy(made.characters.get() + end, label.data(), label.size());
        end += label.size();
        offsets[row + 1] = static_cast<Offset>(end);
    }
}

void predict_texts(const Program& program, const Column* columns, Scratch& scratch, Predictions& made) {
    const auto held = memory(made.rows, sizeof(uint32_t));
    auto* places = reinterpret_cast<uint32_t*>(held.get());
    predict(program, columns, made.rows, scratch, places);
    const size_t total = characters_of(program.labels(), places, made.rows);
    const bool is_large = total > static_cast<size_t>(std::numeric_limits<int32_t>::max());
    made.format = is_large ? "U" : "u";
    if (is_large) write_texts<int64_t>(program.labels(), places, made, total);
    else write_texts<int32_t>(program.labels(), places, made, total);
}

void predict_booleans(const Program& program, const Column* columns, Scratch& scratch, Predictions& made) {
    const auto bytes = memory(made.rows, 1);
    predict(program, columns, made.rows, scratch, bytes.get());
    made.format = "b";
    made.values = bits_of(bytes.get(), made.rows);
}

// What an exported array points to until it is released.
struct Exported {
    std::shared_ptr<const Predictions> predictions;
    std::array<const void*, 3> buffers;
};

}  // namespace

Predictions predictions(const Program& program, const Column* columns, size_t rows, Scratch& scratch) {
    Predictions made;
    made.rows = rows;
    const Type type = program.returns();
    if (type == Type::bpchar || type == Type::varchar) {
        predict_texts(program, columns, scratch, made);
    } else if (type == Type::boolean) {
        predict_booleans(program, columns, scratch, made);
    } else {
        const Numbers numbers = numbers_of(type);
        made.format = numbers.format;
        made.values = memory(rows, numbers.bytes);
        predict(program, columns, rows, scratch, made.values.get());
    }
    return made;
}

void export_schema(const Predictions& predictions, ArrowSchema* schema) {
    *schema = {};
    schema->format = predictions.format;  // a constant: there is nothing to free
    schema->name = "";
    schema->release = [](ArrowSchema* released) { released->release = nullptr; };
}

void export_array(std::shared_ptr<const Predictions> predictions, ArrowArray* array) {
    auto exported = std::make_unique<Exported>();
    exported->buffers = {nullptr, predictions->values.get(), predictions->characters.get()};
    *array = {};
    array->length = static_cast<int64_t>(predictions->rows);
    array->n_buffers = predictions->characters ? 3 : 2;
    array->buffers = exported->buffers.data();
    array->release = [](ArrowArray* released) {
        delete static_cast<Exported*>(released->private_data);
        released->release = nullptr;
    };
    exported->predictions = std::move(predictions);
    array->private_data = exported.release();
}

}  // namespace vesto::arrow
