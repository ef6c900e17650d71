// One code path of explanations: the file that includes this is compiled for an instruction set and
// defines VESTO_PATH, a namespace, and VESTO_EXPLAIN_WAYS, what it exports. All paths make the same
// operations in the same order, so that they agree to the last bit.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "explain_plan.hpp"

namespace vesto {
namespace VESTO_PATH {
namespace {

#if defined(__AVX512F__)
constexpr size_t lane_bytes = 64;
#elif defined(__AVX2__)
constexpr size_t lane_bytes = 32;
#else
constexpr size_t lane_bytes = 16;
#endif
constexpr size_t lanes = lane_bytes / 4;

typedef float Lanes __attribute__((vector_size(lane_bytes)));
typedef int32_t Mask __attribute__((vector_size(lane_bytes)));
typedef float Half __attribute__((vector_size(lane_bytes / 2)));
typedef double Wide __attribute__((vector_size(lane_bytes)));

inline Lanes load(const float* from) {
    Lanes value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

inline Lanes all(float value) { return Lanes{} + value; }

inline Lanes where(Mask mask, Lanes value) {
    Mask bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits &= mask;
    std::memcpy(&value, &bits, sizeof bits);
    return value;
}

inline Mask holds(const WayCondition& condition, const float* values, size_t row) {
    const Lanes x = load(values + condition.column * explained_block + row);
    if (condition.takes_missing) return ~((x < condition.low) | (x >= condition.high));
    return (x >= condition.low) & (x < condition.high);
}

inline void add(double* sums, Lanes part) {
    Half halves[2];
    std::memcpy(halves, &part, sizeof part);
    for (size_t half = 0; half < 2; half++) {
        Wide sum;
        std::memcpy(&sum, sums + half * lanes / 2, sizeof sum);
        sum += __builtin_convertvector(halves[half], Wide);
        std::memcpy(sums + half * lanes / 2, &sum, sizeof sum);
    }
}

// `fixed` is the number of features, where it is small: then all that a row needs stays in registers.
template <size_t fixed>
inline void explain_way(const WayPlan& plan, const Way& way, const float* values, size_t rows, double* sums) {
    constexpr size_t most = fixed ? fixed : max_way_features;
    const size_t count = fixed ? fixed : way.features;
    const size_t points = (count + 1) / 2;
    const QuadraturePoint* quadrature = plan.points + points * (points - 1) / 2;
    const WayFeature* features = plan.features + way.first_feature;
    for (size_t row = 0; row < rows; row += lanes) {
        Mask known[most];
        Lanes factor[most], before[most], total[most];
        for (size_t at = 0; at < count; at++) {
            const WayCondition* condition = plan.conditions + features[at].first_condition;
            known[at] = holds(*condition, values, row);
            for (uint32_t more = 1; more < features[at].conditions; more++) known[at] &= holds(condition[more], values, row);
            total[at] = Lanes{};
        }
        const float* absent = plan.factors + way.first_factor;
        for (size_t point = 0; point < points; point++, absent += count) {
            const Lanes t = all(quadrature[point].t);
            Lanes product = all(quadrature[point].weight);
            for (size_t at = 0; at < count; at++) {
                factor[at] = where(known[at], t) + absent[at];
                before[at] = product;
                product *= factor[at];
            }
            Lanes after = all(1.0F);
            for (size_t at = count; at-- > 0;) {
                total[at] += before[at] * after;
                after *= factor[at];
            }
        }
        for (size_t at = 0; at < count; at++) {
            const Lanes gain = (where(known[at], all(1.0F)) - features[at].share) * way.leaf;
            add(sums + features[at].feature * explained_block + row, gain * total[at]);
        }
    }
}

void explain_ways(const WayPlan& plan, size_t first, size_t end, const float* values, size_t rows, double* sums) {
    for (size_t at = first; at < end; at++) {
        const Way& way = plan.ways[at];
        switch (way.features) {
            case 1: explain_way<1>(plan, way, values, rows, sums); break;
            case 2: explain_way<2>(plan, way, values, rows, sums); break;
            case 3: explain_way<3>(plan, way, values, rows, sums); break;
            case 4: explain_way<4>(plan, way, values, rows, sums); break;
            case 5: explain_way<5>(plan, way, values, rows, sums); break;
            case 6: explain_way<6>(plan, way, values, rows, sums); break;
            case 7: explain_way<7>(plan, way, values, rows, sums); break;
            case 8: explain_way<8>(plan, way, values, rows, sums); break;
            default: explain_way<0>(plan, way, values, rows, sums);
        }
    }
}

}  // namespace
}  // namespace VESTO_PATH

const ExplainWays VESTO_EXPLAIN_WAYS = VESTO_PATH::explain_ways;

}  // namespace vesto
