"""Imports one plugin file and finds its units."""

from __future__ import annotations

import importlib.util
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Dict, List

METHODS = ("do_filter", "do_score", "do_balance")


def import_plugin(path: str) -> ModuleType:
    """Imports a file as the old proxy did: with its folder as the current one, and first among those that are searched."""
    folder, file = os.path.split(path)
    name = os.path.splitext(file)[0]
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = [path]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("no Python file: " + path)
    module = importlib.util.module_from_spec(spec)
    # A plugin called like a module that is loaded already, such as json.py, must not take its place.
    sys.modules.setdefault(name, module)
    spec.loader.exec_module(module)
    return module


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


def loaded_files(folder: str) -> List[str]:
    """The files of the folder, and of the folders in it, of which something is loaded."""
    inside = os.path.join(folder, "")
    files = (
        getattr(module, "__file__", None)
        for name, module in list(sys.modules.items())
        if name != "__main__" and name.split(".")[0] != __name__.split(".")[0]
    )
    return sorted({file for file in files if isinstance(file, str) and file.startswith(inside)})


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
