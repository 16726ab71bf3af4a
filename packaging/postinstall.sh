#!/bin/sh
# A service that runs goes on with the new version. A new one is not started: it needs its configuration first. One that does
# not come back, as with a setting that is no more, leaves the package installed: dpkg would hold up all others.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
  systemctl try-restart hostscore.service || echo 'hostscore did not start again: hostscore check says why' >&2
fi
