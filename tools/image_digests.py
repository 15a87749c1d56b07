"""Write the digest behind each base image's tag into Dockerfile and docker-compose.yml: `make image-digests`.

A tag can be moved, a digest cannot. It asks `docker buildx` or `skopeo`, whichever is here. If neither is, or if the
registry cannot be reached, it says so, changes nothing, and ends with status 1.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMED = {
    "Dockerfile": re.compile(r"(?m)^(FROM )([\w./-]+:[\w.-]+)(?:@sha256:[0-9a-f]{64})?"),
    "docker-compose.yml": re.compile(r"(?m)^( +image: )([a-z][\w./-]*:[\w.-]+)(?:@sha256:[0-9a-f]{64})?$"),
}
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# What says that the client is here, and how it is asked for a digest.
CLIENTS = [
    (
        ["docker", "buildx", "version"],
        ["docker", "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", "IMAGE"],
    ),
    (["skopeo", "--version"], ["skopeo", "inspect", "--format", "{{.Digest}}", "docker://IMAGE"]),
]


def main(root: Path = ROOT) -> int:
    """Write all digests or none; gives the exit status."""
    asking = next((words for probe, words in CLIENTS if _works(probe)), None)
    if asking is None:
        print(
            "Nothing was changed: neither docker with buildx nor skopeo is installed here.", file=sys.stderr
        )
        return 1
    texts = {name: (root / name).read_text() for name in NAMED}
    images = sorted({found[1] for name, text in texts.items() for found in NAMED[name].findall(text)})
    digests = {}
    for image in images:
        words = [word.replace("IMAGE", image) for word in asking]
        answer = subprocess.run(words, capture_output=True, text=True)
        digest = DIGEST.fullmatch(answer.stdout.strip())
        if answer.returncode or digest is None:
            why = (answer.stderr or answer.stdout).strip()
            print(f"Nothing was changed: no digest of {image} could be fetched. {why}", file=sys.stderr)
            return 1
        digests[image] = digest[0]
    for name, text in texts.items():
        (root / name).write_text(NAMED[name].sub(lambda at: f"{at[1]}{at[2]}@{digests[at[2]]}", text))
    for image, digest in digests.items():
        print(f"{image}@{digest}")
    return 0


def _works(probe: list[str]) -> bool:
    return shutil.which(probe[0]) is not None and subprocess.run(probe, capture_output=True).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
