"""A register against what was found: matching, ends of serial numbers, entries listed twice, and time."""

import time

from auditor.intake.register_csv import Entry
from auditor.model import Certainty, Claim, Device, Identity
from auditor.run.gap import gap


def device(number: int, **told: str) -> Device:
    claims = tuple(Claim(name, value, Certainty.CERTAIN, ()) for name, value in told.items())
    address = f"10.1.{number // 250}.{number % 250 + 1}"
    return Device(key=f"s/{address}", address=address, site="s", identity=Identity(f"s/{address}", claims))


def test_the_end_of_a_serial_number_names_a_device_unless_it_names_two() -> None:
    found = [
        device(1, serial="AB20190101CCWR00000001"),
        device(2, serial="AB20190101CCWR10000001"),
        device(3, serial="XY12345678"),
    ]
    compared = gap(
        [Entry(2, serial="00000001"), Entry(3, serial="10000001"), Entry(4, serial="12345678")], found
    )
    assert {pair.entry.row: pair.device.address for pair in compared.pairs} == {
        2: "10.1.0.2",
        3: "10.1.0.3",
        4: "10.1.0.4",
    }
    assert gap([Entry(2, serial="0000001"), Entry(3, serial="00000010")], found).pairs == ()


def test_an_entry_listed_twice_is_not_missing_and_another_device_at_the_address_is() -> None:
    found = [device(1, serial="AB20190101CCWR00000001")]
    first = Entry(2, serial="AB20190101CCWR00000001")
    again = Entry(9, address="10.1.0.2", model="x")
    other = Entry(10, address="10.1.0.2", serial="ZZ20190101CCWR00000009")
    compared = gap([first, again, other], found)
    assert [pair.entry.row for pair in compared.pairs] == [2]
    assert [pair.entry.row for pair in compared.listed_again] == [9]
    assert [one.row for one in compared.only_on_paper] == [10]


def test_any_of_several_addresses_matches() -> None:
    entry = Entry(2, address="192.0.2.9", addresses=("192.0.2.9", "10.1.0.6"))
    (pair,) = gap([entry], [device(5)]).pairs
    assert (pair.by, pair.differences) == ("address", ())


def test_time_grows_with_the_list_and_not_with_its_square() -> None:
    def seconds(size: int) -> float:
        found = [
            device(
                number,
                serial=f"AB20190101CCWR{number:08d}",
                mac=f"02:00:00:00:{number // 256:02x}:{number % 256:02x}",
            )
            for number in range(size)
        ]
        listed = [
            Entry(number, address=one.address, serial=f"{number:08d}")
            for number, one in enumerate(reversed(found))
        ]
        started = time.process_time()
        assert len(gap(listed, found).pairs) == size
        return time.process_time() - started

    assert any(seconds(1600) < max(0.05, 9 * seconds(400)) for _ in range(3))
