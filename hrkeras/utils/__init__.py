"""Shared utilities: errors, safe files, processes, plots."""
