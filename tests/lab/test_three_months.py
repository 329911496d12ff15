"""Two schools over three months: what `devices`, `plan`, `compare` and the first page print stays true all along."""

import json
import re

import pytest

from tests.lab.schools import (
    LIBRARY,
    MAKERS,
    NEW_OF_MONTH_2,
    NEW_OF_MONTH_3,
    RELABELLED,
    Step,
    Story,
    played,
    restricted,
    standing,
    value,
)
from tests.lab.stage import town_on_loopback

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return played(town_on_loopback, tmp_path_factory.mktemp("schools"))


def test_every_device_listed_is_who_the_lab_says_lives_there(story: Story) -> None:
    told = {
        "audit_1": story.truth(1),
        "checked_2": story.gate_alone(),
        "audit_2": story.truth(2),
        "checked_again_2": story.truth(2),
        "audit_3": story.truth(3),
    }
    for name, said in story.steps().items():
        strangers = {one for one in said.who() if one[1] not in {home[1] for home in told[name]}}
        assert said.who() - strangers == told[name], name
        assert {one[2] for one in strangers} <= {"mikrotik", None}, (
            "the router's legs, where there is a router"
        )
        assert len(said.here) == len(said.who()), "nobody is listed twice"


def test_every_order_names_who_is_there_as_to_do_and_who_is_not_as_not_heard(story: Story) -> None:
    for name, said in story.steps().items():
        gone = {one["device"] for one in said.records} - said.here.keys()
        for order in said.orders:
            assert set(order["devices"]) <= said.here.keys(), (name, order["title"])
            assert set(order["unheard"]) <= gone, (name, order["title"])
            assert order["done"] == [], (name, order["title"])
            assert bool(order["devices"]) == (order["state"] != "not heard"), (name, order["title"])


def test_every_device_of_the_three_makers_is_to_be_replaced_and_nobody_else_is(story: Story) -> None:
    """The recorded work of those who left is kept, since nobody said that they are out of service."""
    for name, said in story.steps().items():
        made = {one["device"] for one in said.records if value(one, "maker") in MAKERS}
        orders = [one for one in said.orders if one["action"] == "replace"]
        assert {key for one in orders for key in one["devices"]} == made & said.here.keys(), name
        assert {key for one in orders for key in one["unheard"]} == made - said.here.keys(), name


@pytest.mark.parametrize(
    ("step", "replaced", "silent"),
    [("audit_1", 0, 0), ("checked_2", 1, 0), ("audit_2", 5, 1), ("checked_again_2", 5, 1), ("audit_3", 9, 1)],
)
def test_the_first_page_says_how_many_are_not_counted_and_why(
    story: Story, step: str, replaced: int, silent: int
) -> None:
    parts = [f"{replaced} another device in its place"] * bool(replaced) + [
        f"{silent} silent when last asked"
    ] * bool(silent)
    sentence = f"Not counted above, known from before: {', '.join(parts)}."
    page = story.steps()[step].first_page
    assert (sentence in page) if parts else ("Not counted above" not in page), page


@pytest.mark.parametrize(
    ("pair", "meant"),
    [
        ("1 to check", {"new": 1, "another in its place": 1, "not asked": 14}),
        ("1 to 2", {"new": 5, "another in its place": 5, "silent": 1, "moved": 1}),
        ("2 to 3", {"new": 4, "another in its place": 4}),
        ("1 to 3", {"new": 9, "another in its place": 9, "silent": 1, "moved": 1}),
    ],
)
def test_comparing_two_steps_says_what_happened_and_nothing_else(
    story: Story, pair: str, meant: dict[str, int]
) -> None:
    text, form = story.comparisons[pair]
    assert text.code == 0, text.err
    counts = json.loads(form.out)["counts"]
    of_devices = (
        "new",
        "gone",
        "silent",
        "another in its place",
        "not asked",
        "moved",
        "heard again",
        "changed",
    )
    residents = {one.address for one in story.plan.in_month(1).residents}
    beside = sum(one["address"] not in residents for one in story.audit_1.records)
    wanted = {name: count + (beside if name == "not asked" else 0) for name, count in meant.items()}
    assert {name: counts[name] for name in of_devices if counts[name]} == wanted, (
        "routers of segments count, too"
    )
    assert not counts["finding closed"], "nothing was mended at any device that is still there"


