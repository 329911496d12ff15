#!/usr/bin/env bash
# Collect the wheels the image is built from, so that building it needs no network. Usage: wheels.sh [python]
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-python3}
into=lab/image/wheels
rm -f "$into"/*.whl
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$into" .
# These two publish no wheels; they are plain Python, so one made here fits every version.
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$into" onvif-zeep python-nmap
"$python" -m pip download --quiet --disable-pip-version-check --dest "$into" --find-links "$into" \
  --only-binary=:all: --python-version "${IMAGE_PYTHON:-3.11}" --implementation cp \
  --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux_2_28_x86_64 --platform "linux_$(uname -m)" \
  "$into"/auditor-*.whl 
du -sh "$into" | cut -f1
