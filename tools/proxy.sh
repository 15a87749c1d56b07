#!/bin/bash
# Finds nginx for the tests over https, or installs it where that is allowed; never lets them be left out silently.
set -euo pipefail
if [ -n "${NGINX:-}" ] || PATH="$PATH:/usr/sbin" command -v nginx >/dev/null; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing nginx for the tests over https ..."
  # Only the program: the tests start one of their own, and none should run on this machine because of them.
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends nginx >/dev/null
  exit 0
fi
echo "The tests over https need nginx: apt install nginx, or set NGINX to its path." >&2
exit 1
