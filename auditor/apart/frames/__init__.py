# SPDX-License-Identifier: GPL-2.0-only
"""The program `auditor-frames`, which asks and hears an interface by frames; it needs nothing of auditor."""
