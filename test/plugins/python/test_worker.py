"""Unit tests of the Python side. Run by test/plugins/python.test.ts, or: python3 -m unittest discover -s test/plugins/python"""

import json
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
import unittest
from functools import partial

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "src", "plugins", "python"))

from hostscore_worker.channel import Channel, read_json  # noqa: E402
from hostscore_worker.child import run_child  # noqa: E402
from hostscore_worker.folder import Folder, PluginFileError, preload  # noqa: E402
from hostscore_worker.runs import Output, Runs  # noqa: E402
from hostscore_worker.trial import try_plugin  # noqa: E402
from hostscore_worker.units import find_units  # noqa: E402


class ChannelTest(unittest.TestCase):
    def setUp(self):
        self.near, self.far = socket.socketpair()
        self.channel = Channel(self.near.fileno())
        self.addCleanup(self.near.close)
        self.addCleanup(self.far.close)

    def frame(self, header, body=b""):
        text = json.dumps(header).encode()
        return struct.pack("!II", len(text), len(body)) + text + body

    def test_reads_frames_at_every_split(self):
        frames = self.frame({"n": 1, "ü": "✓"}, b"\x00\xff") + self.frame({"n": 2})
        for cut in range(1, len(frames)):
            self.far.sendall(frames[:cut])
            read = self.channel.receive()
            self.far.sendall(frames[cut:])
            read += self.channel.receive()
            self.assertEqual(read, [({"n": 1, "ü": "✓"}, b"\x00\xff"), ({"n": 2}, b"")], cut)

    def test_reads_json_as_it_is_sent(self):
        for value in ([], {}, ["ü✓", 1, -1.5, None, True, {"a": ["b"]}], "x", 7):
            for ascii in (True, False):
                self.assertEqual(read_json(json.dumps(value, ensure_ascii=ascii).encode()), value)

    def test_says_when_the_other_end_is_gone(self):
        self.far.close()
        self.assertIsNone(self.channel.receive())

    def test_sends_more_than_fits_at_once(self):
        body = bytearray(os.urandom(2 << 20))
        received = bytearray()

        def drain():
            while len(received) < len(body) + 8 + len('{"n": 1}'):
                received.extend(self.far.recv(1 << 16))

        reader = threading.Thread(target=drain)
        reader.start()
        self.channel.send({"n": 1}, body[:1000], body[1000:])
        reader.join()
        self.assertEqual(received, self.frame({"n": 1}, bytes(body)))


