#!/usr/bin/env bash
# Lays out Debian 12 in a folder, from a copy that debootstrap makes once. Needs root, and debootstrap or apt to install it.
# Usage: scripts/debian-root.sh FOLDER [folder for the tools]
set -euo pipefail
root="$(realpath -m "$1")"
cd "$(dirname "$0")/.."

copy="${2:-$PWD/.ci/tools}/debian-12.tar"
if [ ! -f "$copy" ]; then
  export DEBIAN_FRONTEND=noninteractive
  command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -y -qq debootstrap; } >&2
  made="$(mktemp -d)"
  chmod 755 "$made"
  debootstrap --variant=minbase bookworm "$made" >&2
  rm -rf "$made"/var/cache/apt/archives/*.deb
  mkdir -p "$(dirname "$copy")"
  tar --create --file "$copy.part" --directory "$made" --one-file-system .
  mv "$copy.part" "$copy"
  rm -rf "$made"
fi
mkdir -p "$root"
tar --extract --file "$copy" --directory "$root"
# Names are looked up as on this machine.
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/hosts "$root/etc/hosts"
