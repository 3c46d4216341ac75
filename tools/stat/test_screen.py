#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The full screen of magpool-stat, in a terminal of our own.

However it is left, the terminal is as it was.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from test_common import GONE, NONE, STAT, child, target

# What xterm is sent: the other screen and back, the cursor hidden and shown.
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
SHOW_CURSOR = b"\x1b[?25h"


class Terminal:
    """The tool in a terminal of that size."""

    def __init__(self, *arguments, rows=24, columns=80, **environment):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.said = b""
        self.process = subprocess.Popen(
            [STAT, *map(str, arguments)], stdin=self.slave, stdout=self.slave,
            stderr=subprocess.PIPE, preexec_fn=self.take,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8",
                 **environment})

    def take(self):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("4H", rows, columns, 0, 0))

    def read(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            self.said += os.read(self.master, 65536)

    def wait_for(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.said) and time.monotonic() < end:
            self.read(0.05)
        assert re.search(pattern, self.said), (pattern, self.said)

    def key(self, key):
        self.said = b""
        os.write(self.master, key)

    def end(self):
        """The status and the last words."""
        for _ in range(200):
            self.read(0.1)
            if self.process.poll() is not None:
                break
        self.read(0.1)
        words = self.process.stderr.read().decode()
        self.process.stderr.close()
        return self.process.wait(timeout=1), words

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        os.close(self.master)
        os.close(self.slave)


class Screen(unittest.TestCase):
    def open(self, *arguments, **options):
        terminal = Terminal(*arguments, **options)
        self.addCleanup(terminal.close)
        return terminal

    def target(self, *words):
        context = target("idle", *words)
        self.addCleanup(context.__exit__, None, None, None)
        return context.__enter__()

    def start(self, *words, **options):
        process = self.target(*words)
        terminal = self.open(process.pid, "-i", "0.1", **options)
        terminal.wait_for(b"h help")
        self.assertIn(ENTER, terminal.said)
        return process, terminal

    def restored(self, terminal, status):
        got, words = terminal.end()
        self.assertEqual(got, status, words)
        self.assertIn(LEAVE, terminal.said)
        self.assertNotIn(ENTER, terminal.said.rpartition(LEAVE)[2])
        self.assertIn(SHOW_CURSOR, terminal.said)
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)
        return words

    def test_q(self):
        _, terminal = self.start()
        terminal.key(b"q")
        self.assertEqual(self.restored(terminal, 0), "")

    def test_interrupt_key(self):
        _, terminal = self.start()
        terminal.key(b"\x03")
        self.restored(terminal, -signal.SIGINT)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number):
                _, terminal = self.start()
                terminal.process.send_signal(number)
                self.restored(terminal, -number)

    def test_target_ends(self):
        process, terminal = self.start()
        process.kill()
        self.assertIn("no such process", self.restored(terminal, GONE))

    def test_target_becomes_another_program(self):
        process, terminal = self.start()
        process.stdin.write("exec\n")
        process.stdin.flush()
        words = self.restored(terminal, NONE)
        self.assertIn("no magpool inside", words)

    def test_count(self):
        process = self.target()
        terminal = self.open(process.pid, "-i", "0.05", "-n", "3")
        self.restored(terminal, 0)

    def test_wrong_field(self):
        process = self.target()
        terminal = self.open(process.pid, "--fields=nothing")
        status, words = terminal.end()
        self.assertEqual(status, 2, words)
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)

    def test_resize(self):
        _, terminal = self.start("pools=2")
        for rows, columns in ((50, 200), (5, 20), (1, 1), (24, 80)):
            terminal.said = b""
            terminal.resize(rows, columns)
            terminal.read(0.4)
            self.assertIsNone(terminal.process.poll())
            self.assertIn(b"\x1b[", terminal.said)
            if rows == 50:
                self.assertIn(b"overflows/s", terminal.said)
        terminal.key(b"q")
        self.restored(terminal, 0)

    def test_keys(self):
        process, terminal = self.start("pools=2")
        self.assertIn(b"shard 0", terminal.said)
        for key, text in ((b"t", b"%d test_target" % process.pid),
                          (b"p", b"PAUSED"), (b"h", b"this help"),
                          (b"x", b"calls/s"), (b"u", rb"\d{6}"),
                          (b"+", rb"05")):
            terminal.key(key)
            terminal.wait_for(text)
        terminal.key(b"q")
        self.restored(terminal, 0)

    def test_no_flicker(self):
        """What did not change is not sent again."""
        _, terminal = self.start("pools=2")
        terminal.read(1)
        terminal.said = b""
        terminal.read(1)
        # Ten looks at a process that does nothing: the clock, if anything.
        self.assertLess(len(terminal.said), 1000, terminal.said)
        self.assertNotIn(b"\x1b[2J", terminal.said)
        self.assertNotIn(b"\x1b[J", terminal.said)

    def test_unknown_terminal(self):
        process = self.target()
        terminal = self.open(process.pid, TERM="nothing")
        status, words = terminal.end()
        self.assertEqual(status, 1)
        self.assertIn("TERM=nothing", words)


class NotATerminal(unittest.TestCase):
    def test_pipe(self):
        with target("idle") as process, \
                child(STAT, str(process.pid)) as tool:
            self.assertEqual(tool.first[0], "magpool")
            self.assertEqual(tool.wait(timeout=20), 0)


if __name__ == "__main__":
    unittest.main()
