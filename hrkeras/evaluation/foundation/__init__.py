"""Models trained elsewhere on other series, which forecast the rest of a run from its beginning."""
