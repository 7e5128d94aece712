"""What every room uses: errors, safe files, processes, plots."""
