"""The process that cleans one file: takes it from standard input, gives the result on standard output, and knows no secrets.

`isolation.clean` starts it. It limits itself before it reads a byte: processor seconds, memory, files it could write or open. It
imports nothing else of the product, and its environment is empty.
"""

import json
import resource
import sys

from clinic.untrusted_files import images, pdfs
from clinic.untrusted_files.kinds import FileKind, Flaw, UnfitFile, kind_of

PROCESSOR_SECONDS = 20
MEMORY_BYTES = 768 * 1024 * 1024


def main() -> None:
    """One line of JSON, and then the cleaned file if there is one."""
    for what, most in (
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    sent, content = sys.stdin.buffer.read(), b""
    try:
        kind = kind_of(sent)
        pages = 1
        if kind is FileKind.PDF:
            content, pages = pdfs.cleaned(sent)
        else:
            content = images.cleaned(sent)
        answer: dict[str, object] = {"kind": kind.value, "pages": pages}
    except UnfitFile as unfit:
        answer = {"flaw": unfit.flaw.value}
    except MemoryError:
        answer = {"flaw": Flaw.TOO_LARGE_INSIDE.value}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + content)


if __name__ == "__main__":
    main()
