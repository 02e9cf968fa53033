"""Cue-and-scope rules for the status of a clinical finding: the baseline of the assertion model."""
from .status import LABELS, assert_status

__all__ = ["LABELS", "assert_status"]
