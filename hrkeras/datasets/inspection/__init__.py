"""What a source holds, and what becomes of it on the way to a dataset."""
