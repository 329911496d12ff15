"""SOAP envelopes and faults."""

from auditor.wire import soap, xml

REFUSED = (
    '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><env:Fault><env:Code>'
    "<env:Value>env:Sender</env:Value><env:Subcode><env:Value>ter:NotAuthorized</env:Value></env:Subcode></env:Code>"
    '<env:Reason><env:Text xml:lang="en">The action requested requires authorization</env:Text></env:Reason></env:Fault></env:Body></env:Envelope>'
)


def test_an_envelope_is_one_line_that_reads_back() -> None:
    sent = soap.envelope("<a/>", header="<h/>", namespaces=[("p", "urn:p")])
    assert b"\n" not in sent
    assert [each.path for each in xml.elements(sent.decode())] == [
        "Envelope",
        "Envelope/Header",
        "Envelope/Header/h",
        "Envelope/Body",
        "Envelope/Body/a",
    ]
    assert ("p", "urn:p") in xml.namespaces(sent.decode())


def test_a_fault_tells_its_most_particular_code_and_its_reason() -> None:
    assert soap.fault(REFUSED) == "NotAuthorized: The action requested requires authorization"
    assert (
        soap.fault("<Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring></Fault>")
        == "Client: no"
    )
    assert soap.fault("<SOAP-ENV:FAULT/>") == ""


def test_an_answer_without_a_fault_has_none() -> None:
    assert soap.fault("<s:Envelope><s:Body><Value>1</Value></s:Body></s:Envelope>") is None
    assert soap.fault("") is None
