"""Heart rate of runs without one."""
