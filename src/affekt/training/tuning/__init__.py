"""Searching the settings of a recipe: the space, the trials, and the study that keeps them."""

from affekt.training.tuning.search import shown
from affekt.training.tuning.trials import TrialOptions
from affekt.training.tuning.tune import TuneRequest, tune

__all__ = ["TrialOptions", "TuneRequest", "shown", "tune"]
