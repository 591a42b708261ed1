"""A TCP proxy inside this process, through which the office reaches a server: it can cut, refuse and delay."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress

CHUNK = 64 * 1024
OPEN_SECONDS = 10.0


class Proxy:
    """Forwards `port` of the loopback address to `target` until it is closed."""

    def __init__(self, target: int) -> None:
        self._target, self._delay = target, 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._carried: set[asyncio.Task[None]] = set()
        self._ready, self._over = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name=f"proxy of {target}", daemon=True)
        self.port = 0
        self._thread.start()
        self._ready.wait(OPEN_SECONDS)

    def cut(self) -> None:
        """Break every connection in the middle of whatever it carries."""
        self._loop.call_soon_threadsafe(self._cut)

    def delay(self, seconds: float) -> None:
        """From now on each piece of data arrives so much later."""
        self._delay = seconds

    def close(self) -> None:
        """Cut all and listen no more."""
        self._over = True
        # A last caller, who finds that all is over. Nothing is cancelled: whoever is cancelled between a socket and
        # its first step closes nothing.
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), OPEN_SECONDS).close()
        self._thread.join(OPEN_SECONDS)

    def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(_all_others())
        self._loop.close()

    async def _serve(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            self.port = listening.getsockname()[1]
            self._ready.set()
            while not self._over:
                caller, _ = await self._loop.sock_accept(listening)
                carried = self._loop.create_task(self._carry(caller))
                self._carried.add(carried)
                carried.add_done_callback(self._carried.discard)
        self._cut()

    async def _carry(self, caller: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=caller)
        ends = [writer]
        self._writers.add(writer)
        with suppress(OSError, TimeoutError):
            far = asyncio.open_connection("127.0.0.1", self._target)
            far_reader, far_writer = await asyncio.wait_for(far, OPEN_SECONDS / 2)
            ends.append(far_writer)
            self._writers.add(far_writer)
            if not self._over:
                pumps = self._pump(reader, far_writer), self._pump(far_reader, writer)
                await asyncio.gather(*pumps, return_exceptions=True)
        for one in ends:
            await self._hang_up(one)

    async def _hang_up(self, writer: asyncio.StreamWriter) -> None:
        """Its socket is closed when this ends: nothing is left to a loop that will not turn again."""
        self._writers.discard(writer)
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                writer.write(data)
                await writer.drain()
        # One end hung up: so does the other, at once.
        with suppress(OSError):
            if writer.can_write_eof():
                writer.write_eof()


async def _all_others() -> None:
    """Wait until every task of this loop has ended, and what each of them left to the next turn is done."""
    while left := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(left)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
