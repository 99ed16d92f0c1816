"""Certificates for tests: a root of our own and one that it has signed, for signing pictures (C2PA)."""

import datetime
from pathlib import Path

import pytest

x509 = pytest.importorskip("cryptography.x509", reason="the extra `c2pa` is not installed")
pytest.importorskip("c2pa", reason="the extra `c2pa` is not installed")

from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: E402

ISSUER, SIGNER = "A studio's root", "A studio"


def _name(common: str) -> "x509.Name":
    named = ((NameOID.COMMON_NAME, common), (NameOID.ORGANIZATION_NAME, common))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in named])


def _usage(*, signs: bool) -> "x509.KeyUsage":
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    none = dict.fromkeys((*others, "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, **none)


def written(folder: Path) -> tuple[Path, Path]:
    """The files of a certificate chain and of the key that belongs to it."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    chain = []
    for subject, public, ca in ((SIGNER, key, False), (ISSUER, root_key, True)):
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(ISSUER))
            .public_key(public.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(signs=ca), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
            )
        )
        if not ca:
            usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(usage, critical=False)
        chain.append(builder.sign(root_key, hashes.SHA256()))
    certificate, private = folder / "chain.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
