"""What people say that a review really says: the tagger learns from it."""
