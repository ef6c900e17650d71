// The feature steps of a program.
#include "tape.hpp"

#include <cmath>
#include <set>
#include <utility>

#include "paths.hpp"

namespace vesto {

std::vector<uint32_t> sources_of(const Operation& operation) {
    if (const auto* difference = std::get_if<Difference>(&operation)) return {difference->first, difference->second};
    return std::visit([](const auto& step) -> std::vector<uint32_t> {
        if constexpr (requires { step.sources; }) return step.sources;
        else if constexpr (requires { step.source; }) return {step.source};
        else return {step.first};
    }, operation);
}

namespace {

// --- Reading steps from an image ----------------------------------------------------------------

enum class Kind : uint32_t {
    number, text_number, category, one_hot, date_parts, difference, impute, missing, signed_log, scale, clip,
    normalize, project, text_score, text_length
};

[[noreturn]] void damaged(const std::string& what) { throw DamagedImage("the program is not sound: " + what); }

double finite(Reader& reader, const char* what) {
    const double value = reader.number<double>();
    if (!std::isfinite(value)) damaged(std::string(what) + " is no number");
    return value;
}

double number_or_missing(Reader& reader) {
    const double value = reader.number<double>();
    if (std::isinf(value)) damaged("a category's number is infinite");
    return value;
}

Category read_category(Reader& reader) {
    const uint32_t source = reader.count();
    const auto words = reader.texts();
    const auto values = reader.array<double>();
    const double unseen = number_or_missing(reader);
    const double absent = number_or_missing(reader);
    const auto missing = reader.texts();
    if (values.size() != words.size()) damaged("a category has not one number for each word");
    for (size_t at = 1; at < words.size(); at++)
        if (words[at] <= words[at - 1]) damaged("a category's words are not sorted");
    for (const double value : values)
        if (!std::isfinite(value)) damaged("a category gives a word something that is no number");
    return {source, std::make_shared<Dictionary>(words, values, unseen, absent, missing)};
}

DateParts read_date_parts(Reader& reader) {
    DateParts step{reader.count(), {}};
    std::set<uint32_t> seen;
    for (const uint32_t part : reader.array<uint32_t>()) {
        if (part >= static_cast<uint32_t>(Part::count) || !seen.insert(part).second) damaged("a part of a date is unknown or there twice");
        step.parts.push_back(static_cast<Part>(part));
    }
    if (step.parts.empty()) damaged("a date has no parts");
    return step;
}

OneHot read_one_hot(Reader& reader) {
    const OneHot step{reader.count(), reader.count()};
    if (step.count < 1 || step.count > max_registers) damaged("one-hot has a wrong count");
    return step;
}

Scale read_scale(Reader& reader) {
    const uint32_t source = reader.count();
    const double mean = finite(reader, "a mean");
    const double deviation = finite(reader, "a deviation");
    if (deviation <= 0) damaged("a deviation is not positive");
    return {source, mean, deviation};
}

Clip read_clip(Reader& reader) {
    const uint32_t source = reader.count();
    const double low = reader.number<double>();
    const double high = reader.number<double>();
    if (!(low <= high && low < HUGE_VAL && high > -HUGE_VAL)) damaged("clip has bounds that hold nothing");
    return {source, low, high};
}

std::vector<uint32_t> read_sources(Reader& reader) {
    auto sources = reader.array<uint32_t>();
    if (sources.empty() || sources.size() > max_registers) damaged("a step reads too few or too many registers");
    return sources;
}

Project read_project(Reader& reader) {
    Project step{read_sources(reader), reader.array<double>(), {}};
    const auto components = reader.array<double>();
    const size_t sources = step.sources.size(), outputs = components.size() / sources;
    if (step.means.size() != sources || outputs < 1 || outputs > max_registers || outputs * sources != components.size())
        damaged("a projection's arrays do not fit together");
    for (const std::vector<double>* values : {&std::as_const(step.means), &components})
        for (const double value : *values)
            if (!std::isfinite(value)) damaged("a mean or component is no number");
    for (size_t source = 0; source < sources; source++)
        for (size_t output = 0; output < outputs; output++) step.weights.push_back(components[output * sources + source]);
    return step;
}

Operation read_operation(Reader& reader) {
    const uint32_t kind = reader.count();
    switch (static_cast<Kind>(kind)) {
        case Kind::number: return Number{reader.count()};
        case Kind::text_number: {
            const uint32_t source = reader.count();
            return TextNumber{source, reader.texts()};
        }
        case Kind::category: return read_category(reader);
        case Kind::one_hot: return read_one_hot(reader);
        case Kind::date_parts: return read_date_parts(reader);
        case Kind::difference: {
            const uint32_t first = reader.count();
            return Difference{first, reader.count()};
        }
        case Kind::impute: {
            const uint32_t source = reader.count();
            return Impute{source, finite(reader, "what impute fills in")};
        }
        case Kind::missing: return Missing{reader.count()};
        case Kind::signed_log: return SignedLog{reader.count()};
        case Kind::scale: return read_scale(reader);
        case Kind::clip: return read_clip(reader);
        case Kind::normalize: return Normalize{read_sources(reader)};
        case Kind::project: return read_project(reader);
        case Kind::text_score: {
            const uint32_t source = reader.count();
            return TextScore{source, std::make_shared<TextModel>(reader)};
        }
        case Kind::text_length: return TextLength{reader.count()};
    }
    damaged("a step is of no known kind");
}

uint32_t width_of(const Operation& operation) {
    if (const auto* one_hot = std::get_if<OneHot>(&operation)) return one_hot->count;
    if (const auto* parts = std::get_if<DateParts>(&operation)) return static_cast<uint32_t>(parts->parts.size());
    if (const auto* normalize = std::get_if<Normalize>(&operation)) return static_cast<uint32_t>(normalize->sources.size());
    if (const auto* project = std::get_if<Project>(&operation)) return project->outputs();
    if (const auto* text = std::get_if<TextScore>(&operation)) return text->model->outputs();
    return 1;
}

bool reads(Family family, const Operation& operation) {
    if (std::holds_alternative<Number>(operation))
        return family == Family::boolean || family == Family::integer || family == Family::fraction;
    if (std::holds_alternative<TextNumber>(operation) || std::holds_alternative<TextScore>(operation) ||
        std::holds_alternative<TextLength>(operation))
        return family == Family::text;
    if (std::holds_alternative<Category>(operation))
        return family == Family::text || family == Family::boolean || family == Family::integer;
    return family == Family::date || family == Family::time || family == Family::timestamp;
}

bool reads_input(const Operation& operation) {
    return std::holds_alternative<Number>(operation) || std::holds_alternative<TextNumber>(operation) ||
           std::holds_alternative<Category>(operation) || std::holds_alternative<DateParts>(operation) ||
           std::holds_alternative<TextScore>(operation) || std::holds_alternative<TextLength>(operation);
}

void check_sources(const Operation& operation, const std::vector<Input>& inputs, uint32_t registers) {
    const bool from_input = reads_input(operation);
    const auto count = static_cast<uint32_t>(inputs.size());
    for (const uint32_t source : sources_of(operation)) {
        if (from_input ? source >= count : source < count || source >= registers) damaged("a step reads a register that it cannot");
        if (from_input && !reads(family_of(inputs[source].type), operation)) damaged("a step cannot read an input of that type");
    }
}

// --- Running them -------------------------------------------------------------------------------

double word_number(const TextNumber& step, std::string_view text) {
    text = without_white_space(text);
    for (const auto& word : step.missing)
        if (word == text) return nan_value;
    return number_in(text);
}

// As each_word, of columns of codes too.
template <typename Use, typename Skip>
void each_text(const Column& column, size_t first, size_t rows, Use use, Skip skip) {
    if (!is_codes(column.layout)) return each_word(column, first, rows, use, skip);
    if (family_of(column.dictionary->layout) != Family::text || is_codes(column.dictionary->layout))
        throw WrongArgument("a dictionary does not hold texts");
    for (size_t row = 0; row < rows; row++) {
        const bool there = is_valid(column, first + row);
        const size_t place = there ? code_at(column, first + row) : 0;
        const bool known = there && is_valid(*column.dictionary, place);
        if (known) use(row, text_at(*column.dictionary, place));
        else skip(row);
    }
}

template <typename OfWord>
void numbers_of_words(const Column& column, size_t first, size_t rows, double absent, double* out, OfWord number) {
    each_text(column, first, rows, [&](size_t row, std::string_view word) { out[row] = number(word); },
              [&](size_t row) { out[row] = absent; });
}

// DuckDB's texts: up to twelve bytes lie in the value itself, where eight may always be read.
void categories_of_duckdb(const Dictionary& dictionary, const Column& column, size_t first, size_t rows, double* out) {
    const auto* values = static_cast<const char*>(column.data) + 16 * (static_cast<size_t>(column.offset) + first);
    for (size_t row = 0; row < rows; row++) {
        if (!is_valid(column, first + row)) {
            out[row] = dictionary.absent();
            continue;
        }
        const char* value = values + 16 * row;
        uint32_t size;
        std::memcpy(&size, value, sizeof size);
        const char* outside;
        std::memcpy(&outside, value + 8, sizeof outside);
        const char* from = size <= 12 ? value + 4 : outside;
        const bool is_short = size <= short_size && is_plain(from, size);
        out[row] = is_short ? dictionary.value_of(short_key(from, size)) : dictionary.value_of(std::string_view(from, size));
    }
}

// Arrow's texts: eight bytes may be read where so many follow.
template <typename Offset>
void categories_of_arrow(const Dictionary& dictionary, const Column& column, size_t first, size_t rows, double* out) {
    const auto* offsets = static_cast<const Offset*>(column.data) + column.offset + first;
    const char* end = column.bytes + offsets[rows];
    for (size_t row = 0; row < rows; row++) {
        const char* from = column.bytes + offsets[row];
        const auto size = static_cast<size_t>(offsets[row + 1] - offsets[row]);
        if (!is_valid(column, first + row)) out[row] = dictionary.absent();
        else if (size <= short_size && end - from >= 8 && is_plain(from, size)) out[row] = dictionary.value_of(short_key(from, size));
        else out[row] = dictionary.value_of(std::string_view(from, size));
    }
}

// What was looked up before.
void known_categories(const Dictionary& dictionary, const Column& column, size_t first, size_t rows, double* out) {
    for (size_t row = 0; row < rows; row++)
        out[row] = is_valid(column, first + row) ? value_at<double>(column, first + row) : dictionary.absent();
}

struct Run {
    const Column* columns;
    size_t first;
    size_t rows;
    double* out;
    const double** found;

