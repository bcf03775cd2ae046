"""Real processes for tests: the folder of the built programs is in FAGURE_PROGRAMS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

KIT = Path(os.environ.get("FAGURE_KIT", Path(__file__).parents[3] / "conformance"))


class Program:
    """A process that is followed by its lines."""

    def __init__(self, *words: str | Path) -> None:
        if words[0] == "python":
            command: list[str | Path] = [sys.executable, *words[1:]]
        else:
            command = [Path(os.environ["FAGURE_PROGRAMS"]) / words[0], *words[1:]]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self, text: str) -> str:
        """The next line with a text."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if text in line:
                return line
        raise AssertionError(f"ended with {self.process.wait()} before {text!r}: {self._errors()}")

    def end(self, timeout: float = 60) -> tuple[int, str]:
        """How it ended, and what it said."""
        output, errors = self.process.communicate(timeout=timeout)
        return self.process.returncode, output + errors

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()


def broker(folder: Path) -> tuple[Program, str]:
    """A broker, and where it is."""
    address = f"ipc://{folder}/broker"
    program = Program("broker", "--bind", address)
    program.line("listening on")
    return program, address
