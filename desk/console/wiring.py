"""What the console shows of other parts of moksori: the wiring puts functions here, so that the desk imports none."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]

theme_names: Callable[[], tuple[str, ...]] | None = None
"""The names of all themes, the brand's own included; without it there are the five."""

health_rows: Callable[[], Rows] | None = None
"""A row a source. `source` and `state` (ok, partial, blocked, broken) are shown as such, other keys as columns."""

ledger_rows: Callable[[], Rows] | None = None
"""A row a source and day: how many reviews each stage has seen. `balanced` False marks a row that does not add up."""

reply_limit: Callable[[str], int | None] | None = None
"""Characters that a source allows in a reply; None: as many as one likes."""
