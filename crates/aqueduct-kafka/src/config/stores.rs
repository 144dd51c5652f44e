//! Key stores and trust stores, brought into PEM, which both planes read.
//!
//! The form is told by the file itself, as Java does for JKS and PKCS12: the `*.type` properties are checked but do
//! not matter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12ImportPolicy};
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::pki_types::pem::{PemObject, SectionKind};

use super::jks::{self, Jks};
use super::properties::{Properties, Secret};
use super::value::Type;
use crate::error::{KafkaError, Result};

const TYPES: Type = Type::OneOf(&["JKS", "PKCS12", "PEM"]);
const CERTIFICATE: &str = "CERTIFICATE";
const KEY: &str = "PRIVATE KEY";

/// A client's certificate and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate chain, own certificate first, as PEM.
    pub chain_pem: String,
    /// The private key as PEM, not encrypted.
    pub key_pem: Secret,
}

/// The certificates to trust, if any are configured.
pub(super) fn trusted_pem(properties: &Properties) -> Result<Option<String>> {
    check_type(properties, "ssl.truststore.type")?;
    if let Some(pem) = given(properties, "ssl.truststore.certificates") {
        return Ok(Some(pem.to_owned()));
    }
    let Some(store) = Store::read(properties, "ssl.truststore")? else { return Ok(None) };
    let pem = match store.form()? {
        Form::Pem(text) => text,
        Form::Jks(jks) => pem(CERTIFICATE, jks.trusted.iter().map(Vec::as_slice)),
        Form::Pkcs12(entries) => {
            let certificates = entries.entries().flat_map(|(_, entry)| match entry {
                KeyStoreEntry::Certificate(certificate) => std::slice::from_ref(certificate),
                KeyStoreEntry::PrivateKeyChain(chain) => chain.certs(),
                KeyStoreEntry::Secret(_) => &[],
            });
            pem(CERTIFICATE, certificates.map(|certificate| certificate.as_der()))
        }
    };
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(store.refused("has no certificate to trust"));
    }
    Ok(Some(pem))
}

/// The client's identity, if one is configured.
pub(super) fn identity(properties: &Properties) -> Result<Option<Identity>> {
    check_type(properties, "ssl.keystore.type")?;
    let key_password = given(properties, "ssl.key.password");
    if let Some(key) = given(properties, "ssl.keystore.key") {
        let chain = given(properties, "ssl.keystore.certificate.chain").ok_or_else(|| {
            KafkaError::config("ssl.keystore.key is set without ssl.keystore.certificate.chain")
        })?;
        let key_pem = plain_key(key, key_password)
            .map_err(|reason| KafkaError::config(format!("ssl.keystore.key: the key {reason}")))?;
        return Ok(Some(Identity { chain_pem: chain.to_owned(), key_pem }));
    }
    let Some(store) = Store::read(properties, "ssl.keystore")? else { return Ok(None) };
    let (chain_pem, key_pem) = match store.form()? {
        Form::Pem(text) => {
            let key = plain_key(&text, key_password).map_err(|reason| store.refused(reason))?;
            (text, key)
        }
        Form::Jks(Jks { key, .. }) => {
            let (key, chain) = key.ok_or_else(|| store.refused("has no private key"))?;
            // Keys without a password of their own have the store's.
            let password = key_password.or(store.password).unwrap_or_default();
            let key = key.open(password).map_err(|reason| store.refused(reason))?;
            let chain = pem(CERTIFICATE, chain.iter().map(Vec::as_slice));
            (chain, Secret::new(pem(KEY, [key.as_slice()])))
        }
        Form::Pkcs12(entries) => {
            let (_, chain) =
                entries.private_key_chain().ok_or_else(|| store.refused("has no private key"))?;
            let certificates = pem(CERTIFICATE, chain.certs().iter().map(|certificate| certificate.as_der()));
            (certificates, Secret::new(pem(KEY, [chain.key().as_der()])))
        }
    };
    if !chain_pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(store.refused("has no certificate for its private key"));
    }
    Ok(Some(Identity { chain_pem, key_pem }))
}

/// A store's file and how to open it.
struct Store<'a> {
    key: String,
    path: &'a str,
    password: Option<&'a str>,
    bytes: Vec<u8>,
}

enum Form {
    Pem(String),
    Jks(Jks),
    Pkcs12(KeyStore),
}

