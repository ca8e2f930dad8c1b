"""What somebody types at a terminal, and what stands there then, as a picture: the command is run, not quoted."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

WIDTH: Final = 120
_LINES: Final = 40
_RTCP: Final = Path(sys.executable).with_name("rtcp")
# Rich's own loads a font from another host.
_FORM: Final = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>.{unique_id}-matrix{{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:{char_height}px;
line-height:{line_height}px}}.{unique_id}-title{{font-size:18px;font-family:system-ui,sans-serif}}{styles}</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>{lines}</defs>{chrome}<g transform="translate({terminal_x}, {terminal_y})"
clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g></svg>"""


def draw(command: str, emulator: str) -> str:
    """The terminal after this command, typed at the emulator of this address."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(run(command, emulator)))
    return console.export_svg(title="rtcp", code_format=_FORM, unique_id="t")


def run(command: str, emulator: str) -> str:
    """What a command of rtcp writes on a terminal.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, WIDTH, 0, 0))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RTCP_")}
    typed = ["sh", "-c", command]
    environment = {
        **kept,
        "RTCP_EMULATOR": emulator,
        "TERM": "xterm-256color",
        "PATH": f"{_RTCP.parent}:{kept['PATH']}",
    }
    with subprocess.Popen(typed, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        written = _read_all(ours)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output=written)
    return written


def _read_all(descriptor: int) -> str:
    blocks = []
    with open(descriptor, "rb", buffering=0) as screen:
        while True:
            try:
                block = screen.read(65_536)
            except OSError:
                # Nobody writes to it any more.
                break
            if not block:
                break
            blocks.append(block)
    return b"".join(blocks).decode().replace("\r\n", "\n").rstrip("\n")
