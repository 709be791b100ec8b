"""Starts Python with one module of the package broken, in memory only; what follows `IN_FORCE` runs with it.

`IN_FORCE` is the beginning of a program for ``python -c`` whose first arguments are the path of the module and of the file that
has its broken text; arguments of the program of one's own follow them.
"""

from typing import Final

IN_FORCE: Final = """
import sys
from importlib import machinery

path, replaced = sys.argv[1:3]


class Mutated(machinery.SourceFileLoader):
    def get_data(self, wanted):
        return open(replaced, "rb").read() if wanted == path else super().get_data(wanted)

    def path_stats(self, wanted):
        raise OSError  # no byte code from a cache


class Finder(machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, where=None, target=None):
        spec = super().find_spec(name, where, target)
        if spec is not None and spec.origin == path:
            spec.loader = Mutated(spec.loader.name, spec.loader.path)
        return spec


sys.dont_write_bytecode = True
sys.meta_path.insert(0, Finder)
"""
