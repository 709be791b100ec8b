"""The one door to the compiler: where compiled code is cached, and the decorator that every row function wears.

Numba's cache notices comments, but not a change in a function that a file calls from another one. The cache folder is therefore
named by a hash of all sources that are compiled: after any edit of what they do the old code is simply not found.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from sim.sources import COMPILED, PACKAGE, source_hash

Function = TypeVar("Function", bound=Callable[..., Any])


def cache_folder() -> Path:
    """Choose a writable folder for compiled code, named by the hash of the sources that are compiled.

    Returns
    -------
    A folder under TALENTSIM_CACHE, XDG_CACHE_HOME or ~/.cache; under the temporary folder if none can be written.
    """
    name = source_hash(COMPILED)[:16]
    roots = [
        os.environ.get("TALENTSIM_CACHE"),
        os.environ.get("XDG_CACHE_HOME"),
        "~/.cache",
        tempfile.gettempdir(),
    ]
    for root in roots:
        if not root:
            continue
        folder = Path(root).expanduser() / "talentsim" / f"compiled-{name}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="talentsim-"))


os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
os.environ["NUMBA_CACHE_LOCATOR_CLASSES"] = f"{__name__}.DeedsLocator,UserProvidedCacheLocator"
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

import numba  # noqa: E402  (the environment must be set before numba reads it)
from numba.core.caching import FunctionCache, UserProvidedCacheLocator  # noqa: E402
from numba.core.runtime import rtsys  # type: ignore[attr-defined]  # noqa: E402


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


class ReadyCode(FunctionCache):
    """Loads compiled code without first loading what compiling needs, which takes longer than a small run.

    Before it looks for cached code Numba imports its whole library of functions (scipy's linear algebra with it). Machine code
    needs its runtime alone; whoever has to compile loads the rest then.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled function of a signature, None if it is not there."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]


def found_ready(dispatcher: Any) -> Any:
    """Let a function that is cached on disk be loaded as `ReadyCode`; plain Python stays as it is."""
    if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        dispatcher._cache = ReadyCode(dispatcher.py_func)  # type: ignore[no-untyped-call]
    return dispatcher


def compiled(function: Function) -> Function:
    """Compile a function on first use and cache the result on disk (plain Python under NUMBA_DISABLE_JIT=1).

    No fast-math and no contraction: the compiled and the plain form agree to the bit. The interpreter's lock is released, so that
    threads walk side by side.
    """
    return cast("Function", found_ready(numba.njit(cache=True, fastmath=False, nogil=True)(function)))


def inlined(function: Function) -> Function:
    """Compile a function that allocates nothing into its caller's body, without counting references to arrays.

    Reference counts of the many arrays in a row function's arguments cost more than the formulas themselves. Nothing here
    may allocate: compilation fails if it does.
    """
    compile_inline: Any = numba.njit
    return cast(
        "Function", found_ready(compile_inline(cache=True, fastmath=False, nogil=True, forceinline=True, _nrt=False)(function))
    )
