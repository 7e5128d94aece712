"""Faults of heart rate sensors, such as a locked cadence or a slow start."""