class InFolderTest(unittest.TestCase):
    """Puts what a plugin changes of this process back as it was."""

    def setUp(self):
        self.folder = self.temporary_folder()
        here, path, modules, hooks = os.getcwd(), list(sys.path), set(sys.modules), list(sys.path_hooks)

        def restore():
            os.chdir(here)
            sys.path[:] = path
            sys.path_hooks[:] = hooks
            sys.path_importer_cache.clear()
            for name in set(sys.modules) - modules:
                del sys.modules[name]

        self.addCleanup(restore)

    def temporary_folder(self):
        path = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, path)
        return path

    def write(self, name, text, folder=None):
        path = os.path.join(folder or self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def entered(self, path):
        folder = Folder(path)
        folder.enter()
        return folder

    def tried(self, path):
        unused = os.open("/dev/null", os.O_RDONLY)
        self.addCleanup(os.close, unused)
        folder = self.entered(path)
        return folder, try_plugin(folder, 60, unused)


class UnitsTest(InFolderTest):
    def units(self, path):
        return find_units(self.entered(path).import_plugin())

    def test_finds_units_in_order_with_methods_doc_strings_and_properties(self):
        path = self.write(
            "one.py",
            "class b:\n"
            "    properties_validation = 'a=1'\n"
            "    def do_score(self): '''Scores\n        hosts.'''\n"
            "class a(b):\n"
            "    def do_filter(self): pass\n"
            "class neither: pass\n"
            "class odd:\n"
            "    properties_validation = 5\n"
            "    do_balance = 'no method'\n"
            "do_score = lambda: None\n",
        )
        self.assertEqual(
            self.units(path),
            [
                {"name": "b", "methods": {"do_score": "Scores\nhosts."}, "properties": "a=1"},
                {"name": "a", "methods": {"do_filter": "", "do_score": "Scores\nhosts."}, "properties": "a=1"},
            ],
        )

    def test_leaves_classes_of_files_beside_it_to_them(self):
        self.write("other.py", "class other:\n    def do_score(self): pass\n")
        path = self.write("one.py", "from other import other\nclass one(other): pass\n")
        self.assertEqual([unit["name"] for unit in self.units(path)], ["one"])

    def test_takes_classes_of_a_package_elsewhere(self):
        self.write("inner/__init__.py", "class unit:\n    def do_score(self): pass\n")
        path = self.write("one.py", "from inner import unit\n")
        self.assertEqual([unit["name"] for unit in self.units(path)], ["unit"])

    def test_does_not_put_a_plugin_in_the_place_of_a_module_that_is_there(self):
        path = self.write("json.py", "class unit:\n    def do_score(self): pass\n")
        self.assertEqual([unit["name"] for unit in self.units(path)], ["unit"])
        self.assertIs(sys.modules["json"], json)


class TrialTest(InFolderTest):
    def test_reports_units_files_and_what_comes_from_outside_and_takes_their_code(self):
        helper = self.write("inner/helper.py", "import this_is_sdk\n")
        package = self.write("inner/__init__.py", "")
        outside = self.temporary_folder()
        self.write("this_is_sdk.py", "", outside)
        sys.path.append(outside)
        path = self.write("one.py", "import inner.helper\nclass one:\n    def do_score(self): pass\n")
        folder, report = self.tried(path)
        self.assertEqual([unit["name"] for unit in report["units"]], ["one"])
        self.assertEqual(report["files"], sorted([path, helper, package]))
        self.assertEqual(report["modules"], ["this_is_sdk"])
        self.assertEqual(report["slower"], "")
        self.assertEqual(sorted(folder.codes), sorted([path, helper, package]))
        self.assertNotIn("inner", sys.modules)

    def test_names_what_an_import_changes_and_then_nothing_to_load_beforehand(self):
        for text, changed in (
            ("import this, sys\nsys.path.append('/x')\n", "sys.path"),
            ("import this, os\nos.environ['X'] = 'y'\n", "os.environ"),
            ("import this, os\nos.chdir('/')\n", "the current folder"),
            ("import this, os, sys\nsys.path.pop()\nos.environ.clear()\n", "sys.path and os.environ"),
        ):
            _, report = self.tried(self.write("one.py", text))
            self.assertEqual((report["slower"], report["modules"]), (changed, []), text)

    def test_names_the_line_of_what_an_import_raises(self):
        for text, reason in (
            ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name' (line 1)"),
            ("\n\nraise ValueError('two\\nlines')", "ValueError: two lines (line 3)"),
            ("def f():\n  raise KeyError\nf()", "KeyError (line 2)"),
            ("raise SystemExit('not today')", "SystemExit: not today (line 1)"),
            ("x = 1\nclass :", "SyntaxError: invalid syntax (line 2)"),
        ):
            folder, report = self.tried(self.write("bad.py", text))
            self.assertEqual(report, {"failed": reason})
            self.assertEqual(folder.codes, {})

    def test_the_warm_process_runs_no_file_of_the_folder(self):
        self.write("local_settings.py", "raise SystemExit('it runs')\n")
        outside = self.temporary_folder()
        asks = "import sdk_part\ntry:\n    import local_settings\nexcept Exception:\n    pass\n"
        self.write("sdk_with_settings.py", asks, outside)
        self.write("sdk_part.py", "", outside)
        sys.path.append(outside)
        folder = self.entered(self.write("one.py", ""))
        folder.is_shut = True
        preload(["sdk_with_settings", "no_such_module", "sdk_part"])
        self.assertNotIn("sdk_with_settings", sys.modules)
        self.assertIn("sdk_part", sys.modules)
        with self.assertRaises(PluginFileError):
            import local_settings  # noqa: F401


class RunsTest(unittest.TestCase):
    def run_one(self, do_score, limits=None, kill=False):
        """Runs one call to its end; its status and the run."""

        class Module:
            unit = type("unit", (), {"do_score": do_score})

        class Plugin:
            import_plugin = staticmethod(lambda: Module)

        ended = []
        runs = Runs(
            partial(run_child, Plugin),
            limits or {"output_bytes": 1 << 20, "error_bytes": 1 << 16},
            (),
            lambda run, status: ended.append((run, status)),
        )
        runs.start(1, "unit", "do_score", [["host"], "vm", {}])
        if kill:
            runs.kill(1)
        while not ended:
            runs.drain(0)
            runs.reap()
        self.assertFalse(runs)
        return ended[0]

    def test_gives_back_what_a_call_prints(self):
        run, status = self.run_one(lambda self, hosts, vm, args: print(hosts, vm, args))
        self.assertEqual((run.out.text(), run.err.text(), status), (b"['host'] vm {}\n", b"", 0))

    def test_gives_back_a_traceback_without_its_own_frames(self):
        def do_score(self, hosts, vm, args):
            raise ValueError("no")

        run, status = self.run_one(do_score)
        self.assertEqual(os.WEXITSTATUS(status), 1)
        self.assertIn(b"ValueError: no", run.err.text())
        self.assertNotIn(b"hostscore_worker", run.err.text())

    def test_the_process_leads_a_group_of_its_own(self):
        run, _ = self.run_one(lambda self, hosts, vm, args: print(os.getpgrp() == os.getpid()))
        self.assertEqual(run.out.text(), b"True\n")

    def test_the_process_has_no_signal_handler_of_the_warm_one(self):
        def do_score(self, hosts, vm, args):
            print(signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL, signal.set_wakeup_fd(-1))

        wake_read, wake_write = os.pipe()
        self.addCleanup(os.close, wake_read)
        self.addCleanup(os.close, wake_write)
        os.set_blocking(wake_write, False)
        self.addCleanup(signal.signal, signal.SIGCHLD, signal.signal(signal.SIGCHLD, lambda *_: None))
        self.addCleanup(signal.set_wakeup_fd, signal.set_wakeup_fd(wake_write))
        run, _ = self.run_one(do_score)
        self.assertEqual(run.out.text(), b"True -1\n")

    def test_kills_a_call(self):
        import time

        run, status = self.run_one(lambda self, hosts, vm, args: time.sleep(100), kill=True)
        self.assertEqual(os.WTERMSIG(status), 9)

    def test_kills_a_call_that_prints_more_than_it_may(self):
        run, status = self.run_one(
            lambda self, hosts, vm, args: print("x" * 100000), {"output_bytes": 10, "error_bytes": 10}
        )
        self.assertEqual((run.overflow, run.out.text()), ("stdout", b"x" * 10))

    def test_a_call_sees_no_descriptor_of_another(self):
        def do_score(self, hosts, vm, args):
            print(sorted(int(fd) for fd in os.listdir("/proc/self/fd")))

        before = {int(fd) for fd in os.listdir("/proc/self/fd")}
        run, _ = self.run_one(do_score)
        seen = set(json.loads(run.out.text()))
        # One more is the listing's own.
        self.assertLessEqual(len(seen - before - {0, 1, 2}), 1)

    def test_an_output_keeps_what_it_may_and_says_when_there_is_more(self):
        output = Output(3)
        os.write(output.write_end, b"abc")
        self.assertTrue(output.drain())
        os.write(output.write_end, b"d")
        self.assertFalse(output.drain())
        self.assertEqual(output.text(), b"abc")
        output.close_write_end()
        os.close(output.read_end)


if __name__ == "__main__":
    unittest.main()
