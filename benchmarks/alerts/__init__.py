"""How well negative trends are found: series with known outbreaks, known methods, and what each of them missed."""
