"""Frames to and from hostscore, over a stream socket.

A frame is two unsigned 32-bit numbers in network order, the length of its header and of its body, then the header, a
JSON object in UTF-8, and the body, any bytes.
"""

from __future__ import annotations

import json
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    Frame = Tuple[Dict[str, Any], bytearray]

_LENGTHS = struct.Struct("!II")
_READ_BYTES = 1 << 16

_decode = json.JSONDecoder().raw_decode


def read_json(data: bytes) -> Any:
    """Reads JSON without space around it. json.loads first looks for the encoding and for such space."""
    return _decode(data.decode())[0]


class Channel:
    """Sends whole frames, waiting until they are taken, and hands out the frames that came in."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._received = bytearray()

    def fileno(self) -> int:
        return self._fd

    def send(self, header: Dict[str, Any], *body: bytes) -> None:
        """Raises OSError when the other end is gone."""
        text = json.dumps(header).encode()
        start = _LENGTHS.pack(len(text), sum(len(part) for part in body)) + text
        sent = os.writev(self._fd, [start, *body])
        if sent < len(start) + sum(len(part) for part in body):
            rest = memoryview(b"".join([start, *body]))[sent:]
            while rest:
                rest = rest[os.write(self._fd, rest) :]

    def receive(self) -> Optional[List[Frame]]:
        """Waits for bytes and returns the frames that are complete by then; None when the other end is gone."""
        try:
            read = os.read(self._fd, _READ_BYTES)
        except ConnectionError:
            return None
        if not read:
            return None
        self._received += read
        frames: List[Frame] = []
        start = 0
        while len(self._received) - start >= _LENGTHS.size:
            header_length, body_length = _LENGTHS.unpack_from(self._received, start)
            body_start = start + _LENGTHS.size + header_length
            end = body_start + body_length
            if len(self._received) < end:
                break
            header = read_json(self._received[start + _LENGTHS.size : body_start])
            frames.append((header, self._received[body_start:end]))
            start = end
        del self._received[:start]
        return frames
