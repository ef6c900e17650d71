"""Who may do what: identities, facts of ownership and grants, and the checks before a statement."""
