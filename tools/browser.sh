#!/bin/bash
# Finds Chromium for the browser tests, or installs it where that is allowed; never lets them be left out silently.
# The headless shell beside it is wanted and not needed: it makes the same tests quicker.
set -euo pipefail
[ -n "${CHROMIUM:-}" ] && exit 0
missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing+=(chromium)
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  command -v chromium-headless-shell >/dev/null || missing+=(chromium-headless-shell)
  [ ${#missing[@]} -gt 0 ] || exit 0
  echo "Installing Chromium for the browser tests ..."
  apt-get update -qq || true
  for package in "${missing[@]}"; do
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null || [ "$package" != chromium ]
  done
elif [ ${#missing[@]} -gt 0 ]; then
  echo "The browser tests need Chromium: apt install chromium, or set CHROMIUM to its path." >&2
  exit 1
fi
