#!/usr/bin/env bash
# Fuzz the server's protocol: fuzz_protocol.sh SECONDS, shared by the targets of fuzz_protocol.py.
set -euo pipefail
cd "$(dirname "$0")/.."
log=build/fuzz/protocol.log
mkdir -p build/fuzz
for target in messages:1 rows:1 door:1 session:2; do
    PYTHONPATH=.venv/fuzz .venv/bin/python tools/fuzz_protocol.py "${target%:*}" $(($1 * ${target#*:} / 5)) 2>"$log" ||
        { tail -n 60 "$log"; exit 1; }
done
