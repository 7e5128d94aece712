"""Heart rate where the sensor was wrong, replaced in copies of the files."""
