"""What a page says of its device."""

import pytest

from auditor.wire import html


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<html><head><title>Document Error: Unauthorized</title></head>", "Document Error: Unauthorized"),
        ("<TITLE>\r\n  WEB\tSERVICE \n</TITLE>", "WEB SERVICE"),
        ("<title></title>", ""),
        ("<title lang='en'>DiskStation&nbsp;-&nbsp;Shelf</title>", "DiskStation - Shelf"),
        ("<title>cut off", "cut off"),
        ("<titles>no</titles>", None),
        ("plain", None),
        ("", None),
    ],
)
def test_a_title_is_read_and_an_empty_one_is_not_a_missing_one(page: str, title: str | None) -> None:
    assert html.title(page) == title


def test_a_reference_of_five_thousand_digits_is_cut_with_the_title() -> None:
    assert html.title("<title>&#" + "1" * 5000 + ";</title>") == "\N{REPLACEMENT CHARACTER}"


def test_scripts_are_listed_in_order_whatever_their_quotes() -> None:
    page = """<script>var a</script><script type="text/javascript" src="/js/a.js?v=1"></script>
    <SCRIPT SRC='b.js'></SCRIPT><script defer src=/c.js></script><script data-src="no.js"></script>"""
    assert html.scripts(page) == ("/js/a.js?v=1", "b.js", "/c.js")


@pytest.mark.parametrize(
    ("page", "target"),
    [
        ('window.location.href = "/doc/page/login.asp?_" + (new Date()).getTime();', "/doc/page/login.asp?_"),
        ("<meta http-equiv='refresh' content='0; url=/index.asp'>", "/index.asp"),
        ('<META HTTP-EQUIV="Refresh" CONTENT="1;URL=http://192.0.2.1/a">', "http://192.0.2.1/a"),
        ("top.location='/main.html'", "/main.html"),
        ("location.replace('/x?a&b')", "/x?a&b"),
        ("if (location == 'x')", None),
        ("<p>our location: here</p>", None),
    ],
)
def test_where_a_page_sends_the_browser_is_told(page: str, target: str | None) -> None:
    assert html.redirect(page) == target
