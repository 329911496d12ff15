"""Names and pages in the character sets devices use, whether they say so or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import charset

GATE = "東門 攝像機"  # traditional: in GBK and in Big5, not in GB2312


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("GB2312", "gb18030", GATE),
        ("gbk", "gbk", GATE),
        ("x-gbk", "gbk", GATE),
        ("GB18030", "gb18030", "㐀 门"),
        ("gb_2312-80", "gb2312", "门口"),
        ("cp936", "gbk", GATE),
        ("big5", "big5", GATE),
        ("Big5-HKSCS", "big5hkscs", "嘅 門"),
        ("x-x-big5", "big5", GATE),
        ("ks_c_5601-1987", "euc_kr", "정문 카메라"),
        ("cp949", "cp949", "정문 똠"),
        ("Shift_JIS", "cp932", "正門①"),
        ("windows-31j", "cp932", "正門"),
        ("tis-620", "cp874", "กล้อง"),
        ("KOI8-R", "koi8_r", "Вход"),
        ("windows-1251", "cp1251", "Вход №1"),
        ("cp1251", "cp1251", "Вход"),
        ("cp866", "cp866", "Вход"),
        ("iso-8859-2", "iso8859-2", "Główna brama"),
        ("iso-88595", "iso8859-5", "Вход"),
        ("iso-885915", "iso8859-15", "Entrée 5 €"),
        ("iso-8859-12", "cp1252", "Entrée"),
        ("iso-88594 -1", "cp1252", "Entrée"),
        ("ISO_8859-1", "latin-1", "Entrée"),
        ('"utf-8"', "utf-8", GATE),
        ("utf-16le", "utf-16-le", f"<a>{GATE}</a>"),
        ("utf-16", "utf-16-be", f"<a>{GATE}</a>"),
        ("utf-16", "utf-8", f"<a>{GATE}</a>"),
        ("utf-16", "ascii", "<a>plain</a>"),
    ],
)
def test_a_declared_set_is_read_by_any_of_its_labels(label: str, codec: str, text: str) -> None:
    assert charset.decode(text.encode(codec), label) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        ("Köln 北京".encode(), "Köln 北京"),
        ("网络视频录像机".encode("gb2312"), "网络视频录像机"),
        ("攝像機 大门口 1".encode("gbk"), "攝像機 大门口 1"),
        ("Sécurité générale".encode("latin-1"), "Sécurité générale"),
        ("Tür, Öffnung, groß".encode("latin-1"), "Tür, Öffnung, groß"),
        ("<a>大门</a>".encode("utf-16-le"), "<a>大门</a>"),
        ('{"a":"大门"}'.encode("utf-16-be"), '{"a":"大门"}'),
        (b"\xef\xbb\xbfa=1", "a=1"),
        (b"\xff\xfea\x00=\x001\x00", "a=1"),
        (b"\xfe\xff\x00a\x00=\x001", "a=1"),
    ],
)
def test_an_undeclared_set_is_found_out(data: bytes, text: str) -> None:
    assert charset.decode(data) == text


def test_what_no_set_explains_is_not_taken_for_chinese() -> None:
    for text, codec in ((GATE, "big5"), ("Входная дверь", "cp1251")):
        assert charset.decode(text.encode(codec)) == text.encode(codec).decode("latin-1")


def test_a_name_cut_within_a_character_costs_that_character_only() -> None:
    name = "大门口摄像机".encode()[:-1]
    assert charset.decode(b"<n>" + name + b"</n>") == "<n>大门口摄像\ufffd</n>"
    big5 = "攝像機在東門".encode("big5")[:-1]
    assert charset.decode(b"<n>" + big5 + b"\x80</n>", "big5").startswith("<n>攝像機在東")


def test_what_a_server_puts_into_every_head_does_not_outrank_the_page() -> None:
    page = '<meta charset="gb2312"><title>東門</title>'.encode("gbk")
    assert "東門" in charset.document(page, "iso-8859-1")
    assert charset.document("Entrée".encode("latin-1"), "iso-8859-1") == "Entrée"
    assert charset.document("<a>攝像機</a>".encode("big5"), "big5") == "<a>攝像機</a>"


def test_codecs_that_are_no_character_sets_are_not_used() -> None:
    for label in ("zlib_codec", "idna", "punycode", "rot13", "unicode_escape", "utf-7", "hz-gb-2312"):
        assert charset.decode(b"\xff\x41", label) == "\xffA"


@given(st.binary(max_size=200), st.text(max_size=20))
def test_any_bytes_under_any_label_are_text(data: bytes, label: str) -> None:
    assert isinstance(charset.document(data, label), str)
