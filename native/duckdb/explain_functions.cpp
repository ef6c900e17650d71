// vesto_explain(name, ...): how much each argument moves a prediction, as JSON.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "bound.hpp"
#include "callbacks.hpp"
#include "functions.hpp"
#include "text_output.hpp"

namespace vesto::duckdb {

namespace {

// What a thread keeps from chunk to chunk.
struct Space {
    Scratch scratch;
    ExplainScratch explain;
    ColumnSpace columns;
    std::vector<double> margins, parts;
    std::vector<uint32_t> places;
    std::string text;
};

void bind_explain(BindInfo info) {
    guarded_bind(info, [&] {
        std::unique_ptr<Bound> bound = bind_call(info);
        if (const std::string_view why = why_unexplained(*bound->program); !why.empty())
            throw SqlError(sqlstate::feature_not_supported, "the program's predictions cannot be explained", {}, std::string(why));
        for (const std::string& label : bound->program->labels()) append_json(bound->json_labels.emplace_back(), label);
        for (const Input& input : bound->program->inputs()) append_json(bound->json_inputs.emplace_back(), input.name);
        keep_call(info, std::move(bound));
    });
}

// In as many digits as float32 has, which trees compute in.
void append_float(std::string& to, double number) {
    constexpr double greatest = std::numeric_limits<float>::max();
    const double finite = std::isnan(number) ? 0.0 : std::clamp(number, -greatest, greatest);
    char text[32];
    to.append(text, std::to_chars(text, text + sizeof text, static_cast<float>(finite)).ptr);
}

// "base":1.5,"prediction":2,"contributions":{"a":0.5,"b":0}
void append_entry(std::string& to, const Bound& bound, size_t output, const double* margins, const double* parts) {
    to += "\"base\":";
    append_float(to, explanation_base(*bound.program)[output]);
    to += ",\"prediction\":";
    append_float(to, margins[output]);
    to += ",\"contributions\":{";
    const size_t inputs = bound.json_inputs.size();
    for (size_t input = 0; input < inputs; input++) {
        if (input) to += ',';
        to += bound.json_inputs[input];
        to += ':';
        append_float(to, parts[output * inputs + input]);
    }
    to += '}';
}

// {"labels":["b","a"],"explanations":[{...},{...}]}, the greatest margin first.
void append_entries(std::string& to, const Bound& bound, const double* margins, const double* parts, std::vector<uint32_t>& places) {
    places.resize(bound.json_labels.size());
    std::iota(places.begin(), places.end(), 0U);
    std::stable_sort(places.begin(), places.end(), [&](uint32_t one, uint32_t other) { return margins[one] > margins[other]; });
    const char* lead = "{\"labels\":[";
    for (const uint32_t place : places) {
        to += lead;
        to += bound.json_labels[place];
        lead = ",";
    }
    lead = "],\"explanations\":[{";
    for (const uint32_t place : places) {
        to += lead;
        append_entry(to, bound, place, margins, parts);
        lead = "},{";
    }
    to += "}]}";
}

void append_explanation(std::string& to, const Bound& bound, const double* margins, const double* parts, std::vector<uint32_t>& places) {
    if (bound.program->link() == Link::softmax) return append_entries(to, bound, margins, parts, places);
    to += '{';
    if (!bound.json_labels.empty()) {
        to += "\"label\":";
        to += bound.json_labels[1];
        to += ',';
    }
    append_entry(to, bound, 0, margins, parts);
    to += '}';
}

void write_explanations(FunctionInfo info, DataChunk chunk, Vector output) {
    guarded_execute(info, [&] {
        thread_local Space space;
        const Bound& bound = kept_call(info, chunk);
        const Program& program = *bound.program;
        const size_t rows = api().duckdb_data_chunk_get_size(chunk);
        const size_t outputs = program.outputs(), inputs = program.inputs().size();
        const Column* columns = read_columns(bound.arguments, chunk, space.columns);
        space.margins.resize(rows * outputs);
        space.parts.resize(rows * outputs * inputs);
        margins(program, columns, rows, space.scratch, space.margins.data());
        // NaN compares with nothing, and would leave the order of labels undefined.
        for (double& margin : space.margins) margin = std::isnan(margin) ? 0.0 : margin;
        explain(program, columns, rows, space.explain, space.parts.data());
        for (size_t row = 0; row < rows; row++) {
            space.text.clear();
            append_explanation(space.text, bound, space.margins.data() + row * outputs, space.parts.data() + row * outputs * inputs, space.places);
            api().duckdb_vector_assign_string_element_len(output, row, space.text.data(), space.text.size());
        }
    });
}

}  // namespace

void register_explain_function(Connection connection) {
    const OwnedType json(api().duckdb_create_logical_type(TypeId::varchar));
    api().duckdb_logical_type_set_alias(json.get(), "JSON");
    register_scoring(connection, "vesto_explain", json.get(), bind_explain, write_explanations);
}

}  // namespace vesto::duckdb