    void operator()(const Number& step) const { read_numbers(columns[step.source], first, rows, out); }
    void operator()(const TextNumber& step) const {
        numbers_of_words(columns[step.source], first, rows, nan_value, out, [&](std::string_view word) { return word_number(step, word); });
    }
    void operator()(const Category& step) const { read_categories(*step.dictionary, columns[step.source], first, rows, out); }
    void operator()(const OneHot& step) const {
        const double* codes = found[step.source];
        for (uint32_t code = 0; code < step.count; code++)
            for (size_t row = 0; row < rows; row++) out[code * block_rows + row] = codes[row] == code ? 1.0 : 0.0;
    }
    void operator()(const DateParts& step) const { read_parts(columns[step.source], step.parts, first, rows, out); }
    void operator()(const Difference& step) const {
        const double* a = found[step.first];
        const double* b = found[step.second];
        for (size_t row = 0; row < rows; row++) out[row] = a[row] - b[row];
    }
    void operator()(const Impute& step) const {
        each(step.source, [&](double x) { return x != x ? step.value : x; });
    }
    void operator()(const Missing& step) const {
        each(step.source, [](double x) { return x != x ? 1.0 : 0.0; });
    }
    void operator()(const SignedLog& step) const {
        each(step.source, [](double x) { return sign(x) * std::log1p(std::fabs(x)); });
    }
    void operator()(const Scale& step) const {
        each(step.source, [&](double x) { return (x - step.mean) / step.deviation; });
    }
    void operator()(const Clip& step) const {
        each(step.source, [&](double x) { return x < step.low ? step.low : x > step.high ? step.high : x; });
    }

