"""Cases: a piece of work on a review or an alert, from intake to outcome."""
