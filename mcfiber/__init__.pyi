from .descriptions import Description as Description
from .descriptions import DescriptionError as DescriptionError
