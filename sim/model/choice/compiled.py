"""The one door to the compiler: where compiled code is cached, and the decorator that every row function wears.

Numba's cache notices comments, but not a change in a function that a file calls from another one. The cache folder is therefore
named by a hash of all sources that are compiled: after any edit of what they do the old code is simply not found.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from sim.files.private import kept_private
from sim.sources import COMPILED, PACKAGE, cache_root, source_hash

Function = TypeVar("Function", bound=Callable[..., Any])


def cache_folder() -> Path:
    """Choose the folder for compiled code, named by the hash of the sources that are compiled.

    What lies in it is run, so it is the user's alone, in the folder of caches (see `sim.sources.cache_root`); one that others
    could write was set aside.
    """
    return kept_private(cache_root() / f"compiled-{source_hash(COMPILED)[:16]}")


os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
os.environ["NUMBA_CACHE_LOCATOR_CLASSES"] = f"{__name__}.DeedsLocator,UserProvidedCacheLocator"
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

from numba.core.caching import UserProvidedCacheLocator  # noqa: E402

from sim.model.choice.bodies import Door, open_door  # noqa: E402


class DeedsLocator(UserProvidedCacheLocator):
    """Finds compiled functions of this package by their module's name, in the folder that is named by what the sources do.

    Numba goes by a file's content and a function's line: a reworded message or another comment would compile anew.
    """

    @classmethod
    def from_function(cls, function: Any, file: str) -> "DeedsLocator | None":
        """Return a locator for a function of this package, None for any other."""
        if not Path(file).is_relative_to(PACKAGE):
            return None
        return cast("DeedsLocator | None", super().from_function(function, file))  # type: ignore[no-untyped-call]

    def get_cache_path(self) -> str:
        """Return the folder of compiled code."""
        return os.environ["NUMBA_CACHE_DIR"]

    def get_source_stamp(self) -> str:
        """Return the same stamp always: the folder's name stands for the sources."""
        return "deeds"

    def get_disambiguator(self) -> str:
        """Return the module's path in the package, as modules in two folders may have one name."""
        return "-".join(Path(self._py_file).relative_to(PACKAGE).with_suffix("").parts)


def is_cached(function: Callable[..., Any]) -> bool:
    """Tell whether a compiled function is in the cache, so that nobody waits for it; always, where nothing is compiled."""
    return not isinstance(function, Door) or function.is_cached()


def compiled(function: Function) -> Function:
    """Compile a function on first use and cache the result on disk (plain Python under NUMBA_DISABLE_JIT=1).

    No fast-math and no contraction: the compiled and the plain form agree to the bit. The interpreter's lock is released, so that
    threads walk side by side.
    """
    return cast("Function", open_door(function))


def inlined(function: Function) -> Function:
    """Compile a function that allocates nothing into its caller's body, without counting references to arrays.

    Reference counts of the many arrays in a row function's arguments cost more than the formulas themselves. Nothing here
    may allocate: compilation fails if it does.
    """
    return cast("Function", open_door(function, forceinline=True, _nrt=False))
