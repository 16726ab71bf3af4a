"""What the forked process of one call does: it becomes a group of its own, runs the plugin's method, and ends."""

from __future__ import annotations

import atexit
import os
import sys

# What the module signal wraps, which looks up names for numbers at every call, in memory that a fork has made dear.
import _signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, List, NoReturn


def run_child(module: ModuleType, unit: str, method: str, arguments: List[Any], out: int, err: int) -> NoReturn:
    """Runs `unit().method(*arguments)` with `out` and `err` as its output."""
    status = 1
    try:
        # Of the same session still, by which hostscore finds what this process leaves behind when its parent dies.
        os.setpgid(0, 0)
        _signal.set_wakeup_fd(-1)
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        status = _call(module, unit, method, arguments)
    finally:
        os._exit(status)


def _call(module: ModuleType, unit: str, method: str, arguments: List[Any]) -> int:
    status = 0
    try:
        getattr(getattr(module, unit)(), method)(*arguments)
        _finish_threads()
    except SystemExit as end:
        status = _status_of(end)
    except BaseException as error:
        # Without this function's own frame.
        frames = error.__traceback__.tb_next if error.__traceback__ else None
        _print_error(type(error), error, frames)
        status = 1
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        _print_error(*sys.exc_info())
        status = 1
    return status


def _print_error(*error: Any) -> None:
    # Loaded where it is needed only: what is loaded in the warm process makes every fork of it dearer.
    import traceback

    traceback.print_exception(*error)


def _finish_threads() -> None:
    threading = sys.modules.get("threading")
    if threading is None or threading.active_count() == 1:
        return
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _status_of(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return (end.code or 0) & 0xFF
    print(end.code, file=sys.stderr)
    return 1
