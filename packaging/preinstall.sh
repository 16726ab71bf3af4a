#!/bin/sh
# The user that the service runs as; it stays when the package goes, since files of it do.
set -e
getent group hostscore >/dev/null || groupadd --system hostscore
getent passwd hostscore >/dev/null ||
  useradd --system --gid hostscore --no-create-home --home-dir /var/lib/hostscore --shell /usr/sbin/nologin hostscore
