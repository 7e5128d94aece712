"""What a runner gets: predictions, plans, fitness, reports."""
