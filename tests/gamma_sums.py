"""Sums of Gamma variables with forty digits, by `mpmath`: ``python tests/gamma_sums.py`` writes the vectors anew.

The Laplace transform is integrated along a chain of straight lines, whose error `mpmath` estimates.  By Cauchy's
theorem any chain gives the same; this one roughly follows the path along which the integrand does not oscillate.
"""

import json
import sys
from pathlib import Path

import mpmath as mp

VECTORS = Path(__file__).parent / "data" / "gamma_sums_mpmath.json"
DIGITS = 40

# Means, shapes, probabilities of more.
CASES = [
    ([1.0], [1000.0], [0.9, 0.53, 0.5, 1e-12]),
    ([1.0], [2000.0], [0.67, 0.1]),
    ([1.0], [0.5], [1e-12, 0.3, 0.6, 1 - 1e-9]),
    ([1.0], [1e6], [1e-12, 1e-3, 0.5, 1 - 1e-9]),
    ([1e-2, 1e-3], [300.0, 2.0], [1e-12, 1e-4, 0.5, 1 - 1e-9]),
    ([10**-2.5, 10**-2.4375], [30.0, 0.5], [1e-12, 1e-4, 1e-2, 0.3, 0.6, 0.9, 1 - 1e-9]),
    ([1.0] * 5, [12.0] * 4 + [0.5], [1e-9, 0.05, 0.1, 0.5, 0.99]),
    ([1.0, 1e-6], [0.5, 1e6], [1e-12, 0.5, 0.999]),
    ([1e-6, 1.0], [0.5, 1e6], [1e-12, 0.5, 0.999]),
    ([1.0, 1e-3, 1e-6, 1e-9, 1e-12], [0.5, 0.7, 1.0, 12.0, 3e5], [1e-12, 0.2, 0.999, 1 - 1e-9]),
    ([0.319, 0.852, 0.171], [1e6, 1e6, 0.5], [1e-9, 0.5, 0.999]),
    ([10 ** (-k / 10) for k in range(100)], [0.5 * 1.15**k for k in range(100)], [1e-6]),
]


def inverted(mean, shape, x, side):
    """Probability of more (side 1) or of less (side -1) than x, or the density there (side 0)."""
    terms = [(mp.mpf(m) / mp.mpf(k), mp.mpf(k)) for m, k in zip(mean, shape, strict=True)]
    power, x = mp.fsum(k for _, k in terms), mp.mpf(x)

    def exponent(s):
        pole = mp.log(side * s) if side else 0
        return -mp.fsum(k * mp.log(1 - theta * s) for theta, k in terms) - s * x - pole

    def slope(s):
        return mp.fsum(k * theta / (1 - theta * s) for theta, k in terms) - x - (1 / s if side else 0)

    first = 1 / max(theta for theta, _ in terms)
    low, high = (mp.mpf(0) if side > 0 else -(power + 2) / x), (mp.mpf(0) if side < 0 else first)
    start = bisected(slope, low, high, 150)
    height = exponent(start)
    curvature = mp.fsum(k / (1 / theta - start) ** 2 for theta, k in terms) + (1 / start**2 if side else 0)
    corners = [start]
    y, last = 1 / mp.sqrt(curvature) / 4, 0.98 * mp.pi * (power + (side < 0)) / x
    while y < last and mp.re(exponent(corners[-1]) - height) > -2.5 * DIGITS:
        corners.append(mp.mpc(level(exponent, start, y), y))
        y *= mp.mpf(1.4)
    stride = abs(corners[-1] - start) / 2
    while mp.re(exponent(corners[-1]) - height) > -2.5 * DIGITS:  # to the right, where the integrand vanishes
        corners.append(corners[-1] + stride)
        stride *= 1.5
    total, error = mp.quad(lambda s: mp.exp(exponent(s) - height), corners, error=True)
    if not error < 1e-20 * abs(mp.im(total)):
        raise ArithmeticError(f"error {mp.nstr(error)} of {mp.nstr(total)}: {mean}, {shape}, {x}")
    return mp.exp(height) * mp.im(total) / mp.pi


def level(exponent, start, y):
    """About where the exponent is real, at a distance y from the axis."""

    def phase(x):
        return mp.im(exponent(mp.mpc(x, y)))

    low, high = -y, y
    while phase(start + low) > 0:
        low *= 3
    while phase(start + high) < 0:
        high *= 3
    with mp.workdps(20):
        return start + bisected(lambda x: phase(start + x), mp.mpf(low), mp.mpf(high), 40)


def bisected(function, low, high, steps):
    for _ in range(steps):
        middle = (low + high) / 2
        if function(middle) > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def quantile(mean, shape, probability):
    """Quantile, and the density there. The library's is where the search starts; it ends where it must."""
    from mcfiber.arrays.crosstalk_statistics import exceeded_level

    side = 1 if probability <= 0.5 else -1
    wanted = mp.mpf(probability) if side > 0 else 1 - mp.mpf(probability)
    x = mp.mpf(float(exceeded_level(mean, [1 / k for k in shape], probability)))
    for _ in range(20):
        found, density = inverted(mean, shape, x, side), inverted(mean, shape, x, 0)
        x += side * found * mp.log(found / wanted) / density
        if abs(found / wanted - 1) < 1e-12:
            return x, density
    raise ArithmeticError(f"no quantile found: {mean}, {shape}, {probability}")


def vectors():
    for mean, shape, probabilities in CASES:
        for probability in probabilities:
            x, density = quantile(mean, shape, probability)
            side = 1 if probability <= 0.5 else -1
            # The tail at the float, not at the exact quantile: for a shape of 1e6 that matters.
            number = float(x)
            row = {"mean": mean, "shape": shape, "probability": probability, "quantile": number}
            row |= {"tail": float(inverted(mean, shape, number, side)), "side": side, "density": float(density)}
            sys.stdout.write(f"{len(mean)} terms, {probability:g}: {number!r}\n")
            sys.stdout.flush()
            yield row


def main():
    with mp.workdps(DIGITS):
        rows = [json.dumps(row) for row in vectors()]
    VECTORS.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")
    sys.stdout.write(f"{VECTORS}: {len(rows)} vectors\n")


if __name__ == "__main__":
    main()
