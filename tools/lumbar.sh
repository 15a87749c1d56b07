#!/bin/bash
# A command of Lumbar with the settings of its service: tools/lumbar.sh doctor. LUMBAR_ENV names another file of settings.
set -euo pipefail
set -a
source "${LUMBAR_ENV:-/etc/lumbar.env}"
set +a
cd "$(dirname "$0")/.."
exec .venv/bin/python -m clinic "$@"
