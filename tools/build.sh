#!/bin/bash
# Builds styles and scripts from assets/ into clinic/static/dist.
set -euo pipefail
source tools/node.sh
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "Fetching what the front end is built with ..."
  npm ci --ignore-scripts --silent
fi
echo "Building styles and scripts ..."
node build.mjs >/dev/null
touch clinic/static/dist/manifest.json
