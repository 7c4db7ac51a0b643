"""Certificates of all kinds, sound and unsound, made by the tests themselves."""

import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
SERVER = [ExtendedKeyUsageOID.SERVER_AUTH]
CLIENT = [ExtendedKeyUsageOID.CLIENT_AUTH]


def now():
    return datetime.datetime.utcnow().replace(microsecond=0)


def usage(**on):
    """A keyUsage with nothing but what is named."""
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


def distinguished_name(text):
    """"O=Example,CN=alice", in the order of the certificate."""
    kinds = {"CN": NameOID.COMMON_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME}
    parts = [part.split("=", 1) for part in text.split(",")] if text else []
    return x509.Name([x509.NameAttribute(kinds[kind], value) for kind, value in parts])


def general_name(text):
    """"DNS:host", "IP:192.0.2.1", "URI:..." or "email:..."."""
    kind, value = text.split(":", 1)
    return {"DNS": x509.DNSName, "URI": x509.UniformResourceIdentifier, "email": x509.RFC822Name,
            "IP": lambda address: x509.IPAddress(ipaddress.ip_address(address))}[kind](value)


class Pair:
    """A certificate and its key."""

    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key

    def certificate_pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption())

    def write(self, certificate_path, key_path, chain=()):
        replace(key_path, self.key_pem(), 0o600)
        replace(certificate_path, b"".join([self.certificate_pem(), *(one.certificate_pem() for one in chain)]))
        return certificate_path, key_path


class Authority(Pair):
    """Signs what it is asked to."""

    def __init__(self, name="O=Example,CN=Example CA", signer=None, begin=-DAY, end=365 * DAY, ca=True,
                 key_usage=usage(key_cert_sign=True, crl_sign=True)):
        key = ec.generate_private_key(ec.SECP256R1())
        super().__init__(None, key)
        subject = distinguished_name(name)
        builder = (x509.CertificateBuilder().subject_name(subject)
                   .issuer_name(signer.certificate.subject if signer else subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now() + begin)
                   .not_valid_after(now() + end)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False))
        if ca is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if key_usage is not None:
            builder = builder.add_extension(key_usage, critical=True)
        self.certificate = builder.sign((signer or self).key, hashes.SHA256())

    def issue(self, name="CN=host", names=(), extended=None, key_usage=usage(digital_signature=True), ca=False,
              begin=-DAY, end=30 * DAY, critical=False, key=None):
        """A certificate of somebody; None leaves an extension out."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = (x509.CertificateBuilder().subject_name(distinguished_name(name))
                   .issuer_name(self.certificate.subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now() + begin)
                   .not_valid_after(now() + end))
        if ca is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if key_usage is not None:
            builder = builder.add_extension(key_usage, critical=critical)
        if extended is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=critical)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([general_name(one) for one in names]),
                                            critical=False)
        return Pair(builder.sign(self.key, hashes.SHA256()), key)

    def server(self, names=("DNS:localhost", "IP:127.0.0.1", "IP:::1"), **options):
        return self.issue(**{"name": "O=Example,CN=server", "extended": SERVER, "names": names, **options})

    def client(self, name="O=Example,CN=alice", **options):
        return self.issue(**{"name": name, "extended": CLIENT, **options})

    def revocations(self, *revoked, begin=-DAY, end=30 * DAY):
        """A revocation list, PEM."""
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
                   .last_update(now() + begin).next_update(now() + end))
        for pair in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(pair.certificate.serial_number)
                .revocation_date(now() - DAY).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def replace(path, content, mode=0o644):
    """Puts a file in place at once, as careful tools do."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    new = path + ".new"
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
    os.rename(new, path)
