#!/bin/bash
# Does what a newcomer does first, with nothing but the runtime's lock installed: start everything, look, stop.
set -euo pipefail
folder=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
health() {
  python3 -c "import json, urllib.request as u; a = json.load(u.urlopen('http://127.0.0.1:$port/health', timeout=5)); print(a['status'])"
}

chmod 711 "$folder"
PORT=$port LUMBAR_DATA="$folder/var" make run >"$folder/said" 2>&1 &
everything=$!
trap 'kill -TERM $everything 2>/dev/null || true; wait $everything || true; rm -rf "$folder"' EXIT
echo "Starting everything for the first time ..."
for _ in $(seq 600); do
  if [ "$(health 2>/dev/null)" = ok ]; then
    echo "Database, web, worker, scheduler and message pass are well."
    exit 0
  fi
  kill -0 $everything 2>/dev/null || break
  sleep 1
done
cat "$folder/said"
echo "The first start did not come to anything." >&2
exit 1
