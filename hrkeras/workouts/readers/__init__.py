"""From any source's files to workouts."""
