from .descriptions import Description as Description
from .descriptions import DescriptionError as DescriptionError
from .rate.achievable import achievable_rate as achievable_rate
from .rate.transceiver import AdaptiveCode as AdaptiveCode
from .rate.transceiver import DecodedFraction as DecodedFraction
from .rate.transceiver import FixedRateCode as FixedRateCode
from .rate.transceiver import IdealCode as IdealCode
from .rate.transceiver import Transceiver as Transceiver
