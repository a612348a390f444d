"""The one place that knows Numba's options, and the one wrapper around kernels.

A kernel loops over arrays that all carry the same leading dimension, the designs, and fills the output arrays, which
come last.  `kernel` with a signature makes of it an entry point: a function that broadcasts plain arrays like a NumPy
generalised ufunc, for labelled code, tests and other programs alike.  Without a signature it makes a helper, for
other kernels to call.

Set the environment variable ``NUMBA_DISABLE_JIT=1`` to run every kernel as plain Python.
"""

import math
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, update_wrapper
from types import ModuleType
from typing import Any, TypeVar, overload

import numpy as np
from numba import njit

from mcfiber.typing import AnyArray

_numba: ModuleType | None
try:
    from mcfiber import _numba
except (ImportError, AttributeError):  # a later Numba, changed inside: kernels work, with the cache as Numba makes it
    _numba = None

F = TypeVar("F", bound=Callable[..., Any])

# Without "nnan" and "ninf": NaN and infinity keep their meaning.
FASTMATH = {"reassoc", "contract", "arcp", "nsz"}

# Numba compiles a version of a kernel for every type that it meets; all others are converted.
NUMBERS = (np.dtype(np.float64), np.dtype(np.complex128), np.dtype(np.int64))

_FOLDERS_WARNED_OF: set[str] = set()


class KernelCacheWarning(UserWarning):
    """Compiled kernels cannot be kept for later processes."""


@dataclass(frozen=True)
class Signature:
    """What a kernel takes and gives: ``"(core_out,core_in),(),[table]->(core_out)"``.

    Attributes
    ----------
    inputs, outputs
        Names of the core dimensions of each array that carries the designs.
    shared
        Names of inputs that all designs share, in square brackets; they come last and are passed as they are.
    """

    inputs: tuple[tuple[str, ...], ...]
    shared: tuple[str, ...]
    outputs: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> "Signature":
        """Read the notation of NumPy's generalised ufuncs, with shared inputs in square brackets."""
        if not re.fullmatch(r"(\([\w,]*\),?)*(\[\w*\],?)*->(\([\w,]*\),?)+", text := text.replace(" ", "")):
            msg = f"cannot read the signature {text!r}; write '(a,b),(),[shared]->(a),()', shared inputs last"
            raise ValueError(msg)
        left, right = text.split("->")

        def groups(side: str) -> tuple[tuple[str, ...], ...]:
            return tuple(tuple(filter(None, group.split(","))) for group in re.findall(r"\(([^()]*)\)", side))

        return cls(groups(left), tuple(re.findall(r"\[(\w*)\]", left)), groups(right))

    def __str__(self) -> str:
        given, results = (["(" + ",".join(core) + ")" for core in side] for side in (self.inputs, self.outputs))
        return ",".join([*given, *(f"[{name}]" for name in self.shared)]) + "->" + ",".join(results)


class Kernel:
    """A kernel that broadcasts: leading dimensions against each other, core dimensions by name.

    Attributes
    ----------
    signature
        Core dimensions of inputs and outputs.
    dtype
        Type of the outputs.
    compiled
        The function itself, for arrays with one leading dimension; outputs come last and are filled.
    """

    __name__: str
    __qualname__: str
    __wrapped__: Callable[..., None]

    def __init__(
        self, function: Callable[..., None], signature: str, dtype: type = np.float64, *, jit: bool = True
    ) -> None:
        update_wrapper(self, function)
        self.signature = Signature.parse(signature)
        self.dtype = dtype
        self.compiled = _compiled(function) if jit else function
        inputs, outputs = self.signature.inputs, self.signature.outputs
        self._free = {name for core in outputs for name in core}.difference(*inputs)
        self._cores = list(dict.fromkeys(inputs + outputs))
        self._of_inputs = [self._cores.index(core) for core in inputs]
        self._of_outputs = [self._cores.index(core) for core in outputs]

    def __repr__(self) -> str:
        return f"<kernel {self.__module__}.{self.__qualname__}>"

    def __reduce__(self) -> str:
        return self.__qualname__

    def __call__(self, *arrays: Any, sizes: dict[str, int] | None = None) -> Any:
        """Broadcast, call the kernel once, and give the leading dimensions back.

        Parameters
        ----------
        *arrays
            One array for each input of the signature; core dimensions come last, and one of length 1
            stands for a value that does not differ along it (a plain number: along any). Then what is shared.
        sizes
            Lengths of output dimensions that no input has.
        """
        cores = self.signature.inputs
        if len(arrays) != len(cores) + len(self.signature.shared):
            msg = f"{self.__name__} takes {len(cores) + len(self.signature.shared)} inputs, got {len(arrays)}"
            raise ValueError(msg)
        # An evaluation calls kernels a hundred times, so shapes are put together once for each core, not each array.
        inputs = [_as_number_array(array, core) for array, core in zip(arrays, cores, strict=False)]
        lead, lengths = self._shapes(inputs, dict(sizes) if sizes else {})
        count = math.prod(lead)
        ends = [tuple([lengths[name] for name in core]) for core in self._cores]
        full, flat = [lead + end for end in ends], [(count, *end) for end in ends]
        outputs: list[AnyArray] = [np.empty(flat[k], self.dtype) for k in self._of_outputs]
        self.compiled(
            *[_flattened(array, full[k], flat[k]) for array, k in zip(inputs, self._of_inputs, strict=True)],
            *arrays[len(cores) :],
            *outputs,
        )
        if len(lead) != 1:
            outputs = [output.reshape(full[k]) for output, k in zip(outputs, self._of_outputs, strict=True)]
        return tuple(outputs) if len(outputs) > 1 else outputs[0]

    def _shapes(self, inputs: list[AnyArray], lengths: dict[str, int]) -> tuple[tuple[int, ...], dict[str, int]]:
        """Leading shape of all inputs together, and the length of every core dimension."""
        leads = set()
        for array, core in zip(inputs, self.signature.inputs, strict=True):
            shape = array.shape
            if not core:
                leads.add(shape)
                continue
            split = len(shape) - len(core)
            leads.add(shape[:split])
            for name, length in zip(core, shape[split:], strict=True):
                known = lengths.setdefault(name, length)
                if known == 1:
                    lengths[name] = length
                elif length not in (1, known):
                    msg = f"dimension {name!r} has length {length} in one input and {known} in another"
                    raise ValueError(msg)
        if self._free:
            for name in self._free - lengths.keys():
                msg = f"the length of dimension {name!r} is unknown: no input has it; give sizes={{{name!r}: ...}}"
                raise ValueError(msg)
        leads.discard(())
        return (leads.pop() if len(leads) == 1 else np.broadcast_shapes(*leads)), lengths


