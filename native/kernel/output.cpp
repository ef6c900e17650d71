// From the body's numbers to predictions.
#include "output.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "tape.hpp"

namespace vesto {

namespace {

[[noreturn]] void damaged(const char* what) { throw DamagedImage(std::string("the program is not sound: ") + what); }

bool is_integer(Type type) { return type == Type::int2 || type == Type::int4 || type == Type::int8; }
bool is_fraction(Type type) { return type == Type::float4 || type == Type::float8; }
bool is_text(Type type) { return type == Type::bpchar || type == Type::varchar; }

int64_t least_of(Type type) {
    if (type == Type::int2) return std::numeric_limits<int16_t>::min();
    return type == Type::int4 ? std::numeric_limits<int32_t>::min() : std::numeric_limits<int64_t>::min();
}

int64_t greatest_of(Type type) {
    if (type == Type::int2) return std::numeric_limits<int16_t>::max();
    return type == Type::int4 ? std::numeric_limits<int32_t>::max() : std::numeric_limits<int64_t>::max();
}

// The greatest int64 is no float64; the next one below is.
double greatest_value(Type type) { return type == Type::int8 ? 0x1p63 - 1024 : static_cast<double>(greatest_of(type)); }

// As NumPy's nan_to_num.
double as_number(double value) {
    constexpr double most = std::numeric_limits<double>::max();
    if (std::isnan(value)) return 0.0;
    return value > most ? most : value < -most ? -most : value;
}

template <typename Value>
Value parsed(const std::string& text) {
    Value value{};
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end) damaged("a label is not of the output's type");
    return value;
}

template <typename Value>
void put(void* out, size_t at, Value value) {
    static_cast<Value*>(out)[at] = value;
}

}  // namespace

Output::Output(Reader& reader, size_t outputs) {
    const uint32_t type = reader.count();
    const uint32_t link = reader.count();
    if (type >= static_cast<uint32_t>(Type::count) || link >= static_cast<uint32_t>(Link::count)) damaged("the output has an unknown type or link");
    type_ = static_cast<Type>(type);
    link_ = static_cast<Link>(link);
    labels_ = reader.texts();
    offsets_ = reader.array<double>();
    threshold_ = reader.number<double>();
    factor_ = reader.number<double>();
    low_ = reader.number<double>();
    high_ = reader.number<double>();
    check(outputs);
    read_labels();
    has_offsets_ = std::any_of(offsets_.begin(), offsets_.end(), [](double offset) { return offset != 0; });
}

void Output::check(size_t outputs) const {
    const size_t count = labels_.size();
    if (count > max_registers) damaged("there are too many labels");
    const bool known = is_integer(type_) || is_fraction(type_) || (count && (type_ == Type::boolean || is_text(type_)));
    if (!known) damaged("the output has an unknown type or lacks labels");
    if (outputs != (has_several() ? count : 1)) damaged("the body has another number of outputs than the output reads");
    if ((has_several() || (link_ == Link::sigmoid && count == 2)) != (count > 0)) damaged("the output's labels do not fit its link");
    if (offsets_.size() != count) damaged("the output has not one offset for each label");
    for (const double offset : offsets_)
        if (!std::isfinite(offset)) damaged("an offset is no number");
    if (!std::isfinite(threshold_) || !std::isfinite(factor_) || factor_ <= 0) damaged("the output's threshold or factor is no number");
    if (!(low_ <= high_ && low_ < HUGE_VAL && high_ > -HUGE_VAL)) damaged("the output has bounds that hold nothing");
    if (std::set<std::string>(labels_.begin(), labels_.end()).size() < count) damaged("the output has a label twice");
}

void Output::read_labels() {
    for (const auto& label : labels_) {
        if (is_fraction(type_)) {
            number_labels_.push_back(parsed<double>(label));
        } else if (type_ == Type::boolean) {
            // The words are those of programs that an earlier version trained.
            const bool yes = label == "t" || label == "true";
            if (!yes && label != "f" && label != "false") damaged("a label is neither true nor false");
            if (std::ranges::count(whole_labels_, yes) > 0) damaged("the output has a label twice");
            whole_labels_.push_back(yes);
        } else if (is_integer(type_)) {
            const auto value = parsed<int64_t>(label);
            if (value < least_of(type_) || value > greatest_of(type_)) damaged("a label is not of the output's type");
            whole_labels_.push_back(value);
        }
    }
}

// --- Links ---------------------------------------------------------------------------------------

