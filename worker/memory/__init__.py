"""The three ports in memory: what `scrip simulate` decides with, and what simulations crash."""