def test_the_first_audit_counts_every_device_of_the_three_makers(story: Story) -> None:
    assert restricted(story.audit_1.first_page) == 13
    assert not any(order["done"] for order in story.audit_1.orders)
    assert {standing(one) for one in story.audit_1.records} == {"heard"}


@pytest.mark.parametrize(
    ("step", "devices"), [("checked_2", 12), ("audit_2", 9), ("checked_again_2", 9), ("audit_3", 5)]
)
def test_the_count_of_the_three_makers_falls_by_what_was_taken_out_and_by_nothing_else(
    story: Story, step: str, devices: int
) -> None:
    """The relabelled are counted, the one that is switched off is not on the network, and the moved one is one."""
    assert restricted(story.steps()[step].first_page) == devices


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [("audit_1", "checked_2", "north-gate"), ("audit_2", "checked_again_2", "north-stairs")],
)
def test_a_check_of_one_device_leaves_every_other_line_as_it_was(
    story: Story, before: str, after: str, name: str
) -> None:
    there = f'"address": "{story.address(name, 1)}"'

    def others(step: Step) -> list[str]:
        return [line for line in step.lines if there not in line]

    assert others(story.steps()[after]) == others(story.steps()[before])


@pytest.mark.parametrize("step", ["checked_2", "checked_again_2"])
def test_a_check_of_one_device_calls_nobody_outside_the_scope(story: Story, step: str) -> None:
    said = story.steps()[step]
    assert not re.search(r"[1-9]\d* seen outside the scope", said.scan.err)
    assert "outside the scope" not in said.everybody.out
    assert not re.search(r"Seen outside the scope[^|]*\| *[1-9]", said.report)


@pytest.mark.parametrize("step", ["checked_2", "checked_again_2"])
def test_the_page_says_that_the_newest_run_asked_only_some_and_when_all_were_asked_last(
    story: Story, step: str
) -> None:
    said = story.steps()[step]
    whole = story.audit_1 if step == "checked_2" else story.audit_2
    assert whole.run in said.report
    assert said.run in said.report


def test_no_order_is_ever_called_done_while_its_device_has_what_it_is_about(story: Story) -> None:
    """The stairs' camera is left as it was, whatever runs in between; the library's only moved."""
    stairs, library = story.key("north-stairs"), story.key("north-library")
    first = {one["id"] for one in story.audit_1.orders if stairs in one["devices"]}
    assert first
    for name, said in story.steps().items():
        left = {one["id"] for one in said.orders if stairs in one["devices"]}
        assert first <= left, name
        for key in (stairs, library):
            assert not [one["title"] for one in said.orders if key in one["done"]], name


def test_a_check_makes_only_orders_of_the_device_it_asked_done(story: Story) -> None:
    for before, after, name in (
        (story.audit_1, story.checked_2, "north-gate"),
        (story.audit_2, story.checked_again_2, "north-stairs"),
    ):
        was = {key for one in before.orders for key in one["done"]}
        new = {key for one in after.orders for key in one["done"]} - was
        assert new <= {story.key(name)}


def test_what_was_taken_out_or_is_off_is_never_among_what_to_do_now(story: Story) -> None:
    gone = {
        "checked_2": ("north-gate",),
        "audit_2": (*NEW_OF_MONTH_2, "south-workshop"),
        "checked_again_2": (*NEW_OF_MONTH_2, "south-workshop"),
        "audit_3": (*NEW_OF_MONTH_2, *NEW_OF_MONTH_3, "south-workshop"),
    }
    for name, names in gone.items():
        said = story.steps()[name]
        keys = {story.key(one) for one in names}
        named = {key for one in said.orders for key in one["devices"]}
        assert not named & keys, name
        for record in said.records:
            if record["device"] in keys:
                assert standing(record) != "heard", (name, record["device"])


