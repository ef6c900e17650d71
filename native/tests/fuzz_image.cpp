// Fuzz target: any bytes as an image, and what loads is scored on small columns.
#include <algorithm>
#include <array>

#include "header.hpp"
#include "random_columns.hpp"
#include "score_everything.hpp"

namespace {

using namespace vesto;
using namespace vesto::tests;

constexpr size_t most_inputs = 64;
constexpr size_t most_bytes = 16 << 20;

void score(const Program& program, uint64_t seed) {
    constexpr std::array paths = {Path::portable, Path::avx2, Path::avx512};
    constexpr std::array<size_t, 4> row_counts = {0, 1, 9, 70};
    const Path path = paths[seed % paths.size()];
    use_path(has_path(path) ? path : Path::portable);
    const size_t rows = row_counts[(seed >> 8) % row_counts.size()];
    RandomColumns random(seed);
    std::vector<Column> columns;
    for (const Input& input : program.inputs()) {
        const auto layouts = layouts_for(input.type);
        columns.push_back(random.column(layouts[(seed >> 16) % layouts.size()], rows));
    }
    Scratch scratch;
    score_everything(program, columns, rows, scratch);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::vector<std::byte> image(size);
    std::transform(data, data + size, image.begin(), [](uint8_t byte) { return static_cast<std::byte>(byte); });
    write_header(image);
    try {
        const auto program = Program::read(image);
        if (program->inputs().size() <= most_inputs && program->memory_bytes() <= most_bytes)
            score(*program, crc32(image));
    } catch (const DamagedImage&) {
        return 0;
    }
    return 0;
}
