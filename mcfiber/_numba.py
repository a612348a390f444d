"""What is known of Numba's insides: machine code that stands on its own, and files of it that heal.

Numba alone keeps kernels in a way that does two things to a user.  A file that is damaged ends every later run with a
traceback.  And a kernel that calls helpers gives other last bits when it was compiled in the process than when it was
loaded: each kernel's code holds copies of its helpers, and of copies with one name the process uses the one that came
first, though they were optimised in other surroundings and round differently.

Nothing outside this module touches what Numba does not document.  A Numba in which these classes are gone fails at
the import of this module, and `mcfiber._jit` then does without it.
"""

import hashlib
import pickle
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba import njit
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.serialize import dumps

Complaint = Callable[[str, Exception], None]

# What decides about the machine code besides a kernel's source; another number here makes every process compile anew.
_MAKERS = (numba.__version__, llvmlite.__version__, "self-contained", 1)
_DIGEST_SIZE = hashlib.sha256().digest_size


def compiled(function: Callable[..., Any], options: dict[str, Any], complain: Complaint) -> Callable[..., Any]:
    """Compile a function on first use, and keep the machine code for later processes.

    Parameters
    ----------
    function
        What Numba can compile.
    options
        Of `numba.njit`.
    complain
        Called with the folder and the error where machine code cannot be kept.

    Returns
    -------
    callable
        Numba's dispatcher, or the function itself where nothing is compiled (``NUMBA_DISABLE_JIT=1``).
    """
    dispatcher: Callable[..., Any] = njit(pipeline_class=_Compiler, **options)(function)
    if dispatcher is not function:
        dispatcher._cache = _Cache(function, complain)  # type: ignore[attr-defined]
    return dispatcher


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """Machine code that calls its own copies of all helpers, never those of a kernel that was loaded before."""

    def _optimize_final_module(self) -> None:
        for function in self._final_module.functions:
            # Numba knows the functions that count references (NRT_...) by name: they stay as they are.
            shared = function.linkage.name == "linkonce_odr" and function.name.startswith("_ZN")
            if shared and not function.is_declaration:
                function.linkage = "internal"
        super()._optimize_final_module()


class _Compiler(Compiler):  # type: ignore[misc]
    def define_pipelines(self) -> list[Any]:
        if self.state.library is None:
            self.state.library = _Library(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
            self.state.library.enable_object_caching()
        passes: list[Any] = super().define_pipelines()
        return passes


class _Cache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of one function, for which a file that cannot be used is a file that is not there."""

    def __init__(self, function: Callable[..., Any], complain: Complaint) -> None:
        super().__init__(function)
        self._complain = complain
        source = self._impl.locator.get_source_stamp()
        self._cache_file = _Files(Path(self.cache_path), self._impl.filename_base, source)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(signature, target_context)
        except Exception:  # noqa: BLE001  # whatever is wrong with a file, compiling anew mends it
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        try:
            super().save_overload(signature, data)
        except Exception as error:  # noqa: BLE001  # the kernel is compiled, and works
            self._complain(self.cache_path, error)


class _Files:
    """Files of one function, one for each combination of types; each begins with a digest of all it depends on.

    A file that is cut, changed, older than the source or another function's has another digest, and is as good as
    none: the kernel is compiled, and its file written anew.
    """

    def __init__(self, folder: Path, name: str, source: object) -> None:
        self._folder, self._name, self._source = folder, name, source

    def load(self, key: object) -> Any:
        path = self._path(key)
        # A folder cannot be read, and a pipe or a device may never end.
        content = path.read_bytes() if path.is_file() else b""
        digest, code = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        return pickle.loads(code) if digest == self._digest(key, code) else None

    def save(self, key: object, data: object) -> None:
        path, code = self._path(key), dumps(data)
        if path.is_dir() and not path.is_symlink():
            path.rmdir()  # fails where it holds something, which is not ours to delete
        # Under its name it is complete, whatever happens to this process or is done by another.
        part = path.with_name(f"{path.name}.tmp.{uuid.uuid4().hex[:16]}")
        try:
            part.write_bytes(self._digest(key, code) + code)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def flush(self) -> None:
        for path in self._folder.glob(f"{self._name}.*.kernel"):
            path.unlink(missing_ok=True)

    def _path(self, key: object) -> Path:
        return self._folder / f"{self._name}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.kernel"

    def _digest(self, key: object, code: bytes) -> bytes:
        known = repr((_MAKERS, self._name, self._source, key)).encode()
        return hashlib.sha256(hashlib.sha256(known).digest() + code).digest()
