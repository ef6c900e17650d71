"""How a model comes to be: snapshot, search and report, in a process of its own."""
