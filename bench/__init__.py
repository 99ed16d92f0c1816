"""Measurements: ratios taken side by side in one run on one machine. Tests never time; these do."""
