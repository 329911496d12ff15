"""Bytes to values and values to bytes, one module per protocol; nothing here knows a socket, a host or a vendor.

Every reader takes any bytes at all, never raises, and needs time and memory in proportion to what it is given.
"""
