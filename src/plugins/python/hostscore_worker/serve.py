"""The warm process: has a plugin tried, then forks a process for each call until hostscore closes the channel.

Frames from hostscore: {"load": {...}} first, then {"hosts": id} with a list of hosts as a JSON array in the body, {"run":
id, "unit", "method", "hosts": id} with the arguments after the hosts as a JSON array in the body, {"kill": id}, and
{"forget": id} for a list of hosts. Frames to hostscore: {"failed": reason} or {"tried": true}, after which it imports
what the plugin imports from elsewhere, and {"ready": {...}}, then {"ended": id, ...} of each call, whose body is what the
call wrote, or {"unstarted": id, "reason"}. hostscore keeps the time, and has killed what is late.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
from functools import partial

from .channel import Channel, read_json
from .child import run_child
from .folder import Folder, preload
from .runs import Run, Runs, StartError
from .trial import flush, try_plugin

# How often what the calls write is read while they run: milliseconds. Mostly it waits in its pipe for their end: whatever
# this process does while another shares its memory costs both of them copies of it.
_DRAIN_MS = 5

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional


def serve(channel_fd: int) -> None:
    """Serves one plugin until the channel is closed, and ends with all that it started."""
    channel = Channel(channel_fd)
    os.set_inheritable(channel_fd, False)
    frames = channel.receive()
    if not frames:
        return
    order = frames[0][0]["load"]
    _set_limits(order["memory_bytes"])
    folder = _load(channel, order)
    if folder is not None:
        _run_calls(channel, folder, order)


def _set_limits(memory_bytes: int) -> None:
    # Inherited by the process of each call.
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _load(channel: Channel, order: Dict[str, Any]) -> Optional[Folder]:
    seconds = order["import_seconds"]
    # Ends this process when an import hangs and hostscore is not there any more to see it.
    signal.alarm(seconds)
    folder = Folder(order["path"])
    folder.enter()
    report = try_plugin(folder, seconds, channel.fileno())
    if "failed" in report:
        channel.send(report)
        return None
    channel.send({"tried": True})
    signal.alarm(seconds)
    folder.is_shut = True
    preload(report["modules"])
    flush()
    signal.alarm(0)
    channel.send({"ready": {name: report[name] for name in ("units", "files", "slower")}})
    return folder


def _run_calls(channel: Channel, folder: Folder, order: Dict[str, Any]) -> None:
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    # After the imports, since what was imported may have set these too.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)

    def done(run: Run, status: int) -> None:
        out = run.out.text()
        header = {
            "ended": run.id,
            "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "overflow": run.overflow,
            "stdout": len(out),
        }
        channel.send(header, out, run.err.text())

    private = (channel.fileno(), wake_read, wake_write)
    runs = Runs(partial(run_child, folder), order, private, done)
    lists: Dict[int, List[str]] = {}
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(wake_read, select.POLLIN)
    # What is here now stays: the processes forked need not copy it when their garbage is collected.
    gc.collect()
    gc.freeze()
    try:
        while _take_turn(channel, poll, wake_read, runs, lists):
            pass
    except OSError:
        # The channel is gone in the middle of a frame.
        pass
    finally:
        runs.kill_all()
        _end_group()


def _take_turn(
    channel: Channel, poll: select.poll, wake: int, runs: Runs, lists: Dict[int, List[str]]
) -> bool:
    """Waits for something to do, and does it. False when the channel was closed."""
    ready = poll.poll(_DRAIN_MS if runs else None)
    runs.drain(_DRAIN_MS / 1000)
    for fd, _ in ready:
        if fd == wake:
            _empty(wake)
            runs.reap()
            continue
        frames = channel.receive()
        if frames is None:
            return False
        for header, body in frames:
            _obey(channel, runs, lists, header, body)
    return True


def _obey(
    channel: Channel, runs: Runs, lists: Dict[int, List[str]], header: Dict[str, Any], body: bytearray
) -> None:
    if "run" in header:
        id = header["run"]
        try:
            # Read here and not in the process of the call, whose memory is new and dear.
            runs.start(id, header["unit"], header["method"], [lists[header["hosts"]], *read_json(body)])
        except StartError as error:
            channel.send({"unstarted": id, "reason": str(error)})
    elif "kill" in header:
        runs.kill(header["kill"])
    elif "forget" in header:
        del lists[header["forget"]]
    else:
        lists[header["hosts"]] = read_json(body)


def _empty(fd: int) -> None:
    # What doesn't fit in one read wakes it once more.
    os.read(fd, 4096)


def _end_group() -> None:
    # Takes along what the imports started.
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