impl<'a> Store<'a> {
    fn read(properties: &'a Properties, prefix: &str) -> Result<Option<Store<'a>>> {
        let key = format!("{prefix}.location");
        let Some(path) = given(properties, &key) else { return Ok(None) };
        let bytes = std::fs::read(path).map_err(|error| {
            KafkaError::config(format!("{key}: the store {path} cannot be read: {error}"))
        })?;
        let password = given(properties, &format!("{prefix}.password"));
        Ok(Some(Store { key, path, password, bytes }))
    }

    fn form(&self) -> Result<Form> {
        if jks::is_jks(&self.bytes) {
            return Jks::read(&self.bytes, self.password)
                .map(Form::Jks)
                .map_err(|reason| self.refused(reason));
        }
        // A DER sequence, as which every PKCS12 file begins.
        if self.bytes.first() == Some(&0x30) {
            let password = self.password.unwrap_or_default();
            return KeyStore::from_pkcs12(&self.bytes, password, Pkcs12ImportPolicy::Relaxed)
                .map(Form::Pkcs12)
                .map_err(|error| self.refused(&format!("cannot be opened: {error}")));
        }
        match String::from_utf8(self.bytes.clone()) {
            Ok(text) if text.contains("-----BEGIN ") => Ok(Form::Pem(text)),
            _ => Err(self.refused("is neither JKS, PKCS12 nor PEM")),
        }
    }

    fn refused(&self, reason: &str) -> KafkaError {
        KafkaError::config(format!("{}: the store {} {reason}", self.key, self.path))
    }
}

/// The private key of a PEM text, decrypted if it has to be.
fn plain_key(text: &str, password: Option<&str>) -> std::result::Result<Secret, &'static str> {
    let sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes()).flatten();
    for (kind, der) in sections {
        if matches!(kind, SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey) {
            let label = match kind {
                SectionKind::RsaPrivateKey => "RSA PRIVATE KEY",
                SectionKind::EcPrivateKey => "EC PRIVATE KEY",
                _ => KEY,
            };
            return Ok(Secret::new(pem(label, [der.as_slice()])));
        }
    }
    let encrypted = text
        .split_once("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        .and_then(|(_, rest)| rest.split_once("-----END"))
        .map(|(body, _)| body.split_whitespace().collect::<String>())
        .ok_or("has no private key")?;
    let der = STANDARD.decode(encrypted).map_err(|_| "has a garbled private key")?;
    let info =
        EncryptedPrivateKeyInfoRef::try_from(der.as_slice()).map_err(|_| "has a garbled private key")?;
    let password = password.ok_or("has an encrypted private key: set ssl.key.password")?;
    let plain =
        info.decrypt(password).map_err(|_| "has a private key that ssl.key.password does not open")?;
    Ok(Secret::new(pem(KEY, [plain.as_bytes()])))
}

fn given<'a>(properties: &'a Properties, key: &str) -> Option<&'a str> {
    properties.get(key).filter(|value| !value.is_empty())
}

fn check_type(properties: &Properties, key: &str) -> Result<()> {
    given(properties, key).map_or(Ok(()), |value| TYPES.check(key, value).map(drop))
}

fn pem<'a>(label: &str, sections: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut text = String::new();
    for der in sections {
        text += &format!("-----BEGIN {label}-----\n");
        let body = STANDARD.encode(der);
        for line in body.as_bytes().chunks(64) {
            text += &String::from_utf8_lossy(line);
            text.push('\n');
        }
        text += &format!("-----END {label}-----\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> String {
        format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    fn text(name: &str) -> String {
        std::fs::read_to_string(file(name)).unwrap()
    }

    /// What the PEM says, whatever its line breaks.
    fn sections(pem: &str) -> Vec<Vec<u8>> {
        <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes()).map(|section| section.unwrap().1).collect()
    }

    #[test]
    fn every_form_of_trust_store_gives_the_same_certificate() {
        let expected = sections(&text("ca.pem"));
        for name in ["truststore.jks", "truststore.p12", "ca.pem"] {
            let properties = Properties::new()
                .with("ssl.truststore.location", file(name))
                .with("ssl.truststore.password", "storepass");
            assert_eq!(sections(&trusted_pem(&properties).unwrap().unwrap()), expected, "{name}");
        }
        let inline = Properties::new().with("ssl.truststore.certificates", text("ca.pem"));
        assert_eq!(sections(&trusted_pem(&inline).unwrap().unwrap()), expected);
        assert_eq!(trusted_pem(&Properties::new()).unwrap(), None);
    }

    #[test]
    fn every_form_of_key_store_gives_the_same_key_and_chain() {
        let (key, chain) = (sections(&text("plain.key")), sections(&text("chain.pem")));
        let both = std::env::temp_dir().join(format!("aqueduct-kafka-stores-{}.pem", std::process::id()));
        std::fs::write(&both, text("encrypted.key") + &text("chain.pem")).unwrap();
        let both_path = both.to_string_lossy().into_owned();
        for (path, key_password) in
            [(file("keystore.jks"), "keypass"), (file("keystore.p12"), "storepass"), (both_path, "keypass")]
        {
            let properties = Properties::new()
                .with("ssl.keystore.location", &*path)
                .with("ssl.keystore.password", "storepass")
                .with("ssl.key.password", key_password);
            let identity = identity(&properties).unwrap().unwrap();
            assert_eq!(sections(identity.key_pem.expose()), key, "{path}");
            let found: Vec<_> =
                sections(&identity.chain_pem).into_iter().filter(|section| chain.contains(section)).collect();
            assert_eq!(found, chain, "{path}");
        }
        std::fs::remove_file(both).unwrap();
        let inline = Properties::new()
            .with("ssl.keystore.key", text("encrypted.key"))
            .with("ssl.keystore.certificate.chain", text("chain.pem"))
            .with("ssl.key.password", "keypass");
        assert_eq!(sections(identity(&inline).unwrap().unwrap().key_pem.expose()), key);
    }

    #[test]
    fn refusals_name_key_and_store_and_no_password() {
        for (name, password, reason) in [
            ("keystore.jks", "s3cret", "was tampered with"),
            ("keystore.p12", "s3cret", "cannot be opened"),
            ("README.md", "s3cret", "is neither JKS, PKCS12 nor PEM"),
            ("missing", "s3cret", "cannot be read"),
            ("truststore.jks", "storepass", "has no private key"),
        ] {
            let properties = Properties::new()
                .with("ssl.keystore.location", file(name))
                .with("ssl.keystore.password", password);
            let error = identity(&properties).unwrap_err();
            assert!(error.message().starts_with("ssl.keystore.location: the store"), "{error}");
            assert!(error.message().contains(reason) && !error.message().contains("s3cret"), "{error}");
        }
        let unknown = Properties::new().with("ssl.keystore.type", "BCFKS");
        assert!(identity(&unknown).unwrap_err().message().contains("ssl.keystore.type"));
    }
}
