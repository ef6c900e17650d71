// Which code path runs: the best that the processor has, or the one that was asked for.
#include "paths.hpp"

#include <array>
#include <atomic>

namespace vesto {

namespace {

#if defined(__x86_64__)
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"); }

bool has_avx512() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
bool has_avx2() { return false; }
bool has_avx512() { return false; }
#endif

Path best_path() { return has_avx512() ? Path::avx512 : has_avx2() ? Path::avx2 : Path::portable; }

std::atomic<Path>& chosen() {
    static std::atomic<Path> path{best_path()};
    return path;
}

}  // namespace

std::string_view path_name(Path path) {
    static constexpr std::array<std::string_view, 4> names = {"automatic", "portable", "avx2", "avx512"};
    return names[static_cast<size_t>(path)];
}

bool has_path(Path path) {
    return path == Path::avx512 ? has_avx512() : path != Path::avx2 || has_avx2();
}

void use_path(Path path) {
    if (!has_path(path)) throw std::invalid_argument("this processor has no " + std::string(path_name(path)));
    chosen() = path == Path::automatic ? best_path() : path;
}

Path path_in_use() { return chosen(); }

const PathFunctions& path_functions() {
#if defined(__x86_64__)
    const Path path = chosen().load(std::memory_order_relaxed);
    if (path == Path::avx512) return avx512_path;
    if (path == Path::avx2) return avx2_path;
#endif
    return portable_path;
}

}  // namespace vesto
