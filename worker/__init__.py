"""The shell around the rules: brokers, the clock, the process."""
