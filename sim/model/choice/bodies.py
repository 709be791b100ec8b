"""How little is compiled of a function that compiled code calls: its body, which the caller takes into its own; no more.

Numba makes of every function machine code of its own and a way in from Python, and hands a tuple of arrays over by its
hundreds of parts. Here the inner form of a function is typed and lowered only; whoever is called from Python, its `Door`, is
optimised and made machine code with all it calls, once; and a large tuple is handed over by its place (`View`). The formulas
know nothing of it.

This module reaches into numba, whose version `pyproject.toml` pins; docs/decisions/0021-compile-bodies.md says why.
"""
# mypy: disable-error-code="no-untyped-call,misc,attr-defined,assignment,override"

import hashlib
import importlib
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numba
from numba.core import cgutils
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, Flags, compile_extra
from numba.core.datamodel.models import PrimitiveModel
from numba.core.dispatcher import _FunctionCompiler
from numba.core.imputils import impl_ret_borrowed, lower_cast, lower_getattr_generic
from numba.core.registry import CPUDispatcher
from numba.core.runtime import rtsys
from numba.core.typeconv import Conversion
from numba.core.types import Array, BaseNamedTuple, Dispatcher, Type, unliteral
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import register_model

from sim.files.private import say_torn, sparing

file_locks: Any = importlib.import_module("fcntl") if os.name == "posix" else None


SUM_BYTES = 32
"""Of the sum that a file of compiled code begins with."""
FEW_PARTS = 4
"""Parts of a tuple that may as well be handed over one by one; such a tuple can also be unpacked, a `View` cannot."""


class View(Type):
    """A named tuple that stays where its maker has it: a function that is handed one gets its place, not a copy of each part."""

    def __init__(self, whole: BaseNamedTuple) -> None:
        self.whole = whole
        super().__init__(f"{type(self).__name__}({whole.name})")

    @property
    def key(self) -> Any:
        """Return what tells one view from another."""
        return type(self), self.whole

    @property
    def mangling_args(self) -> tuple[str, tuple[str]]:
        """Return a short name: those of all parts are thousands of letters, in every call."""
        part = hashlib.sha256(self.whole.name.encode()).hexdigest()[:8]
        return f"{type(self).__name__}_{self.whole.instance_class.__name__}", (part,)

    def can_convert_from(self, typingctx: Any, other: Any) -> Any:
        """Tell that the tuple itself will do, and any view of it."""
        return Conversion.safe if other == self.whole or (isinstance(other, View) and other.whole == self.whole) else None


class Copied(View):
    """A view whose parts a function copies when it begins: no store into an array can then change them, as far as LLVM knows."""


def viewed(kind: Any, view: type[View]) -> Any:
    """Name the type as which a function is handed an argument: large tuples by their place, whole numbers whatever they are."""
    kind = unliteral(kind)
    if isinstance(kind, View):
        return view(kind.whole)
    if (
        isinstance(kind, BaseNamedTuple)
        and len(kind) > FEW_PARTS
        and any(isinstance(part, (Array, BaseNamedTuple)) for part in kind)
    ):
        return view(kind)
    return kind


