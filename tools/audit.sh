#!/bin/bash
# Compares the pinned versions with the public advisory databases. 0: nothing known; 1: something is known; 2: could not look.
set -uo pipefail
tools=${AUDIT_TOOLS:-.venv/audit/bin}
found=$(mktemp)
trap 'rm -f "$found" "$found.said"' EXIT
end=0
for lock in requirements-run.lock requirements-node.lock; do
  : >"$found"
  "$tools/pip-audit" --progress-spinner off --require-hashes --disable-pip --timeout 20 -r "$lock" -f json -o "$found" 2>"$found.said"
  code=$?
  if ! python3 -c 'import json, sys; json.load(open(sys.argv[1]))["dependencies"]' "$found" 2>/dev/null; then
    echo "$lock: NOT CHECKED. The advisory database could not be reached from here."
    tail -n 1 "$found.said" | cut -c1-200
    end=2
  elif [ $code -ne 0 ]; then
    echo "$lock: advisories are known for these pins:"
    python3 -c '
import json, sys
for each in json.load(open(sys.argv[1]))["dependencies"]:
    for known in each.get("vulns", []):
        print("  ", each["name"], each["version"], known["id"], "mended in", ", ".join(known["fix_versions"]) or "no version yet")
' "$found"
    [ $end = 2 ] || end=1
  else
    echo "$lock: no advisory is known for these pins."
  fi
done
source tools/node.sh
if answer=$(npm audit --json --package-lock-only 2>/dev/null) && ! grep -q '"error"' <<<"$answer"; then
  echo "package-lock.json: no advisory is known for these pins."
elif grep -q '"auditReportVersion"' <<<"$answer"; then
  echo "package-lock.json: advisories are known for these pins; npm audit names them."
  [ $end = 2 ] || end=1
else
  echo "package-lock.json: NOT CHECKED. The advisory database could not be reached from here."
  end=2
fi
exit $end
