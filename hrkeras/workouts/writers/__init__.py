"""Copies of recordings with heart rate in them."""
