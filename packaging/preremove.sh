#!/bin/sh
# Called as `remove` by dpkg and with 0 by rpm, when the package goes for good; otherwise another version replaces it.
set -e
if [ -d /run/systemd/system ] && { [ "$1" = remove ] || [ "$1" = 0 ]; }; then
  systemctl disable --now hostscore.service || true
fi