void Output::follow(const PathFunctions& path, double* margins, size_t rows, double* after) const {
    const size_t outputs = has_several() ? labels_.size() : 1;
    for (size_t output = 0; output < outputs; output++) path.make_numbers(margins + output * block_rows);
    if (link_ == Link::argmax) {
        std::copy_n(margins, outputs * block_rows, after);
        return;
    }
    if (link_ == Link::softmax) {
        double most[block_rows];
        std::copy_n(margins, rows, most);
        for (size_t output = 1; output < outputs; output++)
            for (size_t row = 0; row < rows; row++) most[row] = std::max(most[row], margins[output * block_rows + row]);
        double total[block_rows] = {};
        for (size_t output = 0; output < outputs; output++) {
            double* raised = after + output * block_rows;
            for (size_t row = 0; row < rows; row++) raised[row] = margins[output * block_rows + row] - most[row];
            path.exponential(raised, rows);
            for (size_t row = 0; row < rows; row++) total[row] += raised[row];
        }
        for (size_t output = 0; output < outputs; output++)
            for (size_t row = 0; row < rows; row++) after[output * block_rows + row] /= total[row];
        return;
    }
    if (link_ == Link::sigmoid) {
        for (size_t row = 0; row < rows; row++) margins[row] = -margins[row];
        path.exponential(margins, rows);
        for (size_t row = 0; row < rows; row++) margins[row] = 1.0 / (1.0 + margins[row]);
    } else if (link_ == Link::exp) {
        path.exponential(margins, rows);
    }
    if (!labels_.empty()) {
        for (size_t row = 0; row < rows; row++) {
            after[row] = 1.0 - margins[row];
            after[block_rows + row] = margins[row];
        }
        return;
    }
    for (size_t row = 0; row < rows; row++) after[row] = std::min(std::max(margins[row] * factor_, low_), high_);
}

// --- Predictions ---------------------------------------------------------------------------------

void Output::decide(const PathFunctions& path, double* margins, size_t rows, double* after, void* out, size_t first) const {
    if (wants_greatest()) {
        // Without offsets the greatest margin is the greatest probability.
        uint32_t places[block_rows];
        path.greatest(margins, labels_.size(), rows, places);
        return put_labels(places, rows, out, first);
    }
    follow(path, margins, rows, after);
    if (labels_.empty() && type_ == Type::float8) {
        std::copy_n(after, rows, static_cast<double*>(out) + first);
        return;
    }
    for (size_t row = 0; row < rows; row++) {
        if (labels_.empty()) put_value(after[row], out, first + row);
        else put_label(label_of(after, row), out, first + row);
    }
}

void Output::put_labels(const uint32_t* places, size_t rows, void* out, size_t first) const {
    if (type_ == Type::int4) {
        for (size_t row = 0; row < rows; row++) put(out, first + row, static_cast<int32_t>(whole_labels_[places[row]]));
        return;
    }
    for (size_t row = 0; row < rows; row++) put_label(places[row], out, first + row);
}

uint32_t Output::label_of(const double* after, size_t row) const {
    if (link_ == Link::sigmoid) return after[block_rows + row] > threshold_;
    uint32_t best = 0;
    double most = -HUGE_VAL;
    for (uint32_t label = 0; label < labels_.size(); label++) {
        const double value = after[label * block_rows + row];
        const double score = (link_ == Link::argmax ? value : std::log(value)) + offsets_[label];
        if (score > most) {
            most = score;
            best = label;
        }
    }
    return best;
}

void Output::put_value(double value, void* out, size_t at) const {
    if (type_ == Type::float4) return put(out, at, static_cast<float>(value));
    const double held = std::clamp(std::nearbyint(as_number(value)), static_cast<double>(least_of(type_)), greatest_value(type_));
    if (type_ == Type::int2) return put(out, at, static_cast<int16_t>(held));
    if (type_ == Type::int4) return put(out, at, static_cast<int32_t>(held));
    put(out, at, static_cast<int64_t>(held));
}

void Output::put_label(uint32_t place, void* out, size_t at) const {
    switch (type_) {
        case Type::boolean: return put(out, at, static_cast<uint8_t>(whole_labels_[place]));
        case Type::int2: return put(out, at, static_cast<int16_t>(whole_labels_[place]));
        case Type::int4: return put(out, at, static_cast<int32_t>(whole_labels_[place]));
        case Type::int8: return put(out, at, whole_labels_[place]);
        case Type::float4: return put(out, at, static_cast<float>(number_labels_[place]));
        case Type::float8: return put(out, at, number_labels_[place]);
        default: return put(out, at, place);
    }
}

}  // namespace vesto
