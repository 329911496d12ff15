"""What the page says of the owner's accounts: nowhere does a setting that was not read look fine."""

from dataclasses import replace
from typing import Any

from auditor.model import Account, Device, Outcome, Reason
from auditor.reporting import html, markdown, page
from tests.reporting import town

SMALL = tuple(town.devices(40))
WHERE = "192.0.2.1:80/tcp"


def with_accounts(*accounts: tuple[Account, ...]) -> tuple[Device, ...]:
    granted = [device for device in SMALL if device.granted][: len(accounts)]
    told = {device.key: found for device, found in zip(granted, accounts, strict=True)}
    return tuple(replace(device, accounts=told.get(device.key, ())) for device in SMALL)


def account(outcome: Outcome, reason: str = "", **more: Any) -> Account:
    return replace(
        Account("town-hall/192.0.2.1", "cameras of 192.0.2.9", outcome, reason, "isapi", WHERE), **more
    )


FOUND = with_accounts(
    (account(Outcome.ACCEPTED, answered=5, calls=5),),
    (account(Outcome.REFUSED),),
    (account(Outcome.NOT_OFFERED, Reason.BASIC),),
    (account(Outcome.BROKEN_OFF, Reason.SILENT, answered=2, calls=5),),
    (account(Outcome.ACCEPTED, answered=5, calls=5, barred=("/ISAPI/Security/users",)),),
)


def test_the_first_page_counts_where_settings_were_not_read_and_where_in_part() -> None:
    made = page(town.run(), FOUND, town.context(FOUND))
    gaps = {gap.reason: gap for gap in (*made.summary.gaps, *made.summary.more_gaps)}
    assert gaps["settings-unread"].count == 2
    assert "Account refused by the device: 1" in gaps["settings-unread"].settles
    assert "Basic without TLS is offered: 1" in gaps["settings-unread"].settles
    assert gaps["settings-partly"].count == 2


def test_the_block_counts_devices_by_how_the_account_fared() -> None:
    made = page(town.run(), FOUND, town.context(FOUND))
    assert made.accounts[0] == ("Account accepted", 3)
    assert sum(count for _, count in made.accounts) == 5


def test_each_device_says_how_its_account_fared() -> None:
    made = page(town.run(), FOUND, town.context(FOUND))
    for write in (html, markdown):
        text = write(made)
        assert "refused by the device" in text
        assert "broken off after 2 of 5 calls" in text
        assert "Settings that were not read are not known" in text


def test_without_accounts_the_page_says_that_settings_are_not_known() -> None:
    made = page(town.run(), SMALL, town.context(SMALL))
    assert made.accounts == ()
    assert "Where no account was taken, nothing is said about them" in html(made)


def test_a_copy_with_masked_addresses_shows_none_of_them_in_an_account_or_at_the_end_of_a_sentence() -> None:
    orders = tuple(
        replace(order, steps=("Ask at 192.0.2.77.", *order.steps)) for order in town.context(FOUND).orders
    )
    hidden = replace(town.context(FOUND, redact=True, redact_addresses=True), orders=orders)
    text = html(page(town.run(), FOUND, hidden))
    assert "refused by the device" in text
    for address in ("192.0.2.1:80", "cameras of 192.0.2.9", "192.0.2.77"):
        assert address not in text
