#!/usr/bin/env bash
# Prints the path of grpcurl; builds it once. Needs Go. Usage: scripts/grpcurl.sh [folder for the tools]
set -euo pipefail
cd "$(dirname "$0")/.."

version=v1.9.4
grpcurl="${1:-$PWD/.ci/tools}/grpcurl-$version/grpcurl"
[ -x "$grpcurl" ] || GOBIN="$(dirname "$grpcurl")" go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$version" >&2
echo "$grpcurl"
