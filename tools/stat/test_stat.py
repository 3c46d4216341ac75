#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""magpool-stat from end to end, but for the full screen (test_screen.py)."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import forge
from test_common import (DAMAGED, DENIED, FORMAT, GONE, NONE, PROGRAM, STAT,
                         child, forged, run, target)

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"
COUNTERS = re.findall(r"^MP_STAT\((\w+), COUNTER",
                      (SOURCE / "stats.def").read_text(), re.M)
ROWS = re.findall(r"^MP_STAT\((\w+),", (SOURCE / "stats.def").read_text(), re.M)
VARIABLES = re.findall(r'"(MAGPOOL_\w+)"', (SOURCE / "config.def").read_text())
NOBODY = 65534


class CommandLine(unittest.TestCase):
    def refused(self, text, *arguments):
        status, said, complained = run(*arguments)
        self.assertEqual((status, said), (2, ""), complained)
        self.assertIn(text, complained)

    def test_mistakes(self):
        self.refused("unrecognized option", "--no-such-option")
        self.refused("PID: `x': expected a whole number", "x")
        self.refused("PID: `0': expected a whole number", "0")
        self.refused("PID: `-5': expected", "--", "-5")
        self.refused("`2': expected one PID", "1", "2")
        self.refused("--interval: `0': expected a number", "-i", "0")
        self.refused("--interval: `nan': expected", "-i", "nan")
        self.refused("--count: `-1': expected", "-n", "-1")
        self.refused("--fields: `a,,b': expected names", "--fields=a,,b")
        self.refused("`nothing': no such field", "--fields=nothing")
        self.refused("`nothing': no such field", "--explain", "nothing")
        self.refused("expected one of --once", "--json", "--once")

    def test_texts(self):
        status, said, _ = run("--help")
        self.assertEqual(status, 0)
        self.assertIn("Exit status:", said)
        self.assertIn("live format 1", run("--version")[1])
        said = run("--config")[1]
        for name in VARIABLES:
            self.assertRegex(said, rf"(?m)^{name}\n  .+; default .+\n  \S")
        said = run("--fields")[1]
        for name in ROWS + ["hit_rate", "contention"]:
            self.assertRegex(said, rf"(?m)^{name} ")
        self.assertIn("gets: arenas handed out (counter, arenas)\n  Calls of",
                      run("--explain", "gets")[1])

    def test_output_that_does_not_arrive(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([STAT, "--config"], stdout=full,
                                  stderr=subprocess.PIPE, text=True,
                                  check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)


class Forged(unittest.TestCase):
    """Segments that no library has written: one line, and a status."""
    STATUS = {"good": 0, "escape": 0, "torn": 0, "newer": FORMAT,
              "older": FORMAT, "empty": NONE, "zeros": NONE, "no magic": NONE,
              "of another": NONE}

    def test_all(self):
        for kind in forge.KINDS:
            with self.subTest(kind), forged(kind) as process:
                status, said, complained = run("--once", process.pid)
                expected = self.STATUS.get(kind, DAMAGED)
                self.assertEqual(status, expected, said + complained)
                if status:
                    self.assertEqual(said, "")
                    self.assertRegex(complained,
                                     rf"^magpool-stat: {process.pid} \(")
                    self.assertEqual(complained.count("\n"), 1)
                self.assertTrue(all(" " <= c <= "~" or c == "\n"
                                    for c in said + complained), said)

    def test_versions(self):
        with forged("newer") as process:
            self.assertIn("magpool 9.1.0 shows its statistics in format 2, "
                          "newer than", run(process.pid, "-1")[2])
        with forged("older") as process:
            self.assertIn("older than", run(process.pid, "-1")[2])

    def test_values(self):
        with forged("good") as process:
            said = json.loads(run("--json", process.pid)[1])
        library = said["processes"][0]["libraries"][0]
        # Two pools of 1000 and 990, and 5 and 5 of one that ended.
        self.assertEqual(library["all_pools"]["values"],
                         {"gets": 2005, "returns": 1985, "arenas_out": 20,
                          "pages_depot": 96})
        pool = library["pools"][1]
        self.assertEqual((pool["name"], pool["number"]), ("second", 2))
        self.assertEqual(pool["values"]["arenas_out"], 10)
        self.assertEqual([s["values"]["pages_depot"] for s in pool["shards"]],
                         [32, 16])
        self.assertEqual([(s["exchanges"], s["cas_failures"])
                          for s in pool["shards"]], [(7, 40), (7, 41)])
        self.assertEqual(pool["caches"][0]["values"],
                         {"gets": 1000, "returns": 990})

    def test_torn(self):
        with forged("torn") as process:
            self.assertIn("changed all the time", run(process.pid)[1])


def label(text):
    return re.fullmatch(r'(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*', text)


def check_metrics(text, is_open):
    """Against the grammar; the number of samples."""
    seen, samples, family, kind = set(), set(), None, None
    lines = text.split("\n")
    assert lines.pop() == "", "no newline at the end"
    if is_open:
        assert lines.pop() == "# EOF"
    for line in lines:
        head = re.fullmatch(r"# (TYPE|HELP) ([a-z_0-9]+) (.+)", line)
        if head and head[1] == "TYPE":
            assert head[2] not in seen, f"{line}: came before"
            family, kind = head[2], head[3]
            assert kind in ("counter", "gauge", "info"), line
            assert is_open or kind != "info"
            seen.add(family)
        elif head:
            assert head[2] == family, line
        else:
            sample = re.fullmatch(r"([a-z_0-9]+)\{(.*)\} (\d+)", line)
            assert sample and label(sample[2]), line
            suffix = {"counter": "_total", "info": "_info"}.get(kind, "")
            name = family + (suffix if is_open else "")
            assert sample[1] == name, f"{line}: not of {family}"
            assert kind != "counter" or sample[1].endswith("_total"), line
            assert sample.group(1, 2) not in samples, f"{line}: twice"
            samples.add(sample.group(1, 2))
    return len(samples)


class Shown(unittest.TestCase):
    """A process that works."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.process = cls.stack.enter_context(
            target("threads=2", "pools=2", "idle"))
        cls.pid = cls.process.pid

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def test_tables(self):
        for arguments in (("--once",), ()):
            status, said, complained = run(*arguments, self.pid)
            self.assertEqual((status, complained), (0, ""))
            self.assertRegex(said, rf"^magpool 0\.\d.* in {self.pid} \(")
            self.assertRegex(said, r"(?m)^all pools +\S+ +\d+\.\d\d ")
            self.assertRegex(said, r"(?m)^default ")
            self.assertRegex(said, r"(?m)^pool 1 ")
            self.assertRegex(said, r"(?m)^  shard 0 ")
            self.assertRegex(said, rf"(?m)^  {self.pid} test_target")
            for name in ROWS:
                self.assertRegex(said, rf"(?m)^{name} +\d+ ")

    def test_rates(self):
        said = run("--once", "-n", 2, "-i", 0.1, self.pid)[1]
        self.assertEqual(said.count("rates of the last 0.1"), 2)

    def test_chosen_fields(self):
        said = run("--once", "--fields=arenas_out,refusals", self.pid)[1]
        self.assertRegex(said, r"(?m)^ +out  refusals/s$")
        self.assertRegex(said, r"(?m)^default +5 +0$")
        self.assertNotIn("bytes", said)

    def test_json(self):
        status, said, _ = run("--json", self.pid)
        process = json.loads(said)["processes"][0]
        library = process["libraries"][0]
        self.assertEqual((status, process["pid"]), (0, self.pid))
        self.assertEqual(list(library["all_pools"]["values"]), ROWS)
        values = library["all_pools"]["values"]
        self.assertEqual(values["arenas_out"],
                         values["gets"] - values["returns"])
        self.assertEqual(values["arenas_out"], 5)
        self.assertEqual([p["name"] for p in library["pools"]],
                         ["default", "pool 1"])
        for name in COUNTERS:
            parts = sum(p["values"][name] for p in library["pools"])
            self.assertEqual(parts, values[name], name)
        shards = [s for p in library["pools"] for s in p["shards"]]
        self.assertLessEqual(sum(s["cas_failures"] for s in shards),
                             values["cas_failures"])
        self.assertTrue(all("cas_failures" in s["rates"] for s in shards))

    def test_json_lines(self):
        said = run("--json", "-n", 3, "-i", 0.05, self.pid)[1]
        lines = [json.loads(line) for line in said.splitlines()]
        self.assertEqual(len(lines), 3)
        self.assertLess(lines[0]["time"], lines[2]["time"])

    def test_metrics(self):
        rows = len(ROWS)
        for pid in ((self.pid,), ()):
            said = run("--openmetrics", *pid)[1]
            self.assertGreaterEqual(check_metrics(said, True), 3 * rows)
            said = run("--prometheus", *pid)[1]
            self.assertGreaterEqual(check_metrics(said, False), 3 * rows)
        with forged("escape"):
            check_metrics(run("--openmetrics")[1], True)
        said = run("-m", "--fields=gets", self.pid)[1]
        self.assertEqual(check_metrics(said, True), 4)

    def test_explained_by_the_process(self):
        said = run("--explain", "gets", self.pid)[1]
        self.assertEqual(said, run("--explain", "gets")[1])
        with forged("good") as process:
            said = run("--explain", "gets", process.pid)[1]
            self.assertIn("A sentence about gets.", said)


class Working(unittest.TestCase):
    def test_counters_never_fall(self):
        with target("threads=2", "pools=2") as process:
            said = run("--json", "-n", 20, "-i", 0.05, process.pid)[1]
        before = {}
        for line in said.splitlines():
            library = json.loads(line)["processes"][0]["libraries"][0]
            values = library["all_pools"]["values"]
            rate = library["all_pools"]["rates"]["gets"]
            if before:
                added = values["gets"] - before["gets"]
                self.assertAlmostEqual(rate * library["seconds"] / added, 1, 5)
            for name in COUNTERS:
                self.assertGreaterEqual(values[name], before.get(name, 0))
                before[name] = values[name]
        self.assertGreater(library["all_pools"]["rates"]["gets"], 0)
        self.assertGreater(library["all_pools"]["rates"]["hit_rate"], 50)

    def test_process_that_ends(self):
        with target("idle") as process:
            watch = subprocess.Popen(
                [STAT, "--json", "-n", "0", "-i", "0.05", str(process.pid)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            watch.stdout.readline()
            process.kill()
            _, complained = watch.communicate(timeout=30)
        self.assertEqual(watch.returncode, GONE)
        self.assertIn("no such process", complained)


class Errors(unittest.TestCase):
    def refused(self, pid, status, text):
        for arguments in (("--once",), ("--json",), ("-m",),
                          ("--explain", "gets")):
            got, said, complained = run(*arguments, pid)
            self.assertEqual((got, said), (status, ""), complained)
            self.assertIn(text, complained)
            self.assertEqual(complained.count("\n"), 1)

    def test_gone(self):
        with target("idle") as process:
            pass
        self.refused(process.pid, GONE, "no such process")

    def test_zombie(self):
        with target("idle") as process:
            process.kill()
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            self.refused(process.pid, GONE, "no such process")

    def test_none(self):
        with child("sh", "-c", "echo ready; read x") as process:
            self.refused(process.pid, NONE, "no magpool inside")

    def test_off(self):
        with target("idle", MAGPOOL_STATS="off") as process:
            self.refused(process.pid, NONE, "MAGPOOL_STATS=off")

    @unittest.skipUnless(os.geteuid() == 0, "only root can be somebody else")
    def test_denied(self):
        with tempfile.TemporaryDirectory() as folder, \
                target("idle") as process:
            os.chmod(folder, 0o755)
            tool = shutil.copy(STAT, folder)
            done = subprocess.run([tool, "--once", str(process.pid)],
                                  user=NOBODY, group=NOBODY, extra_groups=[],
                                  stderr=subprocess.PIPE, text=True, cwd="/",
                                  check=False)
            self.assertEqual(done.returncode, DENIED)
            self.assertIn("permission denied", done.stderr)
            done = subprocess.run([tool], user=NOBODY, group=NOBODY, cwd="/",
                                  extra_groups=[], stderr=subprocess.PIPE,
                                  text=True, check=False)
            self.assertEqual(done.returncode, NONE)


def wait_until(condition):
    for _ in range(200):
        if condition():
            return True
    return False


def listed():
    return {int(line.split()[0]) for line in run()[1].splitlines()[1:]}


class Listed(unittest.TestCase):
    def test_columns(self):
        with target("pools=3") as process:
            line = next(line.split() for line in run()[1].splitlines()
                        if line.split()[0] == str(process.pid))
            self.assertEqual(line[1], pathlib.Path(PROGRAM).name[:15])
            self.assertEqual(line[3], "3")
            self.assertRegex(line[5], r"^\d.*[kM]$")

    def test_closed_descriptor(self):
        with target("idle", "close") as process:
            links = [os.readlink(entry.path) for entry in
                     os.scandir(f"/proc/{process.pid}/fd")]
            self.assertFalse([l for l in links if "magpool" in l])
            self.assertEqual(run("--once", process.pid)[0], 0)
            self.assertIn(process.pid, listed())

    def test_fork(self):
        with target("idle", "fork") as process:
            other = int(process.first[1])
            self.assertGreater(other, 0)
            try:
                self.assertTrue(wait_until(lambda: other in listed()))
                self.assertIn(process.pid, listed())
                said = json.loads(run("--json", other)[1])
                library = said["processes"][0]["libraries"][0]
                self.assertTrue(library["forked"])
            finally:
                os.kill(other, signal.SIGKILL)

    def test_exec(self):
        with target("idle") as process:
            process.stdin.write("exec\n")
            process.stdin.flush()
            for _ in range(200):
                status, _, complained = run("--once", process.pid)
                if status:
                    break
            self.assertEqual(status, NONE, complained)

    def test_200_processes(self):
        with contextlib.ExitStack() as stack:
            all_of_them = [stack.enter_context(target("idle"))
                           for _ in range(200)]
            pids = {process.pid for process in all_of_them}
            self.assertEqual(len(pids), 200)
            self.assertLessEqual(pids, listed())
            for process in all_of_them[:100]:
                process.kill()
                process.wait()
            left = {process.pid for process in all_of_them[100:]}
            self.assertEqual(listed() & pids, left)


if __name__ == "__main__":
    unittest.main()
