"""What one device may cost: its time is the time of talking with it, nothing else."""

from auditor.net import Budget, is_owed


def test_only_talking_counts_against_the_time_of_a_device() -> None:
    budget = Budget(seconds=10)
    budget.begin(0.0)
    budget.end(4.0)
    assert budget.left(1_000.0) == 6.0, "996 s in which others were asked and its other ports were found"
    budget.begin(1_000.0)
    assert budget.left(1_005.0) == 1.0
    assert budget.refusal(1_005.9) is None
    assert budget.refusal(1_006.0) == "the device's time of 10 s is over"
    budget.end(1_006.0)
    assert budget.refusal(9_999.0) == "the device's time of 10 s is over"


def test_what_a_device_may_cost_is_owed_and_what_the_scope_forbids_is_not() -> None:
    for budget in (Budget(seconds=0), Budget(requests=0), Budget(received=0)):
        assert is_owed(budget.refusal(0.0) or "")
    for reason in (
        "the scope does not allow snmp",
        "interrupted",
        "permission ended 2026-11-03 12:00 UTC",
        "accepts nearly every port: a tarpit, asked no further",
        "",
    ):
        assert not is_owed(reason)
