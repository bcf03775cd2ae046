"""A trainer's side of Fagure, in Python."""

from .failures import Absent, Failure, Refused
from .graph import Recorder, Variable
from .session import Session, Worker

__all__ = ["Absent", "Failure", "Recorder", "Refused", "Session", "Variable", "Worker"]
