"""The calls that run: each a forked process with a group, an output and an end of its own."""

from __future__ import annotations

import fcntl
import os
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, NoReturn, Optional, Sequence

    # A unit, its method and arguments, and the file descriptors of its stdout and stderr.
    Child = Callable[[str, str, List[Any], int, int], NoReturn]

_READ_BYTES = 1 << 16

# What a call may print before it has to wait until it is read; what an ordinary user may ask for on Linux.
_PIPE_BYTES = 1 << 20
# Of <fcntl.h>; Python names it since 3.10.
_F_SETPIPE_SZ = 1031


class Output:
    """What a process writes to one of its two outputs, as far as it is kept."""

    def __init__(self, limit: int) -> None:
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        try:
            fcntl.fcntl(self.write_end, _F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:
            # The user has too many of that size: a long answer takes more turns then.
            pass
        # Joined at the end only: mostly it is one, which then need not be copied.
        self._parts: List[bytes] = []
        self._room = limit

    def drain(self) -> bool:
        """Takes what is there to read. False when it is more than the limit."""
        while True:
            try:
                read = os.read(self.read_end, _READ_BYTES)
            except BlockingIOError:
                return True
            if not read:
                return True
            self._parts.append(read[: self._room])
            self._room -= len(read)
            if self._room < 0:
                return False
            if len(read) < _READ_BYTES:
                # A pipe gives all that it has.
                return True

    def text(self) -> bytes:
        """What was taken, up to the limit."""
        return b"".join(self._parts)

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
        self.is_killed = False

    def kill(self) -> None:
        """Ends the process and its whole group. Must not be called once the process was waited for."""
        self.is_killed = True
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
        child: Child,
        limits: Dict[str, int],
        private: Sequence[int],
        done: Callable[[Run, int], None],
    ) -> None:
        """`child` is what the process of a call does; `private` are file descriptors that it may not see."""
        self._child = child
        self._limits = limits
        self._private = private
        self._done = done
        self._runs: Dict[int, Run] = {}
        self._drained = time.monotonic()

    def start(self, id: int, unit: str, method: str, arguments: List[Any]) -> None:
        """Forks a process for a call. Raises StartError."""
        try:
            self._runs[id] = self._fork(id, unit, method, arguments)
        except OSError as error:
            raise StartError("no process could be started for the call: %s" % error) from error

    def __bool__(self) -> bool:
        return bool(self._runs)

    def drain(self, interval: float) -> None:
        """Reads what the calls have written, once in so many seconds; kills those for which it is too much."""
        now = time.monotonic()
        if now - self._drained < interval:
            return
        self._drained = now
        for run in self._runs.values():
            if run.overflow is None:
                self._drain(run)
                if run.overflow is not None:
                    run.kill()

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
            # What a call that was not late leaves running is to go on. As long as it was not waited for, no other
            # process can have its id.
            if run.is_killed:
                run.kill()
            _, status = os.waitpid(run.pid, 0)
            self._finish(run, status)

    def _fork(self, id: int, unit: str, method: str, arguments: List[Any]) -> Run:
        out = Output(self._limits["output_bytes"])
        err = Output(self._limits["error_bytes"])
        pid = os.fork()
        if pid == 0:
            self._close_for_child(out, err)
            self._child(unit, method, arguments, out.write_end, err.write_end)
        run = Run(id, pid, out, err)
        out.close_write_end()
        err.close_write_end()
        return run

    def _finish(self, run: Run, status: int) -> None:
        del self._runs[run.id]
        if run.overflow is None:
            self._drain(run)
        os.close(run.out.read_end)
        os.close(run.err.read_end)
        self._done(run, status)

    def _drain(self, run: Run) -> None:
        for name, output in (("stdout", run.out), ("stderr", run.err)):
            if not output.drain():
                run.overflow = name

    def _close_for_child(self, out: Output, err: Output) -> None:
        for output in (out, err):
            os.close(output.read_end)
        for fd in self._private:
            os.close(fd)
        for run in self._runs.values():
            os.close(run.out.read_end)
            os.close(run.err.read_end)
