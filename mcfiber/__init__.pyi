from .descriptions import Description as Description
from .descriptions import DescriptionError as DescriptionError
<<<<<<< HEAD
from .fiber.layout import CustomLayout as CustomLayout
from .fiber.layout import HexagonalLayout as HexagonalLayout
from .fiber.layout import RingLayout as RingLayout
from .fiber.layout import SquareLayout as SquareLayout
from .fiber.multicore import MeasuredCrosstalk as MeasuredCrosstalk
from .fiber.multicore import MulticoreFiber as MulticoreFiber
from .fiber.multicore import WavelengthTable as WavelengthTable
from .link.span import Amplifier as Amplifier
from .link.span import Link as Link
from .link.span import LoopEquipment as LoopEquipment
from .link.span import Span as Span
from .spectrum import ChannelGroup as ChannelGroup
from .spectrum import Spectrum as Spectrum
=======
from .rate.achievable import achievable_rate as achievable_rate
from .rate.transceiver import AdaptiveCode as AdaptiveCode
from .rate.transceiver import DecodedFraction as DecodedFraction
from .rate.transceiver import FixedRateCode as FixedRateCode
from .rate.transceiver import IdealCode as IdealCode
from .rate.transceiver import Transceiver as Transceiver
>>>>>>> rate
