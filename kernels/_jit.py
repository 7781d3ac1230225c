"""The one place that compiles.

Kernels are compiled without numba's reference counting (`_nrt=False`): an allocation inside a
kernel is then a compile error. Every kernel is inlined into its caller (`forceinline`): a table is
passed as all its columns' pointers and shapes, and a call that is not inlined copies hundreds of
words (measured: 2 million messages a second without, 25 with it). They let go of Python's lock
(`nogil`), so that storage and other stretches of markets go on beside them.

The cache folder carries a hash of every kernel and schema source, because numba does not notice
that an imported kernel or a table's field order changed. `NUMBA_CACHE_DIR` is honoured as the
parent folder. A cache that cannot be written or read never stops a run: a kernel that cannot be
kept is compiled again at the next start, and a `CacheWarning` says so once.
"""

import hashlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.caching import FunctionCache
from numba.core.registry import CPUDispatcher
from platformdirs import user_cache_path

from qtg.errors import CacheWarning

from ._calls import KnownCalls

F = TypeVar("F", bound=Callable[..., Any])


def source_stamp() -> str:
    """Hash of all kernel and schema sources."""
    digest = hashlib.sha256()
    here = Path(__file__).resolve().parent
    for folder in (here, here.parent / "schemas"):
        for path in sorted(folder.glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Where compiled kernels are kept."""
    parent = os.environ.get("NUMBA_CACHE_DIR")
    return (Path(parent) if parent else user_cache_path("qtg")) / f"kernels-{source_stamp()}"


_CACHE_FOLDER = str(cache_folder())
_PARTS_FOLDER = str(cache_folder() / "parts")
_problems: list[str] = []

# numba's own, which its types leave open.
_numba_dispatcher: Any = CPUDispatcher
_numba_cache: Any = FunctionCache
_numba_files: Any = FunctionCache._impl_class
_numba_folder: Any = _numba_files._locator_classes[0]  # the one that goes by CACHE_DIR


class _Folder(_numba_folder):  # type: ignore[misc]
    """Our folder, whatever its state: numba's own would turn to one that carries no stamp."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> "_Folder":
        return cls(py_func, py_file)


class _Files(_numba_files):  # type: ignore[misc]
    _locator_classes = [_Folder]


class _Cache(_numba_cache):  # type: ignore[misc]
    """numba's cache, without its errors."""

    _impl_class = _Files

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # unreadable or damaged, which a pickle tells in many ways
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            self._try_to_save(sig, data)
        except OSError as error:
            _tell_once(error)

    def _try_to_save(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError:
            raise
        except Exception:  # the index that is there is damaged
            self.flush()
            super().save_overload(sig, data)


def cache_problem() -> str:
    """Why kernels compiled by this process could not be kept; empty if they could."""
    return _problems[0] if _problems else ""


def _tell_once(error: OSError) -> None:
    if _problems:
        return
    _problems.append(
        f"compiled kernels cannot be kept in {_CACHE_FOLDER} ({error.strerror or error}); every "
        "start compiles them again until there is space, or NUMBA_CACHE_DIR names another folder"
    )
    warnings.warn(_problems[0], CacheWarning, stacklevel=2)


class _Kernel(_numba_dispatcher):  # type: ignore[misc]
    """A kernel, and the same for the kernels that call it.

    numba gives every function a door from Python, and compiles what it inlines a second time for
    it. Most kernels are only ever called by kernels: these call the `part`, which has no door
    (measured: a third of the time that compiling takes).
    """

    def __init__(self, py_func: Callable[..., Any], **options: Any) -> None:
        super().__init__(py_func, targetoptions=options)
        without = {**options, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        self.part = _numba_dispatcher(py_func, targetoptions=without)

    @property
    def _numba_type_(self) -> Any:
        """What a kernel that calls this one sees."""
        return self.part._numba_type_


class _OwnKernel(KnownCalls, _Kernel):
    """A kernel of qtg, whose tables are what their classes declare."""


def kernel(function: F) -> F:
    """Compile a kernel."""
    compiled = _compiled(function, _OwnKernel)
    if compiled is not function:  # as it is with the JIT off
        compiled._cache = _cache_of(function, _CACHE_FOLDER)
        compiled.part._cache = _cache_of(function, _PARTS_FOLDER)
    return compiled  # type: ignore[no-any-return]


def kernel_of_a_user(function: F) -> F:
    """Compile what a user wrote, as a kernel is; it is not kept on disk.

    numba names a cached function by its file, and would not notice that another one it calls has
    changed. Its tables may be of any types.
    """
    return _compiled(function, _Kernel)  # type: ignore[no-any-return]


def _compiled(function: Callable[..., Any], form: type[_Kernel]) -> Any:
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    return form(
        function,
        nopython=True,
        boundscheck=None,
        error_model="numpy",
        nogil=True,
        forceinline=True,
        _nrt=False,
    )


def template(function: F) -> F:
    """A part of kernels that takes kernels as arguments: its source becomes part of each caller's.

    numba would compile it anew for each of them, and not find it again on disk, as a kernel that
    is an argument is another one in every process.
    """
    compiled: Any = numba.njit(  # type: ignore[call-overload]
        error_model="numpy", nogil=True, inline="always", _nrt=False
    )(function)
    return compiled  # type: ignore[no-any-return]


def _cache_of(function: Callable[..., Any], folder: str) -> _Cache:
    config: Any = numba.config  # its names are made at run time
    theirs = config.CACHE_DIR
    config.CACHE_DIR = folder
    try:
        return _Cache(function)
    finally:
        config.CACHE_DIR = theirs
