"""Hypothesis: quick by default, `--hypothesis-profile=thorough` for the nights."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick",
    max_examples=200,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=5_000)

if settings.get_current_profile_name() != "thorough":
    settings.load_profile("quick")
