"""How an asyncio task waits for what another thread tells."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .promise import Promise

Tell = Callable[[], Any]


async def wait_for(promise: Promise, timeout: float | None) -> bool:
    """Whether the promise was kept within the time [s]; a task that is cancelled leaves nothing
    behind."""
    return await wait_until_told(promise.when_done, promise.forget, timeout)


async def wait_until_told(
    add: Callable[[Tell], None], forget: Callable[[Tell], None], timeout: float | None
) -> bool:
    """Hand a callable to `add` and wait until it is called, from any thread; `forget` it after."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def settle() -> None:
        if not future.done():
            future.set_result(None)

    def tell() -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(settle)

    try:
        add(tell)
        async with asyncio.timeout(timeout):
            await future
    except TimeoutError:
        return False
    finally:
        forget(tell)
    return True
