"""Text to tokens, Redshift SQL to the engine's SQL, and what a query refers to. Pure."""
