"""The platform's places for Backbeat's files, as platformdirs knows them."""

from __future__ import annotations

from pathlib import Path

import platformdirs

APPLICATION = "backbeat"


def config_folder() -> Path:
    """Where the user's config file and own note maps live."""
    return platformdirs.user_config_path(APPLICATION, appauthor=False)


def default_config_file() -> Path:
    """The config file that is read when nobody names another."""
    return config_folder() / "config.toml"


def user_presets_folder() -> Path:
    """Where the user's own note maps live; they go before the shipped ones."""
    return config_folder() / "presets"


def default_data_folder() -> Path:
    """Where the job list and the inbox live unless configured."""
    return platformdirs.user_data_path(APPLICATION, appauthor=False)


def default_models_folder() -> Path:
    """Where downloaded models live unless configured; all of it can be had again."""
    return platformdirs.user_cache_path(APPLICATION, appauthor=False) / "models"


def default_inbox() -> Path:
    """The folder that scripts render into, unless configured."""
    return default_data_folder() / "inbox"