    void operator()(const Normalize& step) const {
        double norm[block_rows] = {};
        for (const uint32_t source : step.sources) {
            const double* x = found[source];
            for (size_t row = 0; row < rows; row++) norm[row] = norm[row] + (x[row] != x[row] ? 0.0 : x[row] * x[row]);
        }
        for (size_t row = 0; row < rows; row++) norm[row] = norm[row] == 0 ? 1.0 : std::sqrt(norm[row]);
        for (size_t at = 0; at < step.sources.size(); at++)
            for (size_t row = 0; row < rows; row++) out[at * block_rows + row] = found[step.sources[at]][row] / norm[row];
    }
    void operator()(const Project& step) const {
        const ProjectPlan plan{step.sources.data(), step.sources.size(), step.means.data(), step.weights.data(), step.outputs()};
        path_functions().project(plan, found, rows, out);
    }

    void operator()(const TextScore& step) const {
        TextModel::Words words;
        each_text(columns[step.source], first, rows,
                  [&](size_t row, std::string_view text) { step.model->score(text, words, out + row, block_rows); },
                  [&](size_t row) {
                      for (uint32_t at = 0; at < step.model->outputs(); at++) out[at * block_rows + row] = nan_value;
                  });
    }
    void operator()(const TextLength& step) const {
        numbers_of_words(columns[step.source], first, rows, nan_value, out, characters_in);
    }

