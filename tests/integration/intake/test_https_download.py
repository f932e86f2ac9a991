"""HTTPS: the certificate has to be for the name, from somebody who is trusted."""

import datetime as dt
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backbeat.errors import DownloadError
from backbeat.intake.address_check import HostAddress
from backbeat.intake.http_download import http_download
from backbeat.intake.transfer import Transfer

Server = Any  # of conftest.py, which tests cannot import


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for loops.example that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loops.example")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("loops.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + signed.public_bytes(serialization.Encoding.PEM)
    path.write_bytes(text)
    return path


@pytest.fixture
def secure_server(server: Server, certificate: Path) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    plain = server.socket
    server.socket = context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
    server.answers["/song.wav"] = lambda handler: handler.reply(200, b"sound")
    return server


def fetch(server: Server, host: str, target: Path) -> str:
    def resolve(_host: str, _port: int) -> tuple[HostAddress, ...]:
        return (HostAddress(ip="127.0.0.1", port=server.server_address[1]),)

    return http_download(f"https://{host}/song.wav", target, Transfer(1_000), timeout_s=10, resolve=resolve).name


def test_a_certificate_that_is_trusted_and_for_the_name_is_taken(
    secure_server: Server, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetch(secure_server, "loops.example", tmp_path / "part") == "song.wav"
    assert (tmp_path / "part").read_bytes() == b"sound"


def test_a_certificate_that_nobody_trusts_is_refused(secure_server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"loops\.example does not prove who it is"):
        fetch(secure_server, "loops.example", tmp_path / "part")
    assert not (tmp_path / "part").exists()


def test_a_certificate_for_another_name_is_refused(
    secure_server: Server, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(DownloadError, match=r"other\.example does not prove who it is"):
        fetch(secure_server, "other.example", tmp_path / "part")
