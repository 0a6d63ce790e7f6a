# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal for tests: runs a program on a pty and keeps a screen as xterm would.

Knows what the programs here send: text, newline, and CSI H, K, J, m and private modes 7, 25, 1049.
Anything else that begins with ESC, or is a control character, is an error of the program.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

CSI = re.compile(r"\033\[(\?)?([0-9;]*)([A-Za-z])")


class Terminal:
    def __init__(self, argv, rows=24, columns=80, env=None):
        self.rows, self.columns = rows, columns
        self.modes = {7: True, 25: True, 1049: False}
        self.screens = {False: [""] * rows, True: [""] * rows}
        self.row = self.column = 0
        self.raw = ""
        self.odd = []
        self.homes = 0
        self.pending = b""
        self.master, slave = pty.openpty()
        self.size(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.child = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, env=env,
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))

    def size(self, rows, columns):
        """Resizes, of which the kernel tells the foreground by SIGWINCH."""
        for mode in self.screens:
            lines = self.screens[mode]
            self.screens[mode] = (lines + [""] * rows)[:rows]
        self.rows, self.columns = rows, columns
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def lines(self):
        return self.screens[self.modes[1049]]

    def text(self):
        return "\n".join(self.lines).rstrip("\n")

    def feed(self, text):
        i = 0
        while i < len(text):
            c = text[i]
            m = CSI.match(text, i)
            if m:
                self.order(*m.groups())
                i = m.end()
                continue
            i += 1
            if c == "\r":
                self.column = 0
            elif c == "\n":
                self.down()
            elif ord(c) < 32 or 127 <= ord(c) < 160:
                self.odd.append(repr(text[i - 1:i + 20]))
            elif self.column < self.columns or self.modes[7]:
                if self.column == self.columns:
                    self.column = 0
                    self.down()
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[:self.column] + c + line[self.column + 1:]
                self.column += 1

    def down(self):
        self.row += 1
        if self.row == self.rows:  # all moves up
            self.lines.append("")
            del self.lines[0]
            self.row -= 1

    def order(self, private, number, letter):
        if private and letter in "hl" and int(number) in self.modes:
            self.modes[int(number)] = letter == "h"
        elif letter == "H" and not number:
            self.row = self.column = 0
            self.homes += 1
        elif letter == "K" and not number:
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == "J" and not number:
            self.lines[self.row] = self.lines[self.row][:self.column]
            for i in range(self.row + 1, self.rows):
                self.lines[i] = ""
        elif letter != "m":
            self.odd.append(f"CSI {private or ''}{number}{letter}")

    def until(self, what, seconds=30.0):
        """Reads until what() holds. Whether it did."""
        end = time.monotonic() + seconds
        while not what():
            left = end - time.monotonic()
            if left <= 0:
                return False
            if not select.select([self.master], [], [], min(left, 0.05))[0]:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return what()
            text = (self.pending + data).decode("utf-8", "replace")
            cut = text.rfind("\033")  # a sequence may be in two parts
            rest = text[cut:] if cut >= 0 and not CSI.match(text, cut) else ""
            self.pending = rest.encode()
            text = text[:len(text) - len(rest)]
            self.raw += text
            self.feed(text)
        return True

    def ended(self, seconds=30.0):
        """The exit code, -N for a signal, None when it goes on."""
        self.until(lambda: self.child.poll() is not None, seconds)
        self.until(lambda: False, 0.2)
        return self.child.poll()

    def stopped(self):
        with open(f"/proc/{self.child.pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] == "T"

    def as_before(self):
        """Whether the terminal is what it was before the program."""
        return (self.modes == {7: True, 25: True, 1049: False} and
                termios.tcgetattr(self.slave) == self.before)

    def end(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait()
