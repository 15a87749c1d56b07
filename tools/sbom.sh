#!/bin/bash
# Writes two CycloneDX lists of everything the product is made of, from its pins: sbom-python.json and sbom-front-end.json.
set -euo pipefail
tools=$1
mkdir -p var/sbom
"$tools/cyclonedx-py" requirements requirements-run.lock --of JSON -o var/sbom/sbom-python.json
source tools/node.sh
npm sbom --sbom-format cyclonedx --package-lock-only >var/sbom/sbom-front-end.json
echo "var/sbom/sbom-python.json and var/sbom/sbom-front-end.json"
