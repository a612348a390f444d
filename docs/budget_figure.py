"""Draw the figure of the README: the predicted budget of the 1.02 Pb/s record.

Run as ``python docs/budget_figure.py`` (needs the extra `plot`); writes ``docs/_static/budget.svg``.
"""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import mcfiber

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "mcfiber"  # the same file for the same numbers


def main() -> None:
    """Budget against wavelength, and the distribution of the predicted rate beside the reported one."""
    entry = mcfiber.load("nict-2025-1808km")
    prediction = mcfiber.predict(entry, samples=2048)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained", width_ratios=(3, 2))
    prediction.mcf.plot.budget(ax=left)
    rates = prediction.mcf.total_rate() / 1e12
    right.hist(rates, bins=40, color="#56B4E9", alpha=0.8)
    low, high = np.quantile(rates, (0.05, 0.95))
    right.axvspan(low, high, color="#56B4E9", alpha=0.15, lw=0, label=f"5-95 %: {low:,.0f} to {high:,.0f} Tb/s")
    right.axvline(entry.reported.net_rate_tbps, color="#D55E00", lw=2, label="reported: 1,020 Tb/s")
    right.set(xlabel="net rate of the system (Tb/s)", yticks=[])
    right.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize="small", borderaxespad=0.2)
    target = Path(__file__).parent / "_static" / "budget.svg"
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    main()
