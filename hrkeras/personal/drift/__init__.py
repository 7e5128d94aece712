"""How heart rate rises within a person's runs."""
