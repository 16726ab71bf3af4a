#!/usr/bin/env bash
# Installs the deb and the rpm as an administrator does, each into a Debian of its own: what they bring, an upgrade over a
# process that runs, what stays after the removal, the unit. Needs root, `npm ci`, Go, and apt to install what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

# In the namespaces that the second half makes for itself, inside.
if [ "${1:-}" != inside ]; then
  export DEBIAN_FRONTEND=noninteractive
  command -v rpm >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends rpm; }
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT

  echo "== packages of this version, and of one after it"
  version="$(node -p "require('./package.json').version")"
  next="$version.1"
  scripts/package.sh "$next" >/dev/null 2>&1
  mv dist-packages "$work/next"
  scripts/package.sh >/dev/null 2>&1
  ls -sh dist-packages

  for format in deb rpm tar; do
    scripts/debian-root.sh "$work/$format"
    cp dist-packages/hostscore* "$work/$format/root"
    cp "$work"/next/hostscore* "$work/$format/root"
    # Plugins need Python, and the unit is read by systemd.
    chroot "$work/$format" sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 systemd procps' >/dev/null 2>&1
    unshare --mount --net --pid --fork --kill-child --mount-proc "$0" inside "$format" "$work/$format" "$version" "$next"
  done
  exit
fi

format="$2" root="$3" version="$4" next="$5"
ip link set lo up
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
fails() { echo "failed: $*" >&2; exit 1; }
# `within` as root, `as_service` as the user that systemd runs it as.
within() { env -i PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin chroot "$root" "$@"; }
as_service=(setpriv --no-new-privs env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin NODE_ENV=production chroot --userspec=hostscore:hostscore "$root")

install() {
  case "$format" in
  deb) within dpkg -i "/root/hostscore_$1-1_amd64.deb" >/dev/null ;;
  # By this machine's rpm, into a root whose other packages it does not know.
  rpm) rpm --root "$root" --upgrade --nodeps "$root/root/hostscore-$1-1.x86_64.rpm" ;;
  tar)
    within tar -xzf "/root/hostscore-$1-linux-x64.tar.gz" -C /usr/local --strip-components 1 --exclude '*/etc'
    ;;
  esac
}

echo "== $format: installed"
SECONDS=0
install "$version"
echo "in $SECONDS s; $(within hostscore --version)"
[ "$(within hostscore --version)" = "$version" ] || fails 'another version'
prefix=/usr
[ "$format" != tar ] || prefix=/usr/local
within test ! -e /usr/bin/node || fails 'a Node of the machine'
for file in share/man/man1/hostscore.1.gz share/bash-completion/completions/hostscore share/doc/hostscore/docs/operations.md \
  share/zsh/site-functions/_hostscore lib/systemd/system/hostscore.service; do
  within test -f "$prefix/$file" || fails "no $prefix/$file"
done
if [ "$format" = tar ]; then
  within useradd --system hostscore
  within install -d -o hostscore /var/lib/hostscore
  within tar -xzf "/root/hostscore-$version-linux-x64.tar.gz" -C / --strip-components 1 --wildcards '*/etc'
else
  [ "$(within stat --format '%a %U:%G' /etc/hostscore/hostscore.yaml)" = '640 root:hostscore' ] || fails 'the configuration'
  [ "$(within stat --format '%a %U:%G' /var/lib/hostscore)" = '750 hostscore:hostscore' ] || fails 'the folder of state'
  # Says nothing of what systemd is to find, and of manual pages, which this Debian leaves out.
  within systemd-analyze verify --man=no /usr/lib/systemd/system/hostscore.service
  within systemd-analyze security --offline=true --threshold=20 /usr/lib/systemd/system/hostscore.service | tail -1
fi

if [ "$format" = deb ]; then
  echo "== $format: three replicas of it restarted one at a time, under load"
  program="$root.program"
  cat >"$program" <<PROGRAM
#!/bin/sh
exec setpriv --no-new-privs env PATH=/usr/bin:/bin:/usr/sbin chroot --userspec=hostscore:hostscore "$root" hostscore "\$@"
PROGRAM
  chmod +x "$program"
  npx tsx bench/rolling-restart.ts --program "$program" 1
fi

echo "== $format: as the service, with a plugin"
within install -d /etc/hostscore/plugins
cat >"$root/etc/hostscore/plugins/odd_hosts.py" <<'PLUGIN'
class odd_hosts():
    def do_score(self, hosts_ids, vm_id, args_map):
        '''Prefers hosts with an odd id'''
        print([(host, 0 if int(host[-1], 16) % 2 else 100) for host in hosts_ids])
PLUGIN
cat >>"$root/etc/hostscore/hostscore.yaml" <<'YAML'
# added by the administrator
plugins:
  dir: /etc/hostscore/plugins
YAML
log="$root/root/serve.log"
start() {
  "${as_service[@]}" hostscore serve --demo >"$log" 2>&1 &
  running=$!
  within hostscore health --wait >/dev/null || { cat "$log"; fails 'it does not listen'; }
  for _ in $(seq 100); do within hostscore health >/dev/null 2>&1 && break || sleep 0.2; done
  within hostscore health
}
# Imports take a moment beside all that listens.
plugin_answers() {
  for _ in $(seq 100); do
    within hostscore call costs --vm app-083 --unit odd_hosts | grep '^host  *odd_hosts' && return || sleep 0.2
  done
  fails 'the plugin does not answer'
}
stop() {
  kill -TERM "$running"
  wait "$running" || fails "SIGTERM ends it with code $?"
}
start
plugin_answers
within hostscore call schedule --vm app-083 | grep picks

echo "== $format: upgraded over the process"
# From here on systemd seems to run, and each systemctl fails: that holds up neither the upgrade nor the removal.
within install -d /run/systemd/system
install "$next"
[ "$(within hostscore --version)" = "$next" ] || fails 'another version'
within grep -q 'added by the administrator' /etc/hostscore/hostscore.yaml || fails 'the configuration is another'
# The old process answers as before, by its units and by a call of a plugin, until it is restarted.
[ "$(within hostscore health)" = SERVING ] || fails 'the old process'
plugin_answers
stop
start
plugin_answers
stop
within test -f /var/lib/hostscore/registry.json || fails 'no state'
[ "$format" != tar ] || exit 0

echo "== $format: removed"
if [ "$format" = deb ]; then within dpkg -r hostscore >/dev/null 2>&1; else rpm --root "$root" --erase hostscore 2>/dev/null; fi
within test ! -e /usr/bin/hostscore || fails 'hostscore is still there'
within test ! -e /usr/lib/hostscore || fails 'its folder is still there'
kept="$(within sh -c 'ls /etc/hostscore/hostscore.yaml* /etc/hostscore/plugins/* /var/lib/hostscore/registry.json')"
echo "kept: ${kept//$'\n'/ }"
[ "$(wc -l <<<"$kept")" = 3 ] || fails 'something else'
