# SPDX-License-Identifier: MIT
"""What the tests of magpool-stat share: where things are, and targets."""
import contextlib
import os
import pathlib
import subprocess
import sys

STAT, PROGRAM = os.environ["STAT_TOOL"], os.environ["STAT_TARGET"]
FORGE = pathlib.Path(__file__).resolve().parent / "forge.py"
GONE, DENIED, NONE, FORMAT, DAMAGED = 3, 4, 5, 6, 7


def run(*arguments, **options):
    """The tool's (status, stdout, stderr)."""
    done = subprocess.run([STAT, *map(str, arguments)], text=True, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **options)
    return done.returncode, done.stdout, done.stderr


@contextlib.contextmanager
def child(*command, **options):
    """A process that lives as long as its stdin is open."""
    process = subprocess.Popen(
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        **options)
    try:
        process.first = process.stdout.readline().split()
        yield process
    finally:
        process.kill()
        process.communicate()


def target(*words, **environment):
    return child(PROGRAM, *words, env=dict(os.environ, **environment))


def forged(kind):
    return child(sys.executable, FORGE, kind)
