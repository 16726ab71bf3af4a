#!/usr/bin/env bash
# Runs the interop tests: clients that share no code with hostscore call a server built from this tree.
# Each needs a language; where the language is present its tests run, where it is absent that is said. Needs `npm ci`.
# Usage: scripts/interop.sh [folder for the tools]
set -euo pipefail
cd "$(dirname "$0")/.."

tools="${1:-$PWD/.ci/tools}"
mkdir -p "$tools"

export DEBIAN_FRONTEND=noninteractive

npm run --silent build

ran=()
if command -v go >/dev/null; then
  GRPCURL="$(scripts/grpcurl.sh "$tools")"
  export GRPCURL
  ran+=(test/interop/grpcurl.interop.ts test/interop/loadtest.interop.ts)
else
  echo "skipped: grpcurl, since this machine has no Go"
fi

if command -v python3 >/dev/null; then
  PYTHON_WITH_GRPC="$(scripts/python-with-grpc.sh "$tools")"
  export PYTHON_WITH_GRPC
  ran+=(test/interop/python.interop.ts)
else
  echo "skipped: Python's grpcio, since this machine has no Python"
fi

if command -v promtool >/dev/null || command -v apt-get >/dev/null; then
  command -v promtool >/dev/null ||
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus; }
  ran+=(test/interop/prometheus.interop.ts)
else
  echo "skipped: Prometheus, since this machine has neither promtool nor apt"
fi

if command -v java >/dev/null; then
  command -v mvn >/dev/null || { apt-get update -qq && apt-get install -y -qq maven; }
  export ENGINE_CLIENT_JAR="$PWD/test/interop/java/target/engine-client.jar"
  mvn --quiet --batch-mode --file test/interop/java/pom.xml package
else
  echo "skipped: the engine's own client library, since this machine has no Java"
fi
# Python's own XML-RPC client and the scoring service in Python beside it, and the Java client where there is Java.
[ -z "${PYTHON_WITH_GRPC:-}" ] || ran+=(test/interop/engine.interop.ts test/interop/plugins.interop.ts)

[ "${#ran[@]}" -eq 0 ] || node_modules/.bin/mocha --config .mocharc.interop.json "${ran[@]}"
