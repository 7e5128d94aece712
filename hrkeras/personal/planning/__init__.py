"""Plan a run on a course."""
