"""JSON read without failing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.wire import json_pairs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "b": "x"}', (("a", "1"), ("b", "x"))),
        ('{"a":{"b":{"c":true}},"d":null}', (("a.b.c", "true"), ("d", "null"))),
        ('{"a":[1,{"b":"x"},[2]]}', (("a.0", "1"), ("a.1.b", "x"), ("a.2.0", "2"))),
        ('[{"a":1},{"a":2}]', (("0.a", "1"), ("1.a", "2"))),
        (r'{"a":"fe80::1\/64 \"q\" \u00e9\ud83d\ude00\n"}', (("a", 'fe80::1/64 "q" é😀\n'),)),
        (r'{"a":"\ud800"}', (("a", "\N{REPLACEMENT CHARACTER}"),)),
        ('noise {"a":1} {"b":2}', (("a", "1"),)),
        ('{"a":1}\x00\n', (("a", "1"),)),
        ('{"a":"whole","b":"cut o', (("a", "whole"),)),
        ('{"a":"whole","b":12', (("a", "whole"),)),
        ('{"a":"x",,"b":1,}', (("a", "x"), ("b", "1"))),
        ("{}", ()),
        ("", ()),
        ("plain", ()),
        ('{"a":1]}', (("a", "1"),)),
    ],
)
def test_leaves_come_in_order_with_dotted_paths(text: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert json_pairs.pairs(text) == expected


_texts = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True), _texts, max_size=8))
def test_whatever_json_writes_is_read_back(said: dict[str, str]) -> None:
    for plain in (True, False):
        assert json_pairs.pairs(json.dumps(said, ensure_ascii=plain)) == tuple(said.items())


def test_depth_and_number_are_bounded() -> None:
    deep = '{"' + "n" * 500 + '":'
    ((path, value),) = json_pairs.pairs(deep * 100 + "1" + "}" * 100)
    assert value == "1"
    assert len(path) <= json_pairs.MAX_DEPTH * (json_pairs.MAX_NAME + 1)
    assert json_pairs.pairs(deep * 100_000 + "1") == ()
    assert len(json_pairs.pairs("[" + "1," * 100_000 + "1]")) == json_pairs.MAX_PAIRS
