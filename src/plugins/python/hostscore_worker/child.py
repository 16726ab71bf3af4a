"""What the forked process of one call does: it becomes a group of its own, imports the plugin, runs its method, and ends."""

from __future__ import annotations

import atexit
import os
import sys

# What the module signal wraps, which looks up names for numbers at every call, in memory that a fork has made dear.
import _signal

from .trial import flush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, NoReturn, Tuple

    from .folder import Folder


def run_child(folder: Folder, unit: str, method: str, arguments: List[Any], out: int, err: int) -> NoReturn:
    """Imports the plugin and runs `unit().method(*arguments)` with `out` and `err` as its output."""
    status = 1
    try:
        # Of the same session still, by which hostscore finds what this process leaves behind when its parent dies.
        os.setpgid(0, 0)
        _signal.set_wakeup_fd(-1)
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        folder.is_shut = False
        status = _call(folder, unit, method, arguments, (out, err))
    finally:
        os._exit(status)


def _call(folder: Folder, unit: str, method: str, arguments: List[Any], outputs: Tuple[int, int]) -> int:
    status = 0
    try:
        try:
            module = folder.import_plugin()
        finally:
            # What a plugin prints while it is imported is no answer.
            flush()
            _redirect(outputs)
        getattr(getattr(module, unit)(), method)(*arguments)
        _finish_threads()
    except SystemExit as end:
        status = _status_of(end)
    except BaseException as error:
        _print_error(type(error), error, _plugin_frames(error))
        status = 1
    try:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        _print_error(*sys.exc_info())
        status = 1
    return status


def _redirect(outputs: Tuple[int, int]) -> None:
    for fd, standard in zip(outputs, (1, 2)):
        os.dup2(fd, standard)
        os.close(fd)


def _plugin_frames(error: BaseException) -> Any:
    """The traceback without the frames of this package and of the import system."""
    frames = error.__traceback__
    while frames is not None and (
        frames.tb_frame.f_globals.get("__package__") == __package__
        or frames.tb_frame.f_code.co_filename.startswith("<frozen importlib")
    ):
        frames = frames.tb_next
    return frames


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
