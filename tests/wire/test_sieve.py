"""What is kept of an answer after a login, and above all what is not."""

from hypothesis import given
from hypothesis import strategies as st

from auditor.wire.sieve import WITHHELD, Sieve, digest, sift

HEAD = b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nSet-Cookie: WebSession=s3cr3t-cookie\r\nX-Token: s3cr3t-token\r\n\r\n"
CLOUD = (
    b'<?xml version="1.0"?><!-- code s3cr3t-comment --><Cloud version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema" key="s3cr3t-attribute">'
    b"<enabled>true</enabled><verificationCode>s3cr3t-code</verificationCode><serverAddress>cloud.example</serverAddress>"
    b"<![CDATA[s3cr3t-cdata]]></Cloud>"
)


def kept(body: bytes, *names: str, hashed: tuple[str, ...] = (), hidden: tuple[str, ...] = ()) -> str:
    return sift(HEAD + body, Sieve(frozenset(names), frozenset(hashed), hidden)).decode()


def test_named_values_stay_and_nothing_else_does() -> None:
    text = kept(CLOUD, "enabled", "serveraddress")
    assert "<enabled>true</enabled>" in text
    assert "cloud.example" in text
    assert 'xmlns="http://www.isapi.org/ver20/XMLSchema"' in text
    assert "Server: App-webs/" in text
    assert "s3cr3t" not in text


def test_the_nesting_of_elements_stays() -> None:
    text = kept(b"<a><b><c>1</c></b><b><c>2</c><d>s3cr3t</d></b></a>", "c")
    assert text.endswith("<a><b><c>1</c></b><b><c>2</c><d></d></b></a>")


def test_names_are_kept_as_a_digest() -> None:
    text = kept(
        b"<UserList><User><userName>gatekeeper</userName><userLevel>Viewer</userLevel></User></UserList>",
        "userlevel",
        hashed=("username",),
    )
    assert digest("gatekeeper") in text
    assert "gatekeeper" not in text
    assert "Viewer" in text


def test_stored_passwords_of_cameras_are_dropped() -> None:
    body = (
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Address=192.0.2.9\r\n"
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.UserName=s3cr3t-user\r\n"
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.Password=s3cr3t-word\r\n"
        b"table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_0.VideoInputs[0].Name=Gate\r\n"
    )
    text = kept(body, "address", "name")
    assert "Address=192.0.2.9" in text
    assert "VideoInputs[0].Name=Gate" in text
    assert "s3cr3t" not in text


def test_json_keeps_named_keys_only() -> None:
    text = kept(b'{"data":{"ESN":"2102","password":"s3cr3t","list":[{"ESN":"7","token":"s3cr3t"}]}}', "esn")
    assert '"data.ESN": "2102"' in text
    assert "s3cr3t" not in text


def test_the_account_itself_is_hidden_even_in_a_value_that_is_kept() -> None:
    text = kept(
        b"<DeviceInfo><deviceName>set up by hunter22!</deviceName></DeviceInfo>",
        "devicename",
        hidden=("hunter22!",),
    )
    assert "hunter22" not in text
    assert WITHHELD in text


def test_a_refusal_in_words_stays_readable() -> None:
    assert kept(b"Authority:check failure.\r\n").endswith("Authority:check failure.")
    assert "s3cr3t" not in kept(b"s3cr3t 1234 token\r\n")


def test_no_reply_stays_none() -> None:
    assert sift(b"", Sieve(frozenset())) == b""


NOISE = st.binary(max_size=300).map(lambda noise: noise.translate(None, b'<>"{}[]=\\'))


@given(NOISE, st.sampled_from([b"<a><b>%s</b></a>", b'{"b": "%s"}', b"b=%s\r\n", b"%s"]))
def test_a_value_that_no_list_names_never_passes(noise: bytes, shape: bytes) -> None:
    secret = b"S3CR3Tx9Q7"
    body = noise + shape.replace(b"%s", secret) + noise
    assert secret not in sift(HEAD + body, Sieve(frozenset({"other"})))
