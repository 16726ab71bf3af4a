#!/usr/bin/env bash
# What is tried by hand before a release, since it takes long or needs more than Node: the package as npm installs it, and
# the container image where there is Docker. Needs `npm ci`.
set -euo pipefail
cd "$(dirname "$0")/.."

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

echo "== the package, installed"
npm pack --silent --pack-destination "$folder" >/dev/null
npm install --silent --no-audit --no-fund --omit=dev --prefix "$folder/installed" "$folder"/hostscore-*.tgz
"$folder/installed/node_modules/.bin/hostscore" --version

if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
  echo "== the image"
  docker build --quiet --tag hostscore:verify .
  docker run --rm hostscore:verify --version
else
  echo "skipped: the image, since no Docker runs here"
fi
