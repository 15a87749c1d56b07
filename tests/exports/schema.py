"""Write the published schema of a client's record anew: `python -m tests.exports.schema`."""

import json
from pathlib import Path

import clinic.app  # noqa: F401 - composing it imports every model
from clinic.exports import record

SCHEMA = Path(__file__).parents[2] / "docs" / "client-record.schema.json"

if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(record.schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
