"""Finds the units of a plugin."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Dict, List

METHODS = ("do_filter", "do_score", "do_balance")


def find_units(module: ModuleType) -> List[Dict[str, Any]]:
    """Lists the classes that are units, in the order in which the module names them."""
    units: List[Dict[str, Any]] = []
    for name, value in vars(module).items():
        if not isinstance(value, type) or _belongs_to_another_plugin(value, module):
            continue
        methods = {method: _description(value, method) for method in METHODS if callable(getattr(value, method, None))}
        if methods:
            units.append({"name": name, "methods": methods, "properties": _properties(value)})
    return units


def _belongs_to_another_plugin(cls: type, module: ModuleType) -> bool:
    # Imported from a file beside this one, which is a plugin itself and lists the class.
    if cls.__module__ == module.__name__:
        return False
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return isinstance(file, str) and os.path.dirname(file) == os.path.dirname(module.__file__ or "")


def _description(cls: type, method: str) -> str:
    text = getattr(cls, method).__doc__
    return "\n".join(line.strip() for line in text.strip().splitlines()) if isinstance(text, str) else ""


def _properties(cls: type) -> str:
    value = getattr(cls, "properties_validation", "")
    return value if isinstance(value, str) else ""
