// Part of path_block.hpp: fully connected layers, network_rows rows at a time, so that the numbers of a
// layer stay in the cache. Rows lie beside each other in registers and every row adds its own products
// in the order of the features, so that all code paths and the reference round alike.

// Up to network_rows numbers as float32; what is no number, and what is behind the last row, is 0.
static void narrow_finite(const double* column, size_t rows, float* out) {
    size_t row = 0;
    for (; row + lanes <= rows; row += lanes) {
        ask_for_next_block(column + row);
        const Narrow value = __builtin_convertvector(numbers_at(column + row), Narrow);
        __builtin_memcpy(out + row, &value, sizeof value);
    }
    for (; row < rows; row++) out[row] = (float)column[row];
    for (; row < network_rows; row++) out[row] = 0;
    for (size_t at = 0; at < network_rows; at += singles) {
        const Singles value = singles_at(out + at);
        const SingleWholes there = (value - value) == Singles{};
        store(out + at, (Singles)((SingleWholes)value & there));
    }
}

// A number in every place, from memory without a detour: an addition of 0 would cost as much as the sum.
static inline Singles spread_from(const float* from) {
#if defined(__AVX512F__)
    return (Singles)_mm512_set1_ps(*from);
#elif defined(__AVX2__)
    return (Singles)_mm256_broadcast_ss(from);
#else
    return single(*from);
#endif
}

// What is not greater than 0, and what is no number, becomes 0.
static inline Singles rectified(Singles value) {
#if defined(__AVX512F__)
    return (Singles)_mm512_max_ps((__m512)value, _mm512_setzero_ps());
#elif defined(__AVX2__)
    return (Singles)_mm256_max_ps((__m256)value, _mm256_setzero_ps());
#else
    return value > Singles{} ? value : Singles{};
#endif
}

// Width outputs of a tile, for Parts registers of rows.
template <int Width, int Parts>
static void add_layer_tile(const LayerPlan& layer, size_t output, const float* in, float* out, bool is_hidden) {
    Singles tile[Width][Parts];
#pragma GCC unroll 4
    for (int at = 0; at < Width; at++)
#pragma GCC unroll 4
        for (int part = 0; part < Parts; part++) tile[at][part] = spread_from(layer.bias + output + (size_t)at);
    // Tiles lie one after the other, and an output of the last one in its place there.
    const float* weights = layer.weights + output / network_tile * network_tile * layer.inputs + output % network_tile;
    for (size_t input = 0; input < layer.inputs; input++) {
        Singles x[Parts];
#pragma GCC unroll 4
        for (int part = 0; part < Parts; part++) x[part] = singles_at(in + network_rows * input + singles * (size_t)part);
#pragma GCC unroll 4
        for (int at = 0; at < Width; at++) {
            const Singles weight = spread_from(weights + network_tile * input + (size_t)at);
#pragma GCC unroll 4
            for (int part = 0; part < Parts; part++) tile[at][part] = tile[at][part] + x[part] * weight;
        }
    }
#pragma GCC unroll 4
    for (int at = 0; at < Width; at++)
#pragma GCC unroll 4
        for (int part = 0; part < Parts; part++) {
            const Singles sum = tile[at][part];
            store(out + network_rows * (output + (size_t)at) + singles * (size_t)part, is_hidden ? rectified(sum) : sum);
        }
}

template <int Parts>
static void add_layer_rows(const LayerPlan& layer, const float* in, float* out, bool is_hidden) {
    size_t output = 0;
    for (; output + network_tile <= layer.outputs; output += network_tile)
        add_layer_tile<(int)network_tile, Parts>(layer, output, in, out, is_hidden);
    // What is left of the last tile, one by one.
    for (size_t at = output; at < layer.outputs; at++)
        add_layer_tile<1, Parts>(layer, at, in, out, is_hidden);
}

static void add_layer(const LayerPlan& layer, size_t rows, const float* in, float* out, bool is_hidden) {
    size_t row = 0;
    for (; row + singles * tile_parts <= network_rows && row + singles * (tile_parts - 1) < rows; row += singles * tile_parts)
        add_layer_rows<tile_parts>(layer, in + row, out + row, is_hidden);
    for (; row < rows; row += singles) add_layer_rows<1>(layer, in + row, out + row, is_hidden);
}

// The sums of one member; they lie in one of the two places of the memory that layers take turns in.
static const float* run_member(const NetworkPlan& plan, uint32_t member, size_t rows, const NetworkMemory& memory) {
    const LayerPlan* layers = plan.layers + (size_t)member * plan.layers_each;
    const float* in = memory.features;
    for (uint32_t at = 0; at < plan.layers_each; at++) {
        float* out = at % 2 ? memory.second : memory.first;
        add_layer(layers[at], rows, in, out, at + 1 < plan.layers_each);
        in = out;
    }
    return in;
}

// The margins of up to 512 rows: a column of 512 for each output.
static void network(const NetworkPlan& plan, const double* const* columns, size_t rows, const NetworkMemory& memory, double* margins) {
    for (size_t first = 0; first < rows; first += network_rows) {
        const size_t count = rows - first < network_rows ? rows - first : network_rows;
        for (size_t place = 0; place < plan.features; place++)
            narrow_finite(columns[place] + first, count, memory.features + network_rows * place);
        for (uint32_t member = 0; member < plan.members; member++) {
            const float* sums = run_member(plan, member, count, memory);
            for (size_t at = 0; at < network_rows * plan.outputs; at++)
                memory.total[at] = member ? memory.total[at] + sums[at] : sums[at];
        }
        for (size_t output = 0; output < plan.outputs; output++)
            for (size_t row = 0; row < count; row++)
                margins[block * output + first + row] = plan.shift[output] + plan.scale[output] * (double)memory.total[network_rows * output + row];
    }
}
