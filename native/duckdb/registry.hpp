// The programs that this process can score, by name. They belong to the process and to no database:
// a name is the hash of a program's content, so that databases cannot disagree about one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "../kernel/kernel.hpp"
#include "sha256.hpp"

namespace vesto::duckdb {

class Registry {
public:
    using Clock = std::chrono::steady_clock;

    // A forgotten program is found for this long: a query may have read the macro that names it just
    // before the macro was replaced.
    static constexpr std::chrono::seconds grace{10};

    // The program's name. Every call wants a `forget` of its own. Raises DamagedImage, and SqlError
    // where another image has the name.
    std::string add(std::span<const std::byte> image);

    // Takes one `add` back; false where there is none to take back.
    bool forget(const std::string& name);

    // The program of that name. Whoever holds it keeps it, whatever happens here. Raises SqlError.
    std::shared_ptr<const Program> find(const std::string& name) const;

private:
    struct Entry {
        std::shared_ptr<const Program> program;
        Digest digest;
        size_t count = 0;
        Clock::time_point forgotten{};  // when the count fell to 0
    };

    static bool is_over(const Entry& entry, Clock::time_point now);
    void release_forgotten();

    mutable std::mutex lock_;
    std::map<std::string, Entry, std::less<>> entries_;
};

// The one of this process.
Registry& registry();

// How many rows this process has been asked predictions for.
std::atomic<uint64_t>& predictions();

}  // namespace vesto::duckdb
