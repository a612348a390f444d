"""Plain arrays in, plain arrays out: the door for other programs.

Nothing of the library's own goes in or comes out: numbers or arrays in SI, linear ratios, and functions that
broadcast.

==========================  =============================================================================
`amplifiers`                noise of amplifiers, and noise figures of several together
`interference`              Kerr noise of a span: closed forms with and without Raman scattering, the integral
`crosstalk`                 mean crosstalk between cores, and what it costs
`crosstalk_statistics`      how crosstalk spreads around its mean
`cables`                    laws of power-fed cables: the best ratio, span and number of paths
`rates`                     what formats carry, what codes leave of it, and what mode-dependent loss costs
==========================  =============================================================================
"""

from mcfiber.arrays import amplifiers, cables, crosstalk, crosstalk_statistics, interference, rates

__all__ = ["amplifiers", "cables", "crosstalk", "crosstalk_statistics", "interference", "rates"]
