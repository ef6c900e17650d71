"""What exists: models and their functions. The truth for models; SQL objects are the engine's."""
