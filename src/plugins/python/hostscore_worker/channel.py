"""Frames to and from hostscore, over a stream socket.

A frame is two unsigned 32-bit numbers in network order, the length of its header and of its body, then the header, a
JSON object in UTF-8, and the body, any bytes.
"""

import json
import socket
import struct
from typing import Any, Dict, List, Optional, Tuple

Frame = Tuple[Dict[str, Any], bytearray]

_LENGTHS = struct.Struct("!II")
_READ_BYTES = 1 << 16


class Channel:
    """Sends whole frames, waiting until they are taken, and hands out the frames that came in."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = bytearray()

    def fileno(self) -> int:
        return self._connection.fileno()

    def send(self, header: Dict[str, Any], *body: bytearray) -> None:
        """Raises OSError when the other end is gone."""
        text = json.dumps(header).encode()
        start = _LENGTHS.pack(len(text), sum(len(part) for part in body)) + text
        sent = self._connection.sendmsg([start, *body])
        if sent < len(start) + sum(len(part) for part in body):
            self._connection.sendall(b"".join([start, *body])[sent:])

    def receive(self) -> Optional[List[Frame]]:
        """Waits for bytes and returns the frames that are complete by then; None when the other end is gone."""
        try:
            read = self._connection.recv(_READ_BYTES)
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
            header = json.loads(self._received[start + _LENGTHS.size : body_start])
            frames.append((header, self._received[body_start:end]))
            start = end
        del self._received[:start]
        return frames

    def close(self) -> None:
        self._connection.close()
