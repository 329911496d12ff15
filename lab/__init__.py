"""Emulated surveillance devices, and a sensor that judges how an audit behaves towards them."""
