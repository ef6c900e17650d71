// Reads images and scores them, whole and damaged, on every code path, with columns of every layout. Built
// with sanitizers it finds what tests of results cannot: `replay FILE...` ends with 0 if all is well.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>

#include "header.hpp"
#include "random_columns.hpp"
#include "score_everything.hpp"

namespace {

using namespace vesto;
using namespace vesto::tests;

constexpr std::array<size_t, 11> row_counts = {0, 1, 7, 8, 9, 31, 63, 64, 65, 300, 2100};
constexpr std::array paths = {Path::portable, Path::avx2, Path::avx512};
constexpr size_t damaged_copies = 40;

struct Counts {
    size_t scored = 0, refused = 0, damaged = 0, survived = 0;
};

std::vector<std::byte> content_of(const char* file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) fail("a file cannot be read");
    const std::vector<char> letters{std::istreambuf_iterator<char>(stream), {}};
    std::vector<std::byte> bytes(letters.size());
    std::ranges::transform(letters, bytes.begin(), [](char letter) { return static_cast<std::byte>(letter); });
    return bytes;
}

bool equal(const std::vector<double>& one, const std::vector<double>& other) {
    return std::ranges::equal(one, other, [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); });
}

// Every path has to find the same, to the last bit.
void compare(const Scores& first, const Scores& other) {
    if (!equal(first.features, other.features)) fail("two paths find other features");
    if (!equal(first.margins, other.margins)) fail("two paths find other margins");
    if (!equal(first.probabilities, other.probabilities)) fail("two paths find other probabilities");
    if (!equal(first.explanations, other.explanations)) fail("two paths explain differently");
    if (first.predictions != other.predictions) fail("two paths predict differently");
}

// One round: a layout for each input, the next one of its possible layouts in each round.
void score_round(const Program& program, size_t round, Scratch& scratch, Counts& counts) {
    RandomColumns random(round);
    const size_t rows = row_counts[round % row_counts.size()];
    std::vector<Column> columns;
    for (const Input& input : program.inputs()) {
        const auto layouts = layouts_for(input.type);
        columns.push_back(random.column(layouts[(round + columns.size()) % layouts.size()], rows));
    }
    std::vector<std::optional<Scores>> found;
    for (const Path path : paths) {
        if (!has_path(path)) continue;
        use_path(path);
        found.push_back(score_everything(program, columns, rows, scratch));
        found.back() ? counts.scored++ : counts.refused++;
        if (found.front().has_value() != found.back().has_value()) fail("one path refuses what another scores");
        if (found.back()) compare(*found.front(), *found.back());
    }
}

size_t most_layouts(const Program& program) {
    size_t most = 1;
    for (const Input& input : program.inputs()) most = std::max(most, layouts_for(input.type).size());
    return most;
}

// The image with a few bytes changed or its end cut off: refused, or a program like any other.
void score_damaged(const std::vector<std::byte>& image, uint64_t seed, Scratch& scratch, Counts& counts) {
    std::mt19937_64 random(seed);
    std::vector<std::byte> copy = image;
    if (random() % 4 == 0) copy.resize(random() % copy.size());
    for (size_t change = 0; change < 1 + seed % 4 && !copy.empty(); change++)
        copy[random() % copy.size()] = static_cast<std::byte>(random() % 3 ? random() : 255 * (random() % 2));
    if (seed % 8) write_header(copy);
    try {
        const auto program = Program::read(copy);
        counts.survived++;
        score_round(*program, seed, scratch, counts);
    } catch (const DamagedImage&) {
        counts.damaged++;
    }
}

}  // namespace

int main(int count, char** files) {
    if (count < 2) fail("no images are given");
    Counts counts;
    Scratch scratch;
    for (int at = 1; at < count; at++) {
        const auto image = content_of(files[at]);
        const auto program = Program::read(image);
        // Twice each layout, and the row counts shift against the layouts.
        for (size_t round = 0; round < 2 * most_layouts(*program) + 1; round++)
            score_round(*program, static_cast<size_t>(at) + round, scratch, counts);
        for (size_t copy = 0; copy < damaged_copies; copy++)
            score_damaged(image, static_cast<uint64_t>(at) * damaged_copies + copy, scratch, counts);
    }
    if (!counts.scored) fail("nothing was scored");
    std::printf("replay: %d images; %zu scorings, %zu refused for their codes; of damaged images %zu refused, %zu scored\n",
                count - 1, counts.scored, counts.refused, counts.damaged, counts.survived);
}
