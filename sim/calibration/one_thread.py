"""Linear algebra in one thread, so that sums are taken in one order whatever the number of cores."""

from contextlib import AbstractContextManager, nullcontext


def one_thread() -> AbstractContextManager[object]:
    """Hold linear algebra to one thread; without the extra `calibrate`, as the machine has it."""
    try:
        from threadpoolctl import threadpool_limits
    except ModuleNotFoundError:
        return nullcontext()
    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits
