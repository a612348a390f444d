"""What a public function takes: one rule for each argument, checked and entered at its door.

A function that a user calls declares its arguments once, in a decorator:

>>> from typing import Literal
>>> @arguments(length_km=real(above=0), spans=whole(low=1))
... def distance(length_km: float, *, spans: int = 1, repeat: Literal["same", "independent"] = "same") -> float:
...     return length_km * spans

A rule refuses what the argument cannot be, and names the argument, the value, the unit, what is allowed and what to do.
What it takes it enters: a list, an array or a Series becomes a labelled array along the dimension that the rule names.
Words of a ``Literal``, truths, descriptions and records need no rule: the annotation says what they are.  A number that
is not a number (NaN) is refused; in a labelled array it marks a point that is missing, and the result lacks it too.

Behind the doors quantities are `xarray.Variable`: where one comes in, a call passes unchecked.
"""

from mcfiber.arguments.common import CHANNELS as CHANNELS
from mcfiber.arguments.common import DELAY as DELAY
from mcfiber.arguments.common import FORMAT as FORMAT
from mcfiber.arguments.common import FORMATS as FORMATS
from mcfiber.arguments.common import FRACTION as FRACTION
from mcfiber.arguments.common import FREQUENCIES as FREQUENCIES
from mcfiber.arguments.common import LENGTH as LENGTH
from mcfiber.arguments.common import LENGTH_KM as LENGTH_KM
from mcfiber.arguments.common import LOSS as LOSS
from mcfiber.arguments.common import MODES as MODES
from mcfiber.arguments.common import NUMBER as NUMBER
from mcfiber.arguments.common import NUMBERS as NUMBERS
from mcfiber.arguments.common import OFFSETS as OFFSETS
from mcfiber.arguments.common import ONE_WAVELENGTH_NM as ONE_WAVELENGTH_NM
from mcfiber.arguments.common import POWERS as POWERS
from mcfiber.arguments.common import RATIO as RATIO
from mcfiber.arguments.common import SEED as SEED
from mcfiber.arguments.common import SPREAD as SPREAD
from mcfiber.arguments.common import SYMBOL_RATE as SYMBOL_RATE
from mcfiber.arguments.common import SYMBOL_RATES as SYMBOL_RATES
from mcfiber.arguments.common import THREADS as THREADS
from mcfiber.arguments.common import WAVELENGTH_NM as WAVELENGTH_NM
from mcfiber.arguments.door import arguments as arguments
from mcfiber.arguments.quantities import plain_array as plain_array
from mcfiber.arguments.quantities import real as real
from mcfiber.arguments.rules import PATH as PATH
from mcfiber.arguments.rules import TABLE as TABLE
from mcfiber.arguments.rules import TEXT as TEXT
from mcfiber.arguments.rules import choice as choice
from mcfiber.arguments.rules import dataset as dataset
from mcfiber.arguments.rules import instance as instance
from mcfiber.arguments.rules import sequence_of as sequence_of
from mcfiber.arguments.rules import several as several
from mcfiber.arguments.rules import whole as whole
