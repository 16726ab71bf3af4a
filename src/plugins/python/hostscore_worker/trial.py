"""The trial of a plugin: a process that is thrown away imports its file and reports what there is."""

from __future__ import annotations

import atexit
import marshal
import os
import signal
import sys

from .channel import Channel
from .units import find_units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, NoReturn, Set

    from .folder import Folder


def try_plugin(folder: Folder, seconds: int, private: int) -> Dict[str, Any]:
    """Imports the plugin in a process of its own, which does not see `private`, and takes over the code that it compiled.

    Returns {"failed": reason}, or {"units", "files", "modules", "slower"}. When that process ends without a word, this
    one ends in the same way.
    """
    near, far = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(near)
        os.close(private)
        _try(folder, far, seconds)
    os.close(far)
    channel = Channel(near)
    frames = []
    while not frames:
        received = channel.receive()
        if received is None:
            break
        frames = received
    os.close(near)
    if not frames:
        _end_likewise(os.waitpid(pid, 0)[1])
    report, codes = frames[0]
    if "failed" in report:
        _kill_group(pid)
    else:
        folder.codes.update(marshal.loads(codes))
    os.waitpid(pid, 0)
    return report


def _try(folder: Folder, channel_fd: int, seconds: int) -> NoReturn:
    try:
        os.setpgid(0, 0)
        # Ends it when the import hangs and hostscore is not there any more to see it.
        signal.alarm(seconds)
        codes = b""
        try:
            report = _report(folder)
            atexit._run_exitfuncs()
            codes = marshal.dumps(folder.codes)
        except BaseException as error:
            report = {"failed": _reason(error, folder.plugin)}
        flush()
        Channel(channel_fd).send(report, codes)
    finally:
        os._exit(0)


def _report(folder: Folder) -> Dict[str, Any]:
    loaded = set(sys.modules)
    surroundings = (list(sys.path), dict(os.environ), os.getcwd())
    module = folder.import_plugin()
    changed = [
        name
        for name, before, now in zip(
            ("sys.path", "os.environ", "the current folder"),
            surroundings,
            (list(sys.path), dict(os.environ), os.getcwd()),
        )
        if before != now
    ]
    modules = _modules_from_outside(folder, loaded)
    return {
        "units": find_units(module),
        "files": _files_in(folder),
        "modules": [] if changed else modules,
        "slower": " and ".join(changed) if modules else "",
    }


def _modules_from_outside(folder: Folder, loaded: Set[str]) -> List[str]:
    plugin = os.path.splitext(os.path.basename(folder.plugin))[0]
    return [
        name
        for name in list(sys.modules)
        if name not in loaded and name != plugin and not any(map(folder.holds, _places_of(name)))
    ]


def _files_in(folder: Folder) -> List[str]:
    files = {file for name in list(sys.modules) for file in _places_of(name) if os.path.isfile(file)}
    return sorted(filter(folder.holds, files))


def _places_of(name: str) -> List[str]:
    """The file of a loaded module, and the folders of a package."""
    module = sys.modules.get(name)
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return [place for place in places if isinstance(place, str)]


def flush() -> None:
    """Writes what is still to be written, which would else be written by every process that is forked."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            # The plugin has closed it, or put something else in its place.
            pass


def _reason(error: BaseException, path: str) -> str:
    """The error in one line, with the line of the plugin where it came from."""
    import traceback

    text = " ".join(traceback.format_exception_only(type(error), error)[-1].split())
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    if isinstance(error, SyntaxError) and error.filename == path and error.lineno:
        lines.append(error.lineno)
    return "%s (line %d)" % (text, lines[-1]) if lines else text


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except OSError:
        # It left nothing behind.
        pass


def _end_likewise(status: int) -> NoReturn:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)
