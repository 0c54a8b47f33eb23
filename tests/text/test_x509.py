"""Names and dates of certificates, compared with what their maker put in."""

from __future__ import annotations

import datetime as dt

import pytest
import trustme

from natsvalues.text.x509 import Certificate, first_in_pem, read_certificate


def test_names_and_dates_are_those_of_the_certificate():
    """DNS names, addresses of both kinds, dates before and after 2050."""
    for year in (2027, 2077):
        issued = trustme.CA().issue_cert(
            "a.example.com", "*.b.example.com", "10.0.0.1", "fd00::1",
            not_before=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
            not_after=dt.datetime(year, 1, 1, tzinfo=dt.UTC),
        )  # fmt: skip
        names = ("a.example.com", "*.b.example.com", "10.0.0.1", "fd00:0:0:0:0:0:0:1")
        pem = issued.cert_chain_pems[0].bytes().decode()
        read = read_certificate(first_in_pem(f"a comment\n{pem}"))
        assert read == Certificate(names, "2026-01-02T03:04:05Z", f"{year}-01-01T00:00:00Z")


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----", "no PEM"])
def test_anything_else_is_no_certificate(text):
    """Not a crash."""
    assert read_certificate(first_in_pem(text)) is None


def test_cut_certificates_are_none():
    """At each byte."""
    der = first_in_pem(trustme.CA().issue_cert("a.example.com").cert_chain_pems[0].bytes().decode())
    assert {read_certificate(der[:length]) for length in range(len(der))} == {None}
