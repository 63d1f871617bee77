"""Training of networks; needs the extra ``train``."""

from .context_training import train_context
from .train_photographs import train_on_photographs

__all__ = ["train_context", "train_on_photographs"]
