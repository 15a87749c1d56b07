"""Compiled templates, stored among the compiled modules and under the same conditions.

Compiling all templates takes a process seconds; each started process, and each first visit to a page, would pay again.
"""

import os
import sys
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache


def init_app(app: Flask) -> None:
    """Read and write compiled templates in the product's `__pycache__`.

    Does nothing where that folder belongs to somebody else and cannot be written, or where Python itself was told to
    write no compiled files. What is stored carries a digest of its source, so a changed template is compiled anew. A filter
    applied to a constant would be stored with its result, which a newer release may see otherwise: tests refuse those.
    """
    if sys.dont_write_bytecode:
        return
    folder = Path(app.root_path, "__pycache__", "templates")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(folder))
