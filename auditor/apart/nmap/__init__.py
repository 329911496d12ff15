# SPDX-License-Identifier: GPL-3.0-or-later
"""The program `auditor-nmap`, which tells by python-nmap which nmap there is; it needs nothing of auditor."""
