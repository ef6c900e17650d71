#!/usr/bin/env bash
# Fuzz the image loader: fuzz.sh SECONDS [or-skip]. Needs clang, which is installed from Debian where
# that can be done; with or-skip it is no failure where it cannot.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1 without=${2:-fail}
bin="$PWD/.venv/bin"

if ! command -v clang++ >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update -qq && apt-get install -y -qq clang) >/dev/null 2>&1 || true
fi
if ! command -v clang++ >/dev/null; then
    echo "SKIPPED fuzzing the image loader: clang++ is not here and could not be installed"
    [ "$without" = or-skip ] && exit 0 || exit 1
fi

"$bin/cmake" -S . -B build/fuzz -G Ninja -DCMAKE_MAKE_PROGRAM="$bin/ninja" -DCMAKE_CXX_COMPILER=clang++ \
    -DVESTO_PYTHON=OFF -DVESTO_FUZZ=ON -DVESTO_SANITIZE=address,undefined >build/fuzz-configure.log ||
    { cat build/fuzz-configure.log; exit 1; }
"$bin/cmake" --build build/fuzz --target fuzz_image
mkdir -p build/fuzz/corpus build/fuzz/findings
build/fuzz/fuzz_image -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix=build/fuzz/findings/ build/fuzz/corpus build/images/small \
    2>build/fuzz/fuzz.log || { tail -n 60 build/fuzz/fuzz.log; exit 1; }
runs=$(sed -nE 's/^stat::number_of_executed_units: *//p' build/fuzz/fuzz.log)
echo "fuzzed the image loader for $seconds s without a finding: $runs runs"
