"""How many examples a property looks at."""

from hypothesis import settings


def at_most(count: int) -> settings:
    """Fewer examples than the profile asks for, where each takes long; `deep` keeps its own number."""
    profile = settings.get_current_profile_name()
    return settings() if profile == "deep" else settings(max_examples=count)
