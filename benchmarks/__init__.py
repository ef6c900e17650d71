"""One file for each public claim of speed or quality; each prints its figures and a summary."""
