#!/bin/bash
# A command of Lumbar with the settings of its service: tools/lumbar.sh doctor. LUMBAR_ENV names another file of settings.
set -euo pipefail
set -a
source "${LUMBAR_ENV:-/etc/lumbar.env}"
set +a
cd "$(dirname "$0")/.."
if [ "$1" = backup ] || [ "$1" = restore ]; then
  exec .venv/bin/python -m tools.dump "$@"
fi
exec .venv/bin/python -m clinic "$@"