    static double sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }

    template <typename Formula>
    void each(uint32_t source, Formula formula) const {
        const double* x = found[source];
        for (size_t row = 0; row < rows; row++) out[row] = formula(x[row]);
    }
};

// The column that holds a step's numbers already, or nothing.
const Column* ready_numbers(const Operation& operation, const Column* columns) {
    const auto* number = std::get_if<Number>(&operation);
    const auto* category = std::get_if<Category>(&operation);
    if (!number && !category) return nullptr;
    const Column& column = columns[number ? number->source : category->source];
    const auto address = reinterpret_cast<uintptr_t>(column.data);
    const bool is_ready = column.layout == (number ? Layout::float64 : Layout::category);
    return is_ready && !column.validity && address % alignof(double) == 0 ? &column : nullptr;
}

}  // namespace

void read_categories(const Dictionary& dictionary, const Column& column, size_t first, size_t rows, double* out) {
    switch (column.layout) {
        case Layout::text_duckdb: return categories_of_duckdb(dictionary, column, first, rows, out);
        case Layout::text32: return categories_of_arrow<int32_t>(dictionary, column, first, rows, out);
        case Layout::text64: return categories_of_arrow<int64_t>(dictionary, column, first, rows, out);
        case Layout::category: return known_categories(dictionary, column, first, rows, out);
        default: break;
    }
    numbers_of_words(column, first, rows, dictionary.absent(), out, [&](std::string_view word) { return dictionary.value_of(word); });
}

Tape::Tape(Reader& reader, const std::vector<Input>& inputs) : inputs_(static_cast<uint32_t>(inputs.size())), registers_(inputs_) {
    const uint32_t count = reader.count();
    for (uint32_t at = 0; at < count; at++) {
        Operation operation = read_operation(reader);
        check_sources(operation, inputs, registers_);
        const uint32_t width = width_of(operation);
        if (width > max_registers - registers_) damaged("there are too many registers");
        steps_.push_back({std::move(operation), registers_, width});
        registers_ += width;
    }
}

void Tape::lay_out() {
    place_.assign(registers_, 0);
    stored_ = 0;
    for (const Step& step : steps_) {
        if (!step.is_read) continue;
        place_[step.target] = static_cast<uint32_t>(stored_);
        stored_ += step.width;
    }
}

void Tape::run(const Column* columns, size_t first, size_t rows, double* storage, const double** found) const {
    for (const Step& step : steps_) {
        if (!step.is_read) continue;
        double* out = storage + static_cast<size_t>(place_[step.target]) * block_rows;
        for (uint32_t at = 0; at < step.width; at++) found[step.target + at] = out + at * block_rows;
        if (const Column* ready = ready_numbers(step.operation, columns)) {
            found[step.target] = static_cast<const double*>(ready->data) + ready->offset + first;
            continue;
        }
        std::visit(Run{columns, first, rows, out, found}, step.operation);
    }
}

std::vector<std::shared_ptr<const Dictionary>> Tape::lone_dictionaries() const {
    std::vector<std::shared_ptr<const Dictionary>> found(inputs_);
    std::vector<uint32_t> readers(inputs_, 0);
    for (const Step& step : steps_) {
        for (const uint32_t source : sources_of(step.operation)) {
            if (source >= inputs_) continue;
            const auto* category = std::get_if<Category>(&step.operation);
            found[source] = ++readers[source] == 1 && category ? category->dictionary : nullptr;
        }
    }
    return found;
}

size_t Tape::memory_bytes() const {
    size_t bytes = steps_.size() * sizeof(Step);
    for (const Step& step : steps_) {
        if (const auto* category = std::get_if<Category>(&step.operation)) bytes += category->dictionary->memory_bytes();
        if (const auto* text = std::get_if<TextScore>(&step.operation)) bytes += text->model->memory_bytes();
    }
    return bytes;
}

}  // namespace vesto