@overload
def kernel(function: F, /) -> F: ...


@overload
def kernel(signature: str, /, *, dtype: type = ..., jit: bool = ...) -> Callable[[Callable[..., None]], Kernel]: ...


def kernel(first: Any, /, *, dtype: type = np.float64, jit: bool = True) -> Any:
    """Compile a kernel on first use, and keep the machine code for later processes.

    Parameters
    ----------
    first
        A signature, ``@kernel("(channel),()->(channel)")``: an entry point that broadcasts, a `Kernel`. Or the
        function itself, ``@kernel``: a helper, which other kernels call.
    dtype
        Type of an entry point's outputs.
    jit
        Without it an entry point stays plain Python: a function of whole arrays, which has no loop to compile.

    References
    ----------
    .. [1] S. K. Lam, A. Pitrou, and S. Seibert, "Numba: a LLVM-based Python JIT compiler," Proc. LLVM-HPC, 2015,
       :doi:`10.1145/2833157.2833162`.
    """
    if isinstance(first, str):
        return lambda function: Kernel(function, first, dtype, jit=jit)
    return _compiled(first)


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": FASTMATH}
    try:
        if _numba is not None:
            compiled: Callable[..., Any] = _numba.compiled(function, options, _warn_of_folder)
        else:
            compiled = njit(cache=True, **options)(function)
    except RuntimeError as error:
        # Numba has no class of its own for this, and looks for a folder when it decorates, not when it compiles.
        if "no locator available" not in str(error):
            raise
        _warn_of_no_folder()
        compiled = njit(**options)(function)
    return compiled


@cache
def _warn_of_no_folder() -> None:
    warnings.warn(
        "there is no writable folder for compiled kernels, so each process compiles them anew, which takes minutes;"
        " set the environment variable NUMBA_CACHE_DIR to a writable folder",
        KernelCacheWarning,
        stacklevel=2,
    )


def _warn_of_folder(folder: str, error: Exception) -> None:
    if folder in _FOLDERS_WARNED_OF:
        return
    _FOLDERS_WARNED_OF.add(folder)
    warnings.warn(
        f"compiled kernels cannot be kept in {folder} ({type(error).__name__}: {error}), so each process compiles them"
        " anew, which takes minutes; delete that folder, or set the environment variable NUMBA_CACHE_DIR to a"
        " writable one",
        KernelCacheWarning,
        stacklevel=2,
    )


def _as_number_array(value: object, core: tuple[str, ...]) -> AnyArray:
    array = np.asarray(value)
    if array.dtype not in NUMBERS:
        array = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    if array.ndim >= len(core):
        return array
    if array.ndim:
        msg = f"got an array of shape {array.shape}, which lacks some of the dimensions ({', '.join(core)})"
        raise ValueError(msg)
    return array.reshape((1,) * len(core))


def _flattened(array: AnyArray, full: tuple[int, ...], flat: tuple[int, ...]) -> AnyArray:
    if array.shape != full:
        repeated: AnyArray = np.empty(full, array.dtype)
        repeated[...] = array
        array = repeated
    elif not array.flags.carray:
        # Writeable, because Numba would compile a second version of the kernel for read-only arrays.
        array = array.copy()
    return array if full == flat else array.reshape(flat)
