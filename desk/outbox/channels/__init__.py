"""Ways to post into a channel of alerts.yaml: one module a kind says how its message looks, post.py sends it."""
