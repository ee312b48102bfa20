"""The pages of the desk: what hurts, what is due, who does what."""
