"""What all tests share: Hypothesis without its clock, since a test times nothing and machines are busy."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
