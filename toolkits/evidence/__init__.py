"""Evidence packs: jobs, and the part of the audit trail that proves what is said of them."""

from toolkits.evidence.download import download
from toolkits.evidence.pack import stream
from toolkits.evidence.selection import NothingChosen, Selection, select

__all__ = ["NothingChosen", "Selection", "download", "select", "stream"]
