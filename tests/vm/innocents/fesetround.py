# SPDX-License-Identifier: GPL-2.0
"""Walks through all rounding modes from Python, for ever."""
import ctypes
import ctypes.util
import random

libm = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")
MODES = (0x000, 0x400, 0x800, 0xC00)  # FE_TONEAREST, DOWNWARD, UPWARD, TOWARDZERO

while True:
    libm.fesetround(random.choice(MODES))
    total = 0.0
    for i in range(500):
        total += i * 0.1
