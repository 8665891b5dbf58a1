from audit.models.chain import ChainHead, Checkpoint, CheckpointKind, SigningKey
from audit.models.event import Event
from audit.models.forward import ForwardPosition
from audit.models.retention import LegalHold, RetentionRule
from audit.models.verification import Verification

__all__ = [
    "ChainHead",
    "Checkpoint",
    "CheckpointKind",
    "Event",
    "ForwardPosition",
    "LegalHold",
    "RetentionRule",
    "SigningKey",
    "Verification",
]
