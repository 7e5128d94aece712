"""What is known of a person: the state, its file, and what follows from it."""
