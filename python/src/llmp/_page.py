"""What can be said of anything that stands on a page: where it lies, and how to hand it over."""

from __future__ import annotations

import os
from typing import ClassVar

from . import _abi, _memory
from ._handle import Handle, name_to_c
from .description import Map, map_from_c


class OnPage(Handle):
    """Base of what has a page: clients, senders, receivers and brokers."""

    _env_suffixes: ClassVar[tuple[str, ...]] = ("", "_SIZE", "_OFFSET", "_CLIENT_ID")

    def map(self) -> Map:
        """Return the page: the one it sends on now, for a client."""
        struct = _abi.Map()
        with self._whole():
            self._check(self._function("map")(self._handle, struct))
        return map_from_c(struct)

    def to_env(self, name: str) -> None:
        """Set the environment variables from which another process takes this over.

        They are set in this process (in os.environ, too) and so inherited by the programs it
        starts. Not while another thread uses the environment.

        Args:
            name: of the variables, or what their names begin with.

        Raises:
            InvalidError: no name for a variable.
            BusyError: an allocation is open.
        """
        encoded = name_to_c(name)
        with self._whole():
            self._check(self._function("to_env")(self._handle, encoded))
        for variable in (name + suffix for suffix in self._env_suffixes):
            value = _memory.c_environment(variable)
            if value is not None:
                os.environ[variable] = value
