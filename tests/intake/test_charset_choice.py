"""The character set of a table is told by evidence: of each set a text of its users, and which set is named."""

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.intake.charset_choice import choose


def chosen(raw: bytes) -> tuple[str, str]:
    choice = choose(io.BytesIO(raw))
    return choice.codec, raw.decode(choice.codec, "replace")


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "Modèle;Numéro de série\nDS-2CD;Hôtel de ville"),
        ("cp1252", "Château"),
        ("cp1252", "Gerät;Straße"),
        ("cp1252", "20 °C"),
        ("cp1252", "Ubicación;Señal"),
        ("cp1250", "Název;Sériové číslo;Umístění\nVrátnice, budova Ž"),
        ("cp1250", "Škola Čačak"),
        ("cp1250", "Główne wejście"),
        ("cp1250", "Bejárat, főépület"),
        ("cp1251", "Камера у входа"),
        ("cp1251", "КАМЕРА 1"),
        ("cp1251", "Улаз у школу"),
        ("cp1253", "Κάμερα εισόδου"),
        ("cp1254", "Giriş kapısı;Müdürlüğü"),
        ("gb18030", "设备类型;型号\n网络摄像机"),
        ("big5hkscs", "設備類型;型號\n網路攝影機"),
        ("mac_roman", "Caméra;Numéro de série"),
        ("cp850", "Numéro de série"),
        ("koi8_r", "Камера у входа"),
        ("utf-8", "Název;Größe;设备"),
        ("utf-16", "Größe"),
        ("utf-16-le", "Größe;Name;Model"),
        ("utf-32", "Größe"),
    ],
)
def test_text_comes_back_as_it_was_written(codec: str, text: str) -> None:
    assert chosen(text.encode(codec))[1].removeprefix("\ufeff") == text


def test_letters_far_behind_the_beginning_count() -> None:
    raw = b"a;b\r\n" * 100_000 + "Straße;Tür\r\n".encode("cp1252")
    assert chosen(raw)[0] == "cp1252"


def test_one_damaged_octet_does_not_make_utf_8_another_set() -> None:
    assert chosen("Größe;Straße;Tür;Höhe\n".encode() * 20 + b"\xff\n")[0] == "utf-8"


def test_a_choice_says_what_else_would_fit() -> None:
    because = choose(io.BytesIO("Őr utca;Győr".encode("cp1250"))).because
    assert (
        because == "its letters are those of Hungarian; Windows-1257 or Windows-1252 would fit nearly as well"
    )


def test_a_long_line_of_ascii_costs_no_more_than_its_length() -> None:
    started = time.process_time()
    raw = b"a" * 1_000_000 + "Größe;Tür".encode("cp1252")
    assert chosen(raw)[0] == "cp1252"
    assert time.process_time() - started < 2


@given(st.binary(max_size=300))
def test_any_bytes_get_a_set(raw: bytes) -> None:
    assert isinstance(chosen(raw)[1], str)
