// Explaining rows, a block at a time.
#include <algorithm>
#include <cmath>

#include "explain.hpp"

namespace vesto {

static_assert(block_rows == explained_block);

namespace {

ExplainWays explain_ways() {
#if defined(__x86_64__)
    if (path_in_use() == Path::avx512) return avx512_explain_ways;
    if (path_in_use() == Path::avx2) return avx2_explain_ways;
#endif
    return portable_explain_ways;
}

// As the walk in path_block.hpp: what is no category, or missing, goes where the node says.
bool goes_right(const WalkNode& node, const int32_t* categories, float value) {
    if (value != value) return !node.nan_left;
    if (!(value >= 0 && value < 16777216.0F)) return false;
    const int32_t* first = categories + node.first_category;
    return std::binary_search(first, first + node.categories, static_cast<int32_t>(value));
}

}  // namespace

void Explainer::explain(const double* const* found, size_t rows, Memory& memory, double* parts) const {
    std::fill_n(parts, base_.size() * program_.inputs.size() * block_rows, 0.0);
    if (std::holds_alternative<Linear>(program_.body)) explain_linear(found, rows, parts);
    else explain_forest(found, rows, memory, parts);
}

void Explainer::explain_linear(const double* const* found, size_t rows, double* parts) const {
    const auto& linear = std::get<Linear>(program_.body);
    for (size_t at = 0; at < columns_.size(); at++) {
        double distance[block_rows];
        for (size_t row = 0; row < rows; row++) {
            const double x = found[columns_[at]][row];
            distance[row] = (std::isfinite(x) ? x : 0.0) - linear.center()[at];
        }
        for (size_t output = 0; output < base_.size(); output++) {
            const double weight = linear.weights()[at * base_.size() + output];
            for (const Share& share : shares_[at]) {
                double* to = parts + (output * program_.inputs.size() + share.input) * block_rows;
                for (size_t row = 0; row < rows; row++) to[row] += distance[row] * weight * share.share;
            }
        }
    }
}

void Explainer::explain_forest(const double* const* found, size_t rows, Memory& memory, double* parts) const {
    // A vector of rows may reach past the last row.
    const size_t padded = (rows + 15) / 16 * 16;
    memory.values.resize(sources_.size() * block_rows);
    memory.sums.resize(columns_.size() * block_rows);
    fill_values(found, rows, memory.values.data());
    const WayPlan plan{ways_.data(), features_.data(), conditions_.data(), factors_.data(), points_.data()};
    size_t first = 0;
    for (size_t output = 0; output < base_.size(); output++) {
        std::fill(memory.sums.begin(), memory.sums.end(), 0.0);
        explain_ways()(plan, first, ends_[output], memory.values.data(), padded, memory.sums.data());
        spread(memory.sums.data(), rows, parts + output * program_.inputs.size() * block_rows);
        first = ends_[output];
    }
}

// Features as float32, the infinite ones missing; and the answers of splits by category.
void Explainer::fill_values(const double* const* found, size_t rows, float* values) const {
    const int32_t* categories = std::get<Forest>(program_.body).plan().categories;
    for (size_t at = 0; at < sources_.size(); at++) {
        float* to = values + at * block_rows;
        const Source& source = sources_[at];
        std::fill(to + rows, to + block_rows, 0.0F);
        if (source.node) {
            const float* from = values + source.column * block_rows;
            for (size_t row = 0; row < rows; row++) to[row] = goes_right(*source.node, categories, from[row]) ? 1.0F : 0.0F;
        } else {
            const double* from = found[columns_[source.column]];
            for (size_t row = 0; row < rows; row++) {
                const auto value = static_cast<float>(from[row]);
                to[row] = std::isinf(value) ? static_cast<float>(nan_value) : value;
            }
        }
    }
}

// From features to the inputs that they are made of.
void Explainer::spread(const double* sums, size_t rows, double* parts) const {
    for (size_t at = 0; at < columns_.size(); at++)
        for (const Share& share : shares_[at])
            for (size_t row = 0; row < rows; row++) parts[share.input * block_rows + row] += share.share * sums[at * block_rows + row];
}

std::string_view why_unexplained(const Program& program) { return program.implementation().explainer().refusal(); }

std::span<const double> explanation_base(const Program& program) { return program.implementation().explainer().base(); }

// Memory that a thread keeps from call to call.
struct ExplainScratch::Buffers {
    std::vector<double> storage, parts;
    std::vector<const double*> found;
    Explainer::Memory memory;
};

ExplainScratch::ExplainScratch() : buffers_(std::make_unique<Buffers>()) {}
ExplainScratch::~ExplainScratch() = default;

void explain(const Program& program, const Column* columns, size_t rows, ExplainScratch& scratch, double* out) {
    check_columns(program, columns);
    const Implementation& inside = program.implementation();
    const Explainer& explainer = inside.explainer();
    ExplainScratch::Buffers& buffers = scratch.buffers();
    const size_t width = inside.outputs() * inside.inputs.size();
    buffers.storage.resize(inside.all_features.stored_blocks() * block_rows);
    buffers.found.resize(inside.all_features.registers());
    buffers.parts.resize(width * block_rows);
    for (size_t first = 0; first < rows; first += block_rows) {
        const size_t count = std::min(block_rows, rows - first);
        inside.all_features.run(columns, first, count, buffers.storage.data(), buffers.found.data());
        explainer.explain(buffers.found.data(), count, buffers.memory, buffers.parts.data());
        for (size_t row = 0; row < count; row++)
            for (size_t at = 0; at < width; at++) out[(first + row) * width + at] = buffers.parts[at * block_rows + row];
    }
}

}  // namespace vesto
