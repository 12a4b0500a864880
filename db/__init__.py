"""Sets in, sets out: the one transaction that records a batch."""
