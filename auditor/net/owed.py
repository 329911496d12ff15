"""What we did not ask for reasons of our own: it says nothing of a device, and is asked when the run is taken up.

Such a reason begins in one of three ways; what the scope does not allow, a stop, and a closed window do not.
"""

MACHINE = "not sent by this machine"
"""No route, no link, no descriptor, no room in a queue, our own firewall."""
FAULT = f"{MACHINE}: a fault of our own"
BUDGET = "the device's budget"
"""It had us read or ask as much as one device may."""
TIME = "the device's time"
"""It was talked with for as long as one device may take."""


def is_owed(reason: str) -> bool:
    """Tell whether something withheld for this reason is still to be asked."""
    return reason.startswith((MACHINE, BUDGET, TIME))
