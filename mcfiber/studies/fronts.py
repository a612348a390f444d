"""What a design must meet, and which of many no other beats."""

import numpy as np

from mcfiber.arguments import arguments, plain_array
from mcfiber.typing import AnyArray, FloatArray

Constraint = tuple[str, float, float]


@arguments(values=plain_array("design", "objective", exact=True, scalar=False, missing=True))
def non_dominated(values: FloatArray) -> AnyArray:
    """Positions of rows that no other row beats: none is as large in every column and larger in one.

    Parameters
    ----------
    values
        Shape (design, objective); larger is better.

    Returns
    -------
    numpy.ndarray
        Positions, the largest of the first column first; of equal rows the first stands for all.  A row with NaN is
        not among them.

    References
    ----------
    .. [1] K. Miettinen, "Nonlinear Multiobjective Optimization," Kluwer, 1999 (dominance).

    Examples
    --------
    >>> non_dominated(np.array([[1.0, 3.0], [2.0, 2.0], [1.0, 2.0]])).tolist()
    [1, 0]
    """
    return _non_dominated(values)


def _non_dominated(values: FloatArray) -> AnyArray:
    # From the largest row down (columns in turn), nothing that comes later beats what came before.
    order = np.lexsort((np.arange(len(values)), *(-values[:, column] for column in reversed(range(values.shape[1])))))
    kept: list[int] = []
    for position in order:
        if np.isnan(values[position]).any():
            continue
        rivals = values[kept]
        if not (rivals >= values[position]).all(axis=1).any():
            kept.append(int(position))
    return np.array(kept, dtype=np.int64)
