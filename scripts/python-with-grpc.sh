#!/usr/bin/env bash
# Prints the path of a Python that has grpcio and its generator, as examples/python-service wants them; installs them once.
# Needs Python. Usage: scripts/python-with-grpc.sh [folder for the tools]
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=examples/python-service/requirements.txt
venv="${1:-$PWD/.ci/tools}/python-$(sha256sum "$requirements" | cut -c1-12)"
if ! "$venv/bin/python" -c 'import grpc, grpc_tools' 2>/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  # Debian ships venv apart from Python.
  python3 -m venv --clear "$venv" >&2 ||
    { apt-get update -qq && apt-get install -y -qq python3-venv && python3 -m venv --clear "$venv"; } >&2
  "$venv/bin/pip" install --quiet --requirement "$requirements" >&2
fi
echo "$venv/bin/python"