@register_model(View)
class _ViewModel(PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        self.whole = manager.lookup(kind.whole).get_value_type()
        super().__init__(manager, kind, self.whole.as_pointer())


@register_model(Copied)
class _CopiedModel(_ViewModel):
    def from_argument(self, builder: Any, value: Any) -> Any:
        copy = cgutils.alloca_once(builder, self.whole)
        cgutils.raw_memcpy(builder, copy, value, cgutils.sizeof(builder, self.whole.as_pointer()), 1)
        return copy


@infer_getattr
class _ViewAttribute(AttributeTemplate):
    key = View

    def generic_resolve(self, view: Any, name: str) -> Any:
        if name not in view.whole.fields:
            return None
        kind = view.whole[view.whole.fields.index(name)]
        return View(kind) if isinstance(kind, BaseNamedTuple) else kind


@lower_getattr_generic(View)
def _read_part(context: Any, builder: Any, view: Any, place: Any, name: str) -> Any:
    index = view.whole.fields.index(name)
    part = cgutils.gep_inbounds(builder, place, 0, index)
    kind = view.whole[index]
    return part if isinstance(kind, BaseNamedTuple) else impl_ret_borrowed(context, builder, kind, builder.load(part))


@lower_cast(View, View)
def _pass_on(context: Any, builder: Any, view: Any, other: Any, value: Any) -> Any:
    return value


@lower_cast(BaseNamedTuple, View)
def _lay_down(context: Any, builder: Any, whole: Any, view: Any, value: Any) -> Any:
    return cgutils.alloca_once_value(builder, value)


class _Body(JITCodeLibrary):
    """The code of a function that its callers take into theirs: linked, but not optimised as a whole, nor made machine code."""

    def finalize(self) -> None:
        """Link what the function calls."""
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


class _BodyCompiler(_FunctionCompiler):
    """Compiles a function as far as its callers need it."""

    def _compile_core(self, args: Any, return_type: Any) -> Any:
        flags = Flags()
        self.targetdescr.options.parse_as_flags(flags, self.targetoptions)
        flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
        typing, target = self.targetdescr.typing_context, self.targetdescr.target_context
        body = _Body(target.codegen(), self.py_func.__qualname__)
        made = compile_extra(typing, target, self.py_func, args, return_type, flags, self.locals, body, self.pipeline_class)
        made = made._replace(entry_point=object())  # only tells one variant from another: nobody enters here
        target.insert_user_function(made.entry_point, made.fndesc, [body])
        return made


class Inner(CPUDispatcher):
    """A function as compiled callers see it: one variant for all whole numbers of a type, and no way in from Python."""

    def __init__(self, py_func: Any, options: dict[str, Any]) -> None:
        super().__init__(py_func, {}, options)
        self._compiler = _BodyCompiler(py_func, self.targetdescr, options, {}, Compiler)

    def add_overload(self, cres: Any) -> None:
        """Keep a variant."""
        self.overloads[tuple(cres.signature.args)] = cres

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Resolve a call: see `viewed`. What is inlined need not copy, as its caller has."""
        view = View if self.targetoptions.get("forceinline") else Copied
        return super().get_call_template([viewed(kind, view) for kind in args], {name: viewed(kws[name], view) for name in kws})


class SummedFile(IndexDataCacheFile):
    """The files of a compiled function, each behind a sum of its content and its place: damaged code would be run."""

    def _save_index(self, overloads: Any) -> None:
        self._save_summed(self._index_name, (self._version, self._source_stamp, overloads))

    def _load_index(self) -> Any:
        version, stamp, overloads = self._load_summed(self._index_name) or (None, None, {})
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}

    def _save_data(self, name: str, data: Any) -> None:
        self._save_summed(name, data)

    def _load_data(self, name: str) -> Any:
        return self._load_summed(name)

    def _save_summed(self, name: str, value: Any) -> None:
        content = self._dump(value)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(self._sum(name, content) + content)

    def _load_summed(self, name: str) -> Any:
        path = Path(self._data_path(name))
        try:
            whole = path.read_bytes()
        except OSError:
            return None
        first, content = whole[:SUM_BYTES], whole[SUM_BYTES:]
        if first != self._sum(name, content):
            say_torn(path)
            return None
        return pickle.loads(content)

    def _sum(self, name: str, content: bytes) -> bytes:
        return hashlib.sha256(f"{Path(self._cache_path).name} {name} ".encode() + content).digest()


class ReadyCode(FunctionCache):
    """Loads compiled code without first loading what compiling needs, which takes longer than a small run.

    Before it looks for cached code Numba imports its whole library of functions (scipy's linear algebra with it). Machine code
    needs its runtime alone; whoever has to compile loads the rest then.
    """

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        implementation = self._impl
        self._cache_file = SummedFile(self._cache_path, implementation.filename_base, implementation.locator.get_source_stamp())

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled function of a signature; where that cannot be, it is compiled again next time."""
        with sparing(Path(self._cache_path)):
            super().save_overload(sig, data)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled function of a signature, None if it is not there or damaged."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


class Door(CPUDispatcher):
    """A function as Python calls it, compiled whole and cached; compiled callers get its `inner` form."""

    inner: Inner

    @property
    def _numba_type_(self) -> Any:
        return Dispatcher(self.inner)

    def compile(self, sig: Any) -> Any:
        """Compile a variant, or find it in the cache; one process at a time, so that others find what the first has made."""
        with _alone(f"{self.py_func.__module__}.{self.py_func.__qualname__}"):
            return super().compile(sig)

    def is_cached(self) -> bool:
        """Tell whether a variant is in the cache."""
        name = f"{self.py_func.__module__.rpartition('.')[2]}.{self.py_func.__qualname__}"
        return any(Path(os.environ["NUMBA_CACHE_DIR"]).glob(f"{name}-*.nbi"))


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Hold other processes that would compile the same; where files cannot be locked they compile it too."""
    with ExitStack() as held:
        if file_locks is not None:
            with suppress(OSError):
                file = held.enter_context((Path(os.environ["NUMBA_CACHE_DIR"]) / f"{name}.lock").open("w"))
                file_locks.flock(file, file_locks.LOCK_EX)
        yield


def open_door(function: Callable[..., Any], **options: bool) -> Any:
    """Make a function compiled, cached and with an inner form; the function itself where numba is switched off."""
    if numba.config.DISABLE_JIT:
        return function
    options = {"nopython": True, "fastmath": False, "nogil": True, **options}
    door = Door(function, targetoptions={**options, "no_cfunc_wrapper": True})
    door._cache = ReadyCode(function)
    door.inner = Inner(function, options)
    return door
