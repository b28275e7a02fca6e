"""A checkout that was not built says so at once, and serves no broken page."""

from __future__ import annotations

from pathlib import Path

import pytest

from nhip.serve import NotBuilt, require_built
from nhip.web.app import STATIC


def test_a_checkout_without_the_files_of_the_browser_is_not_served(tmp_path: Path) -> None:
    require_built(STATIC)
    with pytest.raises(NotBuilt, match="make build"):
        require_built(tmp_path)
