// Scoring a program, a block of rows at a time.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "kernel.hpp"
#include "paths.hpp"
#include "program.hpp"

namespace vesto {

// One piece of memory aligned to 64 bytes, which grows as programs ask and is cut anew by each call.
struct Scratch::Buffers {
    std::byte* memory = nullptr;
    size_t size = 0;
    size_t used = 0;

    ~Buffers() { std::free(memory); }

    void reserve(size_t bytes) {
        used = 0;
        if (bytes <= size) return;
        std::free(memory);
        size = 0;
        memory = static_cast<std::byte*>(std::aligned_alloc(64, bytes));
        if (!memory) throw std::bad_alloc();
        size = bytes;
    }

    static size_t rounded(size_t bytes) { return (bytes + 63) / 64 * 64; }

    template <typename Value>
    Value* take(size_t count) {
        auto* taken = reinterpret_cast<Value*>(memory + used);
        used += rounded(count * sizeof(Value));
        return taken;
    }
};

Scratch::Scratch() : buffers_(std::make_unique<Buffers>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;
size_t Scratch::memory_bytes() const { return buffers_->size; }

namespace {

// Where a block's numbers lie, all of them in the scratch.
struct Block {
    double* storage;
    const double** found;
    const double** columns;
    double* margins;
    double* after;
    float* sums;
    ForestMemory forest;
    NetworkMemory network;
};

size_t bytes_of(const Implementation& program, const Tape& tape) {
    const auto bytes = [](size_t count, size_t size) { return Scratch::Buffers::rounded(count * size); };
    size_t total = bytes(tape.stored_blocks() * block_rows, 8) + bytes(tape.registers(), 8) + bytes(program.columns.size(), 8) +
                   bytes(program.outputs() * block_rows, 8) + bytes(program.output.values() * block_rows, 8);
    if (const auto* forest = std::get_if<Forest>(&program.body)) {
        const size_t features = forest->plan().feature_count;
        total += bytes(program.outputs() * block_rows, 4) + bytes(features * block_rows, 4) + bytes(features * words_per_row, 8) +
                 bytes(forest->segment_count() * block_rows, 1) + bytes(forest->row_count() * words_per_row, 8);
    }
    if (const auto* network = std::get_if<Network>(&program.body)) {
        const NetworkPlan& plan = network->plan();
        total += bytes(plan.features * network_rows, 4) + 2 * bytes(plan.widest * network_rows, 4) + bytes(plan.outputs * network_rows, 4);
    }
    return total;
}

Block cut(const Implementation& program, const Tape& tape, Scratch::Buffers& buffers) {
    buffers.reserve(bytes_of(program, tape));
    Block block{};
    block.storage = buffers.take<double>(tape.stored_blocks() * block_rows);
    block.found = buffers.take<const double*>(tape.registers());
    block.columns = buffers.take<const double*>(program.columns.size());
    block.margins = buffers.take<double>(program.outputs() * block_rows);
    block.after = buffers.take<double>(program.output.values() * block_rows);
    if (const auto* forest = std::get_if<Forest>(&program.body)) {
        const size_t features = forest->plan().feature_count;
        block.sums = buffers.take<float>(program.outputs() * block_rows);
        block.forest = {buffers.take<float>(features * block_rows), buffers.take<uint64_t>(features * words_per_row),
                        buffers.take<uint8_t>(forest->segment_count() * block_rows),
                        buffers.take<uint64_t>(forest->row_count() * words_per_row)};
    }
    if (const auto* network = std::get_if<Network>(&program.body)) {
        const NetworkPlan& plan = network->plan();
        block.network = {buffers.take<float>(plan.features * network_rows), buffers.take<float>(plan.widest * network_rows),
                         buffers.take<float>(plan.widest * network_rows), buffers.take<float>(plan.outputs * network_rows)};
    }
    return block;
}

void check_column(const Program& program, size_t at, const Column& column) {
    const Input& input = program.inputs()[at];
    if (!accepts(input.type, column.layout))
        throw WrongArgument("argument " + std::to_string(at + 1) + " \"" + input.name + "\" cannot be read as " +
                            std::string(type_name(input.type)));
}

void check_columns_or_codes(const Program& program, const Column* columns) {
    for (size_t at = 0; at < program.inputs().size(); at++)
        if (columns[at].layout != Layout::category || !is_category(program, at)) check_column(program, at, columns[at]);
}

// The margins of a block, a column of block_rows for each output.
void run_body(const Implementation& program, const PathFunctions& path, size_t rows, Block& block) {
    if (const auto* linear = std::get_if<Linear>(&program.body)) return path.linear(linear->plan(), block.columns, rows, block.margins);
    if (const auto* network = std::get_if<Network>(&program.body))
        return path.network(network->plan(), block.columns, rows, block.network, block.margins);
    const auto& forest = std::get<Forest>(program.body);
    path.forest(forest.plan(), block.columns, rows, block.forest, block.sums);
    for (size_t output = 0; output < program.outputs(); output++)
        for (size_t row = 0; row < rows; row++)
            block.margins[output * block_rows + row] = block.sums[output * block_rows + row];
}

void gather(const Implementation& program, Block& block) {
    for (size_t at = 0; at < program.columns.size(); at++) block.columns[at] = block.found[program.columns[at]];
}

// `use(path, first, rows, block)` for each block, once the columns that the body reads are there.
template <typename Use>
void each_block(const Program& program, const Column* columns, size_t rows, Scratch& scratch, Use use) {
    check_columns_or_codes(program, columns);
    const Implementation& inside = program.implementation();
    const PathFunctions& path = path_functions();
    Block block = cut(inside, inside.tape, scratch.buffers());
    for (size_t first = 0; first < rows; first += block_rows) {
        const size_t count = std::min(block_rows, rows - first);
        inside.tape.run(columns, first, count, block.storage, block.found);
        gather(inside, block);
        use(path, first, count, block);
    }
}

// The labels of the greatest margins, which float32 finds where it can tell.
void predict_by_screen(const Implementation& program, const PathFunctions& path, size_t first, size_t rows, Block& block, void* out) {
    uint32_t places[block_rows];
    path.screen(program.screen->plan(), block.columns, rows, places);
    program.output.put_labels(places, rows, out, first);
}

// Columns of block_rows become rows.
void turn(const double* columns, size_t width, size_t rows, double* out) {
    for (size_t row = 0; row < rows; row++)
        for (size_t at = 0; at < width; at++) out[row * width + at] = columns[at * block_rows + row];
}

}  // namespace

void check_columns(const Program& program, const Column* columns) {
    for (size_t at = 0; at < program.inputs().size(); at++) check_column(program, at, columns[at]);
}

void predict(const Program& program, const Column* columns, size_t rows, Scratch& scratch, void* out) {
    each_block(program, columns, rows, scratch, [&](const PathFunctions& path, size_t first, size_t count, Block& block) {
        if (program.implementation().screen) return predict_by_screen(program.implementation(), path, first, count, block, out);
        run_body(program.implementation(), path, count, block);
        program.implementation().output.decide(path, block.margins, count, block.after, out, first);
    });
}

bool is_category(const Program& program, size_t input) {
    const auto& dictionaries = program.implementation().dictionaries;
    return input < dictionaries.size() && dictionaries[input];
}

void categories(const Program& program, size_t input, const Column& column, size_t rows, double* out) {
    if (!is_category(program, input)) throw WrongArgument("an input is no category by itself");
    check_column(program, input, column);
    read_categories(*program.implementation().dictionaries[input], column, 0, rows, out);
}

void probabilities(const Program& program, const Column* columns, size_t rows, Scratch& scratch, double* out) {
    const size_t width = program.values();
    each_block(program, columns, rows, scratch, [&](const PathFunctions& path, size_t first, size_t count, Block& block) {
        run_body(program.implementation(), path, count, block);
        program.implementation().output.follow(path, block.margins, count, block.after);
        turn(block.after, width, count, out + first * width);
    });
}

void margins(const Program& program, const Column* columns, size_t rows, Scratch& scratch, double* out) {
    const size_t width = program.outputs();
    each_block(program, columns, rows, scratch, [&](const PathFunctions& path, size_t first, size_t count, Block& block) {
        run_body(program.implementation(), path, count, block);
        turn(block.margins, width, count, out + first * width);
    });
}

void features(const Program& program, const Column* columns, size_t rows, Scratch& scratch, double* out) {
    // A dictionary of the features' own tape may hold other numbers, so that none may be looked up before.
    check_columns(program, columns);
    const Implementation& inside = program.implementation();
    Block block = cut(inside, inside.all_features, scratch.buffers());
    const size_t width = inside.features.size();
    for (size_t first = 0; first < rows; first += block_rows) {
        const size_t count = std::min(block_rows, rows - first);
        inside.all_features.run(columns, first, count, block.storage, block.found);
        for (size_t at = 0; at < width; at++)
            for (size_t row = 0; row < count; row++) out[(first + row) * width + at] = block.found[inside.features[at]][row];
    }
}

}  // namespace vesto
