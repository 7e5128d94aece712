"""The training load of a person's runs."""
