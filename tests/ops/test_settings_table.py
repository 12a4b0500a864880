"""The settings table says what the settings are."""

from __future__ import annotations

from worker.settings import Settings
from worker.settings_table import PAGE, page, rows


def test_the_table_is_fresh() -> None:
    """After a change of settings: python -m worker.settings_table."""
    assert PAGE.read_text() == page()


def test_every_setting_has_its_meaning() -> None:
    """One sentence that an operator can act on, below the field."""
    assert len(rows()) == len(Settings.model_fields)
    assert [row.name for row in rows() if len(row.meaning) < 20] == []
