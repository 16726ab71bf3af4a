"""The folder of a plugin, as Python's import system sees it: what was compiled once is executed by each process anew."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any, Dict, List, Optional


class PluginFileError(BaseException):
    """An import that would run a file of the plugin's folder in the warm process. No `except Exception` may hide it."""


class Folder:
    """The folder of one plugin, and the folders in it."""

    def __init__(self, plugin: str) -> None:
        self.plugin = plugin
        self.path = os.path.dirname(plugin)
        # By path, of each file that was imported.
        self.codes: Dict[str, CodeType] = {}
        # True in the warm process, which runs no file of the folder.
        self.is_shut = False
        self._insides = [os.path.join(path, "") for path in (self.path, os.path.realpath(self.path))]

    def enter(self) -> None:
        """Lets plugins import as they did under the old proxy: from this folder first, which is the current one."""
        os.chdir(self.path)
        sys.path.insert(0, self.path)
        sys.argv = [self.plugin]
        sys.path_hooks.insert(0, self._finder_of)
        sys.path_importer_cache.clear()

    def import_plugin(self) -> ModuleType:
        """Executes the plugin's file."""
        name = os.path.splitext(os.path.basename(self.plugin))[0]
        spec = importlib.util.spec_from_file_location(name, self.plugin, loader=_Loader(self, name, self.plugin))
        if spec is None or spec.loader is None:
            raise ImportError("no Python file: " + self.plugin)
        module = importlib.util.module_from_spec(spec)
        # A plugin called like a module that is loaded already, such as json.py, must not take its place.
        sys.modules.setdefault(name, module)
        spec.loader.exec_module(module)
        return module

    def holds(self, file: str) -> bool:
        """Tells whether a file lies in the folder, be it by a link."""
        paths = (os.path.abspath(file), os.path.realpath(file))
        return any(os.path.join(path, "").startswith(inside) for path in paths for inside in self._insides)

    def _finder_of(self, entry: str) -> _Finder:
        if not self.holds(entry):
            raise ImportError("not in the folder of the plugin")
        return _Finder(self, entry)


class _Finder(FileFinder):
    def __init__(self, folder: Folder, path: str) -> None:
        super().__init__(
            path,
            (ExtensionFileLoader, EXTENSION_SUFFIXES),
            (lambda name, file: _Loader(folder, name, file), SOURCE_SUFFIXES),
            (SourcelessFileLoader, BYTECODE_SUFFIXES),
        )
        self._folder = folder

    def find_spec(self, fullname: str, target: Optional[ModuleType] = None) -> Any:
        spec = super().find_spec(fullname, target)
        if spec is not None and spec.loader is not None and self._folder.is_shut:
            raise PluginFileError(fullname)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, folder: Folder, name: str, path: str) -> None:
        super().__init__(name, path)
        self._codes = folder.codes

    def get_code(self, fullname: str) -> Any:
        code = self._codes.get(self.path)
        if code is None:
            code = super().get_code(fullname)
            self._codes[self.path] = code
        return code


def preload(modules: List[str]) -> None:
    """Imports modules from outside the folder. What can't be imported here is left to the processes of the calls."""
    for name in modules:
        if name in sys.modules:
            continue
        before = set(sys.modules)
        try:
            __import__(name)
        except BaseException:
            # Half of a package would be in the way of the whole one.
            for added in set(sys.modules) - before:
                del sys.modules[added]
