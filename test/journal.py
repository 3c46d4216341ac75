#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lines that MAGPOOL_STATS=json:PATH writes, as a parser reads them.

usage: journal.py REPORTER STATS.DEF
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

REPORTER = sys.argv[1]
ROWS = re.findall(r"^MP_STAT\((\w+), (\w+)",
                  pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"), re.M)
COUNTERS = [name for name, kind in ROWS if kind == "COUNTER"]
# How long the program works, and the interval; a machine that is busy elsewhere
# may leave some out.
WORK, INTERVAL = 200, 10
FILE_BYTES = 16 << 20
LINE_BYTES = 32 << 10


def once(pairs):
    """An object, of which no key comes twice."""
    found = dict(pairs)
    assert len(found) == len(pairs), pairs
    return found


def no_constant(name):
    raise ValueError(name)


def lines_of(path):
    text = path.read_bytes().decode("utf-8")
    assert text.endswith("\n"), text[-100:]
    return [json.loads(line, object_pairs_hook=once,
                       parse_constant=no_constant)
            for line in text.splitlines()]


class Journal(unittest.TestCase):
    def setUp(self):
        self.held = tempfile.TemporaryDirectory()
        self.addCleanup(self.held.cleanup)
        self.place = pathlib.Path(self.held.name)
        self.path = self.place / "stats.json"

    def start(self, *verbs, path=None, interval=f"{INTERVAL}ms", **more):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("MAGPOOL_")
                       or name == "MAGPOOL_DEBUG"}
        environment.update(more, MAGPOOL_TRIM_INTERVAL=interval,
                           MAGPOOL_STATS=f"json:{path or self.path}")
        return subprocess.Popen([REPORTER, *verbs], env=environment,
                                stderr=subprocess.PIPE, text=True)

    def end(self, process, said=""):
        _, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, errors), (0, said))

    def run_it(self, *verbs, **more):
        """The lines of one run."""
        self.end(self.start(*verbs, **more))
        return lines_of(self.path)

    def check_order(self, lines):
        """Of one process from its start to its end."""
        self.assertEqual(lines[0]["event"], "start")
        self.assertEqual(lines[-1]["event"], "exit")
        for number, line in enumerate(lines, 1):
            self.assertEqual(line["line"], number)
            self.assertEqual(line["lost"], 0)
            self.assertEqual(line["pid"], lines[0]["pid"])
        for before, after in zip(lines, lines[1:]):
            self.assertLessEqual(before["time"], after["time"])
            for name in COUNTERS:
                self.assertLessEqual(before["all_pools"]["values"][name],
                                     after["all_pools"]["values"][name])

    # ---- what is in a line --------------------------------------------------

    def test_a_line_has_all_numbers(self):
        lines = self.run_it("work", interval="off")
        self.assertEqual([line["event"] for line in lines], ["start", "exit"])
        self.check_order(lines)
        for line in lines:
            self.assertEqual(list(line), [
                "magpool", "event", "time", "pid", "line", "lost", "pools",
                "hidden_pools", "all_pools"])
            pool, = line["pools"]
            self.assertEqual((pool["name"], pool["number"], pool["state"]),
                             ("default", 1, "open"))
            for values in (pool["values"], line["all_pools"]["values"]):
                self.assertEqual(list(values), [name for name, _ in ROWS])
                self.assertTrue(all(isinstance(n, int) and 0 <= n < 1 << 64
                                    for n in values.values()))
        last = lines[-1]["all_pools"]["values"]
        self.assertGreater(last["gets"], 1000)
        self.assertEqual(last["gets"], last["returns"])
        self.assertEqual(last["page_size"], 4096)

    def test_time_and_process(self):
        process = self.start("use")
        pid = process.pid
        self.end(process)
        for line in lines_of(self.path):
            self.assertEqual(line["pid"], pid)
            self.assertLess(abs(line["time"] - self.path.stat().st_mtime), 5)

    def test_pools(self):
        first, *_, last = self.run_it("pools", interval="off")
        self.assertEqual(len(first["pools"]), 1)
        pools = last["pools"]
        self.assertGreater(len(pools), 5)
        # One has ended, and is in the sum.
        self.assertEqual(len(pools) + last["hidden_pools"], 60)
        self.assertGreater(last["hidden_pools"], 0)
        self.assertEqual(last["all_pools"]["values"]["gets"], 60 * 40 + 1)
        self.assertLessEqual(max(map(len, self.path.read_text().splitlines())),
                             LINE_BYTES)
        self.assertEqual(len({pool["number"] for pool in pools}), len(pools))
        for pool in pools:
            abandoned = pool["values"]["arenas_out"] == 1
            self.assertEqual(pool["state"],
                             "abandoned" if abandoned else "open")

    def test_names_of_pools(self):
        last = self.run_it("names", interval="off")[-1]
        self.assertEqual({pool["name"] for pool in last["pools"]}, {
            "default", 'a "quoted" \\name', "\u00e4\u20ac",
            "\ufffd cut \ufffd\ufffd"})
        for name, kind in ROWS:
            if kind == "COUNTER":
                self.assertEqual(last["all_pools"]["values"][name], sum(
                    pool["values"][name] for pool in last["pools"]))

    # ---- when ---------------------------------------------------------------

    def check_intervals(self, lines):
        self.check_order(lines)
        middle = lines[1:-1]
        self.assertTrue(all(line["event"] == "interval" for line in middle))
        self.assertLessEqual(len(middle), WORK // INTERVAL + 5)
        self.assertGreaterEqual(len(middle), WORK // INTERVAL // 8)

    def test_trips_write(self):
        self.check_intervals(self.run_it("work"))

    def test_no_trip_no_line(self):
        lines = self.run_it("rest")
        self.assertLessEqual(len(lines), 3)

    def test_trims_write(self):
        lines = self.run_it("trim")
        self.check_order(lines)
        self.assertGreaterEqual(len(lines), 8)

    def test_the_background_thread_writes(self):
        self.check_intervals(self.run_it("rest", MAGPOOL_BACKGROUND="1"))

    def test_debug_pools_write(self):
        self.check_intervals(self.run_it("work", MAGPOOL_DEBUG="1"))

    def test_many_threads(self):
        lines = self.run_it("threads", interval="1ms")
        self.check_order(lines)
        self.assertGreater(len(lines), 5)

    def test_exit_with_busy_threads(self):
        for _ in range(10):
            self.end(self.start("busy", interval="1ms"))
            self.assertEqual(lines_of(self.path)[-1]["event"], "exit")
            self.path.unlink()

    # ---- the file -----------------------------------------------------------

    def test_a_name_for_each_process(self):
        process = self.start("forks", path=self.place / "%p-100%%")
        self.end(process)
        files = {int(path.name.partition("-")[0]): lines_of(path)
                 for path in self.place.iterdir()}
        self.assertEqual(len(files), 2)
        self.check_order(files.pop(process.pid))
        (child, lines), = files.items()
        self.assertEqual(lines[-1]["event"], "exit")
        self.assertEqual([line["line"] for line in lines],
                         list(range(1, len(lines) + 1)))
        self.assertEqual({line["pid"] for line in lines}, {child})

    def test_a_file_for_all_processes(self):
        started = [self.start("forks", interval="1ms") for _ in range(4)]
        for process in started:
            self.end(process)
        # Who looked in the middle of a line, long enough, took it for cut.
        text = re.sub(rb"\n+", b"\n", self.path.read_bytes())
        self.path.write_bytes(text)
        lines = lines_of(self.path)
        self.assertEqual(len({line["pid"] for line in lines}), 8)
        self.assertEqual(sum(line["event"] == "exit" for line in lines), 8)

    def test_it_starts_anew(self):
        line = b'{"magpool":"0"}\n'
        self.path.write_bytes(line)
        os.truncate(self.path, FILE_BYTES - 5000)
        lines = self.run_it("work", interval="1ms")
        self.assertLess(self.path.stat().st_size, FILE_BYTES)
        self.assertGreater(lines[0]["line"], 1)
        self.assertEqual(lines[-1]["event"], "exit")

    def test_the_host_closes_all_files(self):
        self.check_order(self.run_it("closes", interval="1ms"))

    def test_no_descriptor_is_kept(self):
        process = self.start("rest")
        while not self.path.exists() or not self.path.stat().st_size:
            pass
        # It rests; a look may come in the middle of its trip's line.
        held = [{os.path.realpath(f"/proc/{process.pid}/fd/{number}")
                 for number in os.listdir(f"/proc/{process.pid}/fd")}
                for _ in range(20) if not time.sleep(0.002)]
        self.end(process)
        self.assertTrue(any(str(self.path) not in files for files in held))

    # ---- what goes wrong ----------------------------------------------------

    def refused(self, path, *reasons):
        """One line, once, and all else is as usual."""
        process = self.start("use", path=path)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertIn(errors[-300:], [
            f"magpool: MAGPOOL_STATS: {path}: a line is lost: {reason}\n"
            for reason in reasons])
        self.end(self.start("use", path=path, MAGPOOL_QUIET="1"))
        strict = self.start("use", path=path, MAGPOOL_STRICT="1")
        strict.communicate(timeout=60)
        self.assertEqual(strict.returncode, -6)

    def test_no_directory(self):
        self.refused(self.place / "none/file", "no such directory")

    def test_a_directory(self):
        self.refused(self.place, "a directory")

    def test_a_file_of_others(self):
        self.path.write_text("precious\n", encoding="utf-8")
        self.refused(self.path, "it is there and has something else in it")
        self.assertEqual(self.path.read_text(encoding="utf-8"), "precious\n")

    def test_no_file(self):
        os.mkfifo(self.path)
        self.refused(self.path, "not a regular file")
        self.refused("/dev/full", "not a regular file")

    def test_a_link(self):
        self.path.symlink_to("/etc/passwd")
        self.refused(self.path, "a symbolic link")

    def test_names_that_are_too_long(self):
        path = self.place / "%p%p" / "/".join("x" * 80 for _ in range(12))
        _, errors = self.start("use", path=path).communicate(timeout=60)
        self.assertTrue(errors.endswith(": no such directory\n"), errors)
        _, errors = self.start("use", path="%p" * 500).communicate(timeout=60)
        self.assertTrue(errors.endswith(": too long\n"), errors)

    def test_something_else(self):
        # The second one if we are root.
        self.refused("/proc/version", "permission denied", "errno 5")

    def test_the_limit_on_files(self):
        reason = "the limit on the size of files"
        said = (f"magpool: MAGPOOL_STATS: {self.path}: a line is lost: "
                f"{reason}\n")
        self.end(self.start("limit"), said)
        self.assertEqual(self.path.read_bytes(), b"")

    def test_lost_lines_are_counted(self):
        directory = self.place / "later"
        process = self.start("rest", "use", "work", path=directory / "file")
        while not process.stderr.readline():
            pass
        directory.mkdir()
        self.end(process)
        line = lines_of(directory / "file")[0]
        self.assertGreaterEqual(line["lost"], 1)
        self.assertEqual(line["line"], line["lost"] + 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
