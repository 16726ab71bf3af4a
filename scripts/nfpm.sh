#!/usr/bin/env bash
# Prints the path of nfpm, which writes packages; builds it once. Needs Go. Usage: scripts/nfpm.sh [folder for the tools]
set -euo pipefail
cd "$(dirname "$0")/.."

# Later ones do not build by `go install`.
version=v2.43.0
nfpm="${1:-$PWD/.ci/tools}/nfpm-$version/nfpm"
[ -x "$nfpm" ] || GOBIN="$(dirname "$nfpm")" go install "github.com/goreleaser/nfpm/v2/cmd/nfpm@$version" >&2
echo "$nfpm"
