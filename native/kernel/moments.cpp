// Parts of dates, times and timestamps.
#include <limits>

#include "tape.hpp"

namespace vesto {

namespace {

constexpr int64_t micros_per_day = 86'400'000'000;

struct Moment {
    int64_t day;     // since 1970-01-01
    int64_t micros;  // since midnight
    bool is_endless;
};

struct Calendar {
    int64_t year;
    int64_t month;
    int64_t day;
};

int64_t floor_divided(int64_t value, int64_t by) {
    const int64_t quotient = value / by;
    return quotient - (value % by < 0);
}

int64_t modulo(int64_t value, int64_t by) {
    const int64_t rest = value % by;
    return rest < 0 ? rest + by : rest;
}

// The Gregorian date of a day, counted in eras of 400 years that begin on the first of March.
Calendar calendar_of(int64_t day) {
    const int64_t shifted = day + 719'468;
    const int64_t era = floor_divided(shifted, 146'097);
    const int64_t day_of_era = shifted - era * 146'097;
    const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
    const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t march_month = (5 * day_of_year + 2) / 153;
    const int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return {year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * march_month + 2) / 5 + 1};
}

Moment from_days(int32_t day) {
    constexpr int32_t endless = std::numeric_limits<int32_t>::max();
    return {day, 0, day == endless || day == -endless};
}

// `per_day` units make a day.
Moment from_units(int64_t value, int64_t per_day) {
    constexpr int64_t endless = std::numeric_limits<int64_t>::max();
    const int64_t day = floor_divided(value, per_day);
    const int64_t rest = modulo(value, per_day);
    const int64_t micros = per_day > micros_per_day ? rest / 1000 : rest * (micros_per_day / per_day);
    return {day, micros, value == endless || value == -endless};
}

// A time of 24:00 belongs to its own day.
Moment from_clock(int64_t value, int64_t per_day) {
    const int64_t micros = per_day > micros_per_day ? floor_divided(value, 1000) : value * (micros_per_day / per_day);
    return {0, micros, value == std::numeric_limits<int64_t>::max() || value == -std::numeric_limits<int64_t>::max()};
}

Moment moment_at(const Column& column, size_t row) {
    switch (column.layout) {
        case Layout::days32: return from_days(value_at<int32_t>(column, row));
        case Layout::millis64: case Layout::instant_ms: return from_units(value_at<int64_t>(column, row), 86'400'000);
        case Layout::instant_s: return from_units(value_at<int64_t>(column, row), 86'400);
        case Layout::instant_us: return from_units(value_at<int64_t>(column, row), micros_per_day);
        case Layout::instant_ns: return from_units(value_at<int64_t>(column, row), micros_per_day * 1000);
        case Layout::clock_s: return from_clock(value_at<int32_t>(column, row), 86'400);
        case Layout::clock_ms: return from_clock(value_at<int32_t>(column, row), 86'400'000);
        case Layout::clock_ns: return from_clock(value_at<int64_t>(column, row), micros_per_day * 1000);
        case Layout::clock_us_zone: return from_clock(static_cast<int64_t>(value_at<uint64_t>(column, row) >> 24), micros_per_day);
        default: return from_clock(value_at<int64_t>(column, row), micros_per_day);
    }
}

double part_of(Part part, const Moment& moment, const Calendar& calendar, bool is_clock) {
    constexpr int64_t second = 1'000'000;
    switch (part) {
        case Part::hour: return static_cast<double>(floor_divided(moment.micros, 3600 * second));
        case Part::minute: return static_cast<double>(modulo(floor_divided(moment.micros, 60 * second), 60));
        case Part::second: return static_cast<double>(modulo(floor_divided(moment.micros, second), 60));
        case Part::epoch: return static_cast<double>(moment.day) * 86400.0 + static_cast<double>(moment.micros) / 1e6;
        default: break;
    }
    if (is_clock) return 0.0;
    switch (part) {
        case Part::year: return static_cast<double>(calendar.year);
        case Part::month: return static_cast<double>(calendar.month);
        case Part::day: return static_cast<double>(calendar.day);
        default: return static_cast<double>(modulo(moment.day + 3, 7));
    }
}

}  // namespace

void read_parts(const Column& column, const std::vector<Part>& parts, size_t first, size_t rows, double* out) {
    const bool is_clock = family_of(column.layout) == Family::time;
    for (size_t row = 0; row < rows; row++) {
        const bool there = is_valid(column, first + row);
        const Moment moment = there ? moment_at(column, first + row) : Moment{0, 0, true};
        const Calendar calendar = is_clock ? Calendar{0, 0, 0} : calendar_of(moment.day);
        for (size_t at = 0; at < parts.size(); at++)
            out[at * block_rows + row] = moment.is_endless ? nan_value : part_of(parts[at], moment, calendar, is_clock);
    }
}

}  // namespace vesto
