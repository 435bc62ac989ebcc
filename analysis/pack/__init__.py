"""The redacted, shareable copy of an incident folder: `pack`."""

from analysis.pack.pack import pack
from analysis.pack.packed import LeftOut, Packed, PackedFile, PackError, Suspicion

__all__ = ["LeftOut", "PackError", "Packed", "PackedFile", "Suspicion", "pack"]
