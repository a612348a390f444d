"""The one place that knows Numba's options, and the one wrapper around kernels.

A kernel is a function of C-contiguous float64 or complex128 arrays that all carry the same leading
dimension, the designs; it loops over them and fills the output arrays, which come last.  `lift` turns
such a kernel into an ordinary function that broadcasts like a NumPy generalised ufunc.

Set the environment variable ``NUMBA_DISABLE_JIT=1`` to run every kernel as plain Python.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

from mcfiber.typing import AnyArray

F = TypeVar("F", bound=Callable[..., Any])

# Without "nnan" and "ninf": NaN and infinity keep their meaning.
FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


def kernel(function: F) -> F:
    """Compile a kernel on first use, and keep the machine code for later processes."""
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": FASTMATH}
    return cast("F", njit(**options)(function))


@dataclass(frozen=True)
class Signature:
    """Named core dimensions of a kernel: ``"(core_out,core_in),()->(core_out)"``."""

    inputs: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> "Signature":
        """Read the notation of NumPy's generalised ufuncs."""
        left, right = text.replace(" ", "").split("->")

        def groups(side: str) -> tuple[tuple[str, ...], ...]:
            return tuple(tuple(filter(None, group.split(","))) for group in re.findall(r"\(([^()]*)\)", side))

        return cls(groups(left), groups(right))


@dataclass(frozen=True)
class Lifted:
    """A kernel that broadcasts: leading dimensions against each other, core dimensions by name."""

    kernel: Callable[..., None]
    signature: Signature
    dtype: type = np.float64

    def __call__(self, *arrays: Any, sizes: dict[str, int] | None = None) -> Any:
        """Broadcast, call the kernel once, and give the leading dimensions back.

        Parameters
        ----------
        *arrays
            One array for each input of the signature; core dimensions come last, and one of length 1
            stands for a value that does not differ along it (a plain number: along any).
        sizes
            Lengths of output dimensions that no input has.
        """
        inputs = [_as_number_array(array, core) for array, core in zip(arrays, self.signature.inputs, strict=True)]
        lead, sizes = self._shapes(inputs, dict(sizes or {}))
        count = int(np.prod(lead, dtype=np.int64))
        flat = [
            _flattened(array, lead, tuple(sizes[name] for name in core), count)
            for array, core in zip(inputs, self.signature.inputs, strict=True)
        ]
        outputs: list[AnyArray] = [
            np.empty((count, *(sizes[name] for name in core)), self.dtype) for core in self.signature.outputs
        ]
        self.kernel(*flat, *outputs)
        shaped = tuple(output.reshape(lead + output.shape[1:]) for output in outputs)
        return shaped if len(shaped) > 1 else shaped[0]

    def _shapes(self, inputs: Sequence[AnyArray], sizes: dict[str, int]) -> tuple[tuple[int, ...], dict[str, int]]:
        leads = []
        for array, core in zip(inputs, self.signature.inputs, strict=True):
            split = array.ndim - len(core)
            leads.append(array.shape[:split])
            for name, length in zip(core, array.shape[split:], strict=True):
                known = sizes.setdefault(name, length)
                if known == 1:
                    sizes[name] = length
                elif length not in (1, known):
                    msg = f"dimension {name!r} has length {length} in one input and {known} in another"
                    raise ValueError(msg)
        for name in {name for core in self.signature.outputs for name in core} - sizes.keys():
            msg = f"the length of dimension {name!r} is unknown: no input has it; give sizes={{{name!r}: ...}}"
            raise ValueError(msg)
        return np.broadcast_shapes(*leads), sizes


def lift(kernel: Callable[..., None], signature: str, dtype: type = np.float64) -> Lifted:
    """Make a kernel broadcast over leading dimensions.

    Parameters
    ----------
    kernel
        A function of arrays with one leading dimension; output arrays come last and are filled.
    signature
        Core dimensions by name, as in ``"(channel),()->(channel)"``.
    dtype
        Type of the outputs.
    """
    return Lifted(kernel, Signature.parse(signature), dtype)


def _as_number_array(value: Any, core: tuple[str, ...]) -> AnyArray:
    array = np.asarray(value)
    if array.dtype not in (np.float64, np.complex128, np.int64):
        array = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    if array.ndim >= len(core):
        return array
    if array.ndim:
        msg = f"got an array of shape {array.shape}, which lacks some of the dimensions ({', '.join(core)})"
        raise ValueError(msg)
    return array.reshape((1,) * len(core))


def _flattened(array: AnyArray, lead: tuple[int, ...], core: tuple[int, ...], count: int) -> AnyArray:
    if array.shape != lead + core:
        split = array.ndim - len(core)
        array = array.reshape((1,) * (len(lead) - split) + array.shape)
        array = np.broadcast_to(array, lead + core)
    # Writeable, because Numba would compile a second version of the kernel for read-only arrays.
    return np.require(array, requirements=("C", "W")).reshape((count, *core))
