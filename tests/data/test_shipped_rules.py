"""All shipped rules and words, as data: the checks a contribution has to pass."""

import yaml

from auditor import probes, resources
from auditor.fingerprint import lint, rules, vocabulary
from auditor.fingerprint.normalise import mac


def test_the_shipped_rules_pass_the_linter() -> None:
    assert lint() == []


def test_every_field_a_rule_looks_at_is_shown_by_some_reader() -> None:
    shown = [name for module in probes.all_probes() for name in module.FIELDS]
    exact = {name for name in shown if not name.endswith("*")}
    prefixes = tuple(name[:-1] for name in shown if name.endswith("*"))
    others = ("attached.", "claim.", "feed.", "mac", "nmap.", "sip.")
    orphans = {
        name
        for rule in rules().rules
        for name in rule.condition.fields
        if name not in exact and not name.startswith(others) and not name.startswith(prefixes)
    }
    assert orphans == set()


def test_every_maker_of_a_vendor_file_has_a_display_name() -> None:
    words = vocabulary()
    for vendor in rules().vendors:
        if vendor.maker:
            assert words.maker(vendor.maker) != "", vendor.path


def test_prefixes_of_the_supplement_are_hexadecimal_and_named_once() -> None:
    data = yaml.safe_load((resources.fingerprints() / "oui.yaml").read_text(encoding="utf-8"))
    prefixes = [prefix for text in data["registrants"].values() for prefix in str(text).split()]
    assert len(prefixes) == len(set(prefixes)) > 150
    assert all(len(prefix) in (6, 7, 9) and mac(prefix.ljust(12, "1")) for prefix in prefixes)


def test_brands_name_known_makers_and_their_confidence() -> None:
    data = yaml.safe_load((resources.fingerprints() / "brands.yaml").read_text(encoding="utf-8"))
    for slug, brand in data["brands"].items():
        assert slug == slug.lower()
        assert brand["maker"] in vocabulary().known("makers") | {"unknown", "other"}, slug
        assert brand["confidence"] in ("high", "medium", "low"), slug
        assert brand["sources"], slug