def test_urgent_actions_of_the_first_page_name_devices_that_are_there(story: Story) -> None:
    for name, said in story.steps().items():
        urgent = [one for one in said.orders if one["priority"] == "act now" and one["devices"]]
        here = {one["device"] for one in said.records if standing(one) == "heard"}
        assert all(set(one["devices"]) <= here for one in urgent), name
        number = re.search(r"\*\*(\d+)\*\* of \d+ devices need action now", said.first_page)
        assert number
        assert int(number[1]) == len({key for one in urgent for key in one["devices"]}), name
        assert bool(int(number[1])) == ("(Act now;" in said.urgent), name


def test_another_device_in_its_place_is_said_of_whom_was_replaced(story: Story) -> None:
    for names, said, month in ((NEW_OF_MONTH_2, story.audit_2, 2), (NEW_OF_MONTH_3, story.audit_3, 3)):
        for name in names:
            (new,) = said.at(story.address(name, month))[-1:]
            (old,) = (one for one in said.records if one["device"] == story.key(name))
            assert standing(old) == "replaced", name
            assert new["device"] != old["device"], name
            assert old["in_its_place"] == new["device"], name
            assert standing(new) == "heard", name


def test_who_shows_no_mark_is_another_device_and_nobody_knows_whose(story: Story) -> None:
    (old,) = (one for one in story.audit_3.records if one["device"] == story.key("north-kitchen"))
    assert old["maker"]["value"] == "hikvision"
    new = next(one for one in story.audit_3.records if one["device"] == old["in_its_place"])
    assert (new["maker"], new["model"], new["serial"]) == (None, None, None)
    assert not [one for one in story.audit_3.orders if story.key("north-kitchen") in one["done"]]


def test_the_relabelled_are_the_old_makers_and_have_to_be_replaced_again(story: Story) -> None:
    for name in RELABELLED:
        (new,) = (one for one in story.audit_3.at(story.address(name, 3)) if standing(one) == "heard")
        assert new["maker"]["value"] == "hikvision"
        assert new["brand"]["value"] in {"hilook", "annke"}
        assert story.audit_3.order_for(new["device"], "replace")


def test_the_moved_camera_is_one_device_with_two_addresses(story: Story) -> None:
    for said in (story.audit_2, story.checked_again_2, story.audit_3):
        (one,) = (one for one in said.records if one["serial"] and one["serial"]["value"] == LIBRARY)
        assert one["addresses"] == [story.address("north-library", 1), story.address("north-library", 2)]
        assert (one["site"], one["address"]) == ("south", story.address("north-library", 2))
        assert standing(one) == "heard"


def test_who_is_switched_off_is_silent_since_the_audit_that_asked_first(story: Story) -> None:
    since = set()
    for said in (story.audit_2, story.checked_again_2, story.audit_3):
        (one,) = (one for one in said.records if one["device"] == story.key("south-workshop"))
        assert standing(one) == "silent"
        since.add(one["state_since"])
        assert not [order for order in said.orders if story.key("south-workshop") in order["done"]]
    (moment,) = since
    assert moment > story.checked_2.records[0]["last_seen"]
    address = re.escape(story.address("south-workshop", 1))
    assert re.search(rf"^south +{address} +\S+ +silent +Hikvision", story.audit_3.everybody.out, re.MULTILINE)
    assert not re.search(rf"{address}\b", story.audit_3.devices.out)


def test_new_makers_of_month_two_are_nobodys_order_to_replace(story: Story) -> None:
    for name in ("north-gate", "north-yard", "south-gym"):
        (new,) = (one for one in story.audit_2.at(story.address(name, 2)) if standing(one) == "heard")
        assert new["maker"]["value"] in {"axis", "hanwha", "uniview"}
        assert not [
            one
            for one in story.audit_2.orders
            if one["action"] == "replace" and new["device"] in one["devices"]
        ]
