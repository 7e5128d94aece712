"""Training and finetuning of models."""
