// Finds DuckDB's functions: by symbol name where the library that loads the extension exports them,
// else in the table that it hands out.
//
// A name stands for one signature in every version, a place in the table does not: before 1.5.6 the
// functions around binding moved from release to release. Their places are known for each release,
// and a DuckDB that is neither on the list nor vouches for the table of 1.5.6 is refused.
#include "api.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>

namespace vesto::duckdb {

namespace {

struct Version {
    int major = 0, minor = 0, patch = 0;
    auto operator<=>(const Version&) const = default;
};

constexpr Version oldest{1, 4, 0};
constexpr Version first_stable{1, 5, 6};
constexpr int newest_major = 2;
constexpr size_t place_of_version = 7;
constexpr const char* table_of_old = "v1.2.0";
constexpr const char* table_of_1_5_6 = "v1.5.6";

Api resolved;
const void* host_in_use = nullptr;  // where the library lies that `resolved` belongs to
std::mutex resolving;

// `v1.5.5`; a build between two releases has more in its name, and may be anything.
std::optional<Version> parse(const char* text, bool release_only) {
    Version version;
    int read = 0;
    if (!text) return std::nullopt;
    const int found = std::sscanf(text, "v%d.%d.%d%n", &version.major, &version.minor, &version.patch, &read);
    if (found != 3) return std::nullopt;
    if (release_only && text[read] != '\0') return std::nullopt;
    return version;
}

bool is_known(const Version& version) { return version >= oldest && version.major <= newest_major; }

std::string unsupported(const char* version, const char* why) {
    const std::string name = version ? version : "an unknown version";
    return "vesto runs in DuckDB 1.4 to 2.x, not in " + name + ": " + why;
}

// Where the library lies that an address belongs to.
const void* base_of(const void* address) {
    Dl_info found;
    return dladdr(address, &found) ? found.dli_fbase : nullptr;
}

// Symbols of the library that loads the extension. Another DuckDB in the process may export the
// same names, so that a symbol from elsewhere does not count.
class HostSymbols {
public:
    explicit HostSymbols(const void* address) {
        Dl_info host;
        if (!dladdr(address, &host)) return;
        base_ = host.dli_fbase;
        if (host.dli_fname) library_ = dlopen(host.dli_fname, RTLD_NOLOAD | RTLD_LAZY);
    }
    ~HostSymbols() {
        if (library_) dlclose(library_);
    }
    HostSymbols(const HostSymbols&) = delete;
    HostSymbols& operator=(const HostSymbols&) = delete;

    const void* base() const { return base_; }

    void* find(const char* name) const {
        for (void* where : {library_, RTLD_DEFAULT}) {
            void* symbol = dlsym(where, name);
            if (symbol && base_ && base_of(symbol) == base_) return symbol;
        }
        return nullptr;
    }

private:
    const void* base_ = nullptr;
    void* library_ = nullptr;
};

bool from_symbols(const HostSymbols& symbols, Api& found) {
#define VESTO_FIND(result, name, ...) \
    if (!(found.name = reinterpret_cast<decltype(found.name)>(symbols.find(#name)))) return false;
    VESTO_DUCKDB_STABLE(VESTO_FIND)
    VESTO_DUCKDB_YOUNG(VESTO_FIND)
#undef VESTO_FIND
    return true;
}

enum class Places { in_1_4 = 0, in_1_5_0 = 1, in_1_5_2 = 2 };

// Which of the three places of a young function holds in the releases before 1.5.6.
std::optional<Places> places_of(const Version& version) {
    if (version.major != 1) return std::nullopt;
    if (version.minor == 4 && version.patch <= 5) return Places::in_1_4;
    if (version.minor == 5 && version.patch <= 1) return Places::in_1_5_0;
    if (version.minor == 5 && version.patch <= 5) return Places::in_1_5_2;
    return std::nullopt;
}

template <typename Function>
void take(const void* table, size_t place, Function& function) {
    std::memcpy(&function, static_cast<const char*>(table) + place * sizeof(void*), sizeof function);
}

void from_table(const void* table, Places places, Api& found) {
#define VESTO_TAKE_STABLE(result, name, place, ...) take(table, place, found.name);
#define VESTO_TAKE_YOUNG(result, name, first, second, third, ...) \
    take(table, places == Places::in_1_4 ? first : places == Places::in_1_5_0 ? second : third, found.name);
    VESTO_DUCKDB_STABLE(VESTO_TAKE_STABLE)
    VESTO_DUCKDB_YOUNG(VESTO_TAKE_YOUNG)
#undef VESTO_TAKE_STABLE
#undef VESTO_TAKE_YOUNG
}

std::string resolve_in_table(ExtensionInfo info, const ExtensionAccess& access, Api& found) {
    const void* table = access.get_api ? access.get_api(info, table_of_old) : nullptr;
    if (!table) return "DuckDB exports no functions and hands out no table of them";
    take(table, place_of_version, found.duckdb_library_version);
    const char* name = found.duckdb_library_version();
    const std::optional<Version> version = parse(name, true);
    if (!version) return unsupported(name, "it is no release, and exports no functions");
    if (!is_known(*version)) return unsupported(name, "its functions are not known");
    if (*version >= first_stable) {
        table = access.get_api(info, table_of_1_5_6);
        if (!table) return unsupported(name, "it does not hand out the functions of 1.5.6");
        from_table(table, Places::in_1_5_2, found);
        return {};
    }
    const std::optional<Places> places = places_of(*version);
    if (!places) return unsupported(name, "the places of its functions are not known");
    from_table(table, *places, found);
    return {};
}

std::string resolve_in_host(const HostSymbols& symbols, ExtensionInfo info, const ExtensionAccess& access,
                            Api& found) {
    if (!from_symbols(symbols, found)) return resolve_in_table(info, access, found);
    const char* name = found.duckdb_library_version();
    const std::optional<Version> version = parse(name, false);
    if (!version) return unsupported(name, "its version cannot be read");
    return is_known(*version) ? "" : unsupported(name, "its functions are not known");
}

}  // namespace

const Api& api() { return resolved; }

std::string resolve(ExtensionInfo info, const ExtensionAccess& access) {
    const std::lock_guard guard(resolving);
    const HostSymbols symbols(reinterpret_cast<const void*>(access.get_database));
    if (!symbols.base()) return "the library of DuckDB cannot be found";
    if (host_in_use) {
        return host_in_use == symbols.base() ? "" : "vesto serves another DuckDB of this process already";
    }
    Api found;
    std::string mistake = resolve_in_host(symbols, info, access, found);
    if (!mistake.empty()) return mistake;
    resolved = found;
    host_in_use = symbols.base();
    return {};
}

}  // namespace vesto::duckdb
