"""First steps of orders that ask for a missing fact, by how the owner's account fared."""

from auditor.knowledge import knowledge_book
from auditor.knowledge.account_steps import account_steps
from auditor.model import Account, Device, Identity, Outcome, Reason

INSTRUCTION = next(one for one in knowledge_book().instructions if one.action == "investigate")


def device(number: int, *accounts: Account) -> Device:
    address = f"192.0.2.{number}"
    return Device(f"hall/{address}", "hall", address, Identity(f"hall/{address}"), accounts=accounts)


def account(outcome: Outcome, reason: str = "") -> Account:
    return Account("hall/192.0.2.1", "cameras", outcome, reason)


def test_without_an_account_the_advice_is_to_use_one() -> None:
    (step,) = account_steps(INSTRUCTION, [device(1)])
    assert "with a read-only account" in step
    assert "192.0.2.1" in step


def test_where_an_account_failed_the_same_is_not_advised_again() -> None:
    failed = [
        device(number, account(outcome, str(reason)))
        for number, (outcome, reason) in enumerate(
            (outcome, reason) for outcome in Outcome for reason in ("", *Reason)
        )
    ]
    for one in failed:
        steps = account_steps(INSTRUCTION, [one])
        assert len(steps) == 1
        assert one.address in steps[0]
        assert "with a read-only account" not in steps[0]


def test_each_device_stands_with_what_is_to_be_done_there() -> None:
    steps = account_steps(
        INSTRUCTION,
        [
            device(1, account(Outcome.REFUSED)),
            device(2, account(Outcome.NOT_OFFERED, Reason.BASIC)),
            device(3),
            *(device(number, account(Outcome.ACCEPTED)) for number in range(10, 22)),
        ],
    )
    by_device = {one: [step for step in steps if f"192.0.2.{one}" in step] for one in (2, 3)}
    assert "basic_without_tls" in by_device[2][0]
    assert "with a read-only account" in by_device[3][0]
    assert any("refused (192.0.2.1)" in step for step in steps)
    assert any("and 4 more" in step for step in steps)


def test_every_reason_has_its_own_step() -> None:
    words = dict(INSTRUCTION.accounts)
    same = {"already-locked", "open", "revoked", "risky"}
    names = {account(Outcome.WITHHELD, reason).kind for reason in Reason}
    assert names - same <= set(words)
    assert all("{where}" in step for step in words.values())


def test_other_orders_have_no_such_step() -> None:
    other = next(one for one in knowledge_book().instructions if one.action == "update")
    assert account_steps(other, [device(1, account(Outcome.REFUSED))]) == ()
