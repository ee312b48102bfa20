"""Who may do what, which language they chose, and how often a password may be guessed."""
