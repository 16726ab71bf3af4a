"""The calls that run: each a forked process with a group, an output and an end of its own."""

import os
import selectors
import signal
from types import ModuleType
from typing import Any, Callable, Dict, List, Optional, Sequence

from .child import run_child

_READ_BYTES = 1 << 16


class Output:
    """What a process writes to one of its two outputs, as far as it is kept."""

    def __init__(self, limit: int) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        self.text = bytearray()
        # Every writer has closed it: there is nothing more to wait for.
        self.ended = False
        self._limit = limit

    def drain(self) -> bool:
        """Takes what is there to read. False when it is more than the limit."""
        while True:
            try:
                read = os.read(self.read_end, _READ_BYTES)
            except BlockingIOError:
                return True
            if not read:
                self.ended = True
                return True
            self.text += read
            if len(self.text) > self._limit:
                del self.text[self._limit :]
                return False

    def close_write_end(self) -> None:
        os.close(self.write_end)


class StartError(Exception):
    """A call could not be started, since the machine has no process or no file descriptor left for it."""


class Run:
    """One call of a plugin."""

    def __init__(self, id: int, pid: int, out: Output, err: Output) -> None:
        self.id = id
        self.pid = pid
        self.out = out
        self.err = err
        # The name of the output that was over its limit.
        self.overflow: Optional[str] = None

    def kill(self) -> None:
        """Ends the process and its whole group. Must not be called once the process was waited for."""
        for kill in (os.killpg, os.kill):
            try:
                kill(self.pid, signal.SIGKILL)
            except OSError:
                # Not yet leader of a group, or nothing of it is left.
                pass


class Runs:
    """Starts calls, reads their output and tells `done` of the end of each."""

    def __init__(
        self,
        module: ModuleType,
        selector: selectors.BaseSelector,
        limits: Dict[str, int],
        private: Sequence[int],
        done: Callable[[Run, int], None],
    ) -> None:
        """`private` are file descriptors that no call may see."""
        self._module = module
        self._selector = selector
        self._limits = limits
        self._private = private
        self._done = done
        self._runs: Dict[int, Run] = {}

    def start(self, id: int, unit: str, method: str, arguments: List[Any]) -> None:
        """Forks a process for a call. Raises StartError."""
        try:
            self._runs[id] = self._fork(id, unit, method, arguments)
        except OSError as error:
            raise StartError("no process could be started for the call: %s" % error) from error

    def read(self, run: Run, output: Output) -> None:
        """Reads what a process wrote; kills it when that is too much."""
        if run.overflow is None and not output.drain():
            run.overflow = "stdout" if output is run.out else "stderr"
            self._unregister(run)
            run.kill()
        elif output.ended:
            self._selector.unregister(output.read_end)

    def kill(self, id: int) -> None:
        """Kills a call that may have ended already."""
        run = self._runs.get(id)
        if run is not None:
            run.kill()

    def kill_all(self) -> None:
        for run in self._runs.values():
            run.kill()

    def reap(self) -> None:
        """Finishes the calls whose process has ended."""
        for run in list(self._runs.values()):
            if os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            # As long as it was not waited for, no other process can have its id.
            run.kill()
            _, status = os.waitpid(run.pid, 0)
            self._finish(run, status)

    def _fork(self, id: int, unit: str, method: str, arguments: List[Any]) -> Run:
        out = Output(self._limits["output_bytes"])
        err = Output(self._limits["error_bytes"])
        pid = os.fork()
        if pid == 0:
            self._close_for_child(out, err)
            run_child(self._module, unit, method, arguments, out.write_end, err.write_end)
        run = Run(id, pid, out, err)
        for output in (out, err):
            output.close_write_end()
            self._selector.register(output.read_end, selectors.EVENT_READ, (run, output))
        return run

    def _finish(self, run: Run, status: int) -> None:
        del self._runs[run.id]
        self._unregister(run)
        for name, output in (("stdout", run.out), ("stderr", run.err)):
            if run.overflow is None and not output.drain():
                run.overflow = name
            os.close(output.read_end)
        self._done(run, status)

    def _unregister(self, run: Run) -> None:
        for output in (run.out, run.err):
            if output.read_end in self._selector.get_map():
                self._selector.unregister(output.read_end)

    def _close_for_child(self, out: Output, err: Output) -> None:
        for output in (out, err):
            os.close(output.read_end)
        for fd in self._private:
            os.close(fd)
        for run in self._runs.values():
            os.close(run.out.read_end)
            os.close(run.err.read_end)
