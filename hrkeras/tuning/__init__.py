"""Search for what trains best: spaces, KerasTuner's oracles with files that outlive a kill, and what came out."""
