"""Python as somebody who may write only where it is allowed, also in tests that are run by one who may do anything."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import mcfiber

PR_CAPBSET_DROP = 24
MAY_WRITE, MAY_READ, OWNS = 1, 2, 3  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and CAP_FOWNER of Linux


def without_rights() -> None:
    """Give up, for what is started next, the rights to go round the permissions of files."""
    library = ctypes.CDLL(None, use_errno=True)
    for right in (MAY_WRITE, MAY_READ, OWNS):
        if library.prctl(PR_CAPBSET_DROP, right, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


def run(code: str, where: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a folder."""
    return subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=where,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=without_rights if os.geteuid() == 0 else None,
    )


def read_only_library(where: Path) -> None:
    """Copy the library into a folder, so that nobody may write into the copy."""
    shutil.copytree(Path(mcfiber.__file__).parent, where / "mcfiber", ignore=shutil.ignore_patterns("__pycache__"))
    for path in [where / "mcfiber", *(where / "mcfiber").rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    where.chmod(0o555)
