"""A TCP proxy inside this process, through which the office reaches a server: it can cut, refuse and delay."""

from __future__ import annotations

import asyncio
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
        self._ready = threading.Event()
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
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(OPEN_SECONDS)

    def _stop(self) -> None:
        self._cut()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(_all_others())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await server.serve_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        # Cancelled when all is over, and then it ends like any other: who started it would complain else.
        with suppress(asyncio.CancelledError):
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer), return_exceptions=True)
        for one in (writer, far_writer):
            self._writers.discard(one)
            one.transport.abort()

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
    """Wait until every task of this loop has ended."""
    if left := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(left)
