//! Java's old key store format, as far as clients need it: trusted certificates, and one private key.
//!
//! All numbers are big-endian; names are length-prefixed. The file ends with a SHA-1 over the store's password and
//! all before. Private keys are protected by a key stream of chained SHA-1 over the key's password.

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, digest};

const MAGIC: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
const DIGEST_LEN: usize = 20;
const PRIVATE_KEY: u32 = 1;
const TRUSTED: u32 = 2;
/// What Java mixes into the digest of the whole file.
const WHITENER: &[u8] = b"Mighty Aphrodite";

/// A store's contents, as DER.
#[derive(Debug, Default)]
pub(super) struct Jks {
    /// Trusted certificates.
    pub(super) trusted: Vec<Vec<u8>>,
    /// The first private key, still protected, and its certificate chain.
    pub(super) key: Option<(ProtectedKey, Vec<Vec<u8>>)>,
}

/// A private key as the store holds it.
#[derive(Debug)]
pub(super) struct ProtectedKey(Vec<u8>);

/// Whether a file looks like a store of this format.
pub(super) fn is_jks(file: &[u8]) -> bool {
    file.starts_with(&MAGIC)
}

impl Jks {
    /// Reads a store. Without a password its integrity is not checked, as in Java.
    pub(super) fn read(file: &[u8], password: Option<&str>) -> Result<Jks, &'static str> {
        let body_len = file.len().checked_sub(DIGEST_LEN).ok_or("is cut short")?;
        let (body, sum) = file.split_at(body_len);
        if let Some(password) = password {
            let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
            context.update(&utf16(password));
            context.update(WHITENER);
            context.update(body);
            if context.finish().as_ref() != sum {
                return Err("was tampered with, or its password is wrong");
            }
        }
        Jks::entries(body).ok_or("is not a well-formed JKS store")
    }

    fn entries(body: &[u8]) -> Option<Jks> {
        let mut input = Input(body);
        input.take(MAGIC.len())?;
        let version = input.u32()?;
        let mut jks = Jks::default();
        for _ in 0..input.u32()? {
            let kind = input.u32()?;
            input.name()?;
            input.take(8)?;
            match kind {
                PRIVATE_KEY => {
                    let key = ProtectedKey(input.sized()?.to_vec());
                    let count = input.u32()?;
                    let chain = (0..count).map(|_| input.certificate(version)).collect::<Option<Vec<_>>>()?;
                    jks.key.get_or_insert((key, chain));
                }
                TRUSTED => jks.trusted.push(input.certificate(version)?),
                _ => return None,
            }
        }
        Some(jks)
    }
}

impl ProtectedKey {
    /// The key as PKCS#8 DER.
    pub(super) fn open(&self, password: &str) -> Result<Vec<u8>, &'static str> {
        let sealed = octets_of(&self.0).ok_or("has a private key of an unknown form")?;
        let text_len =
            sealed.len().checked_sub(2 * DIGEST_LEN).ok_or("has a private key that is cut short")?;
        let (salt, rest) = sealed.split_at(DIGEST_LEN);
        let (text, sum) = rest.split_at(text_len);
        let password = utf16(password);
        let mut link = salt.to_vec();
        let mut key = Vec::with_capacity(text.len());
        for block in text.chunks(DIGEST_LEN) {
            let stream = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[&*password, &*link].concat());
            key.extend(block.iter().zip(stream.as_ref()).map(|(byte, mask)| byte ^ mask));
            link = stream.as_ref().to_vec();
        }
        if digest(&SHA1_FOR_LEGACY_USE_ONLY, &[&*password, &*key].concat()).as_ref() == sum {
            Ok(key)
        } else {
            Err("has a private key with another password")
        }
    }
}

/// The OCTET STRING of an `EncryptedPrivateKeyInfo`: a sequence of the algorithm and it.
fn octets_of(der: &[u8]) -> Option<&[u8]> {
    let mut outer = Input(Input(der).der(0x30)?);
    outer.der(0x30)?;
    outer.der(0x04)
}

/// Java's way to make bytes of a password.
fn utf16(password: &str) -> Vec<u8> {
    password.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn name(&mut self) -> Option<&'a [u8]> {
        let len: [u8; 2] = self.take(2)?.try_into().ok()?;
        self.take(u16::from_be_bytes(len).into())
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()?;
        self.take(len as usize)
    }

    fn certificate(&mut self, version: u32) -> Option<Vec<u8>> {
        if version == 2 {
            self.name()?;
        }
        self.sized().map(<[u8]>::to_vec)
    }

    /// The content of the next DER value, which must have this tag.
    fn der(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.take(1)? != [tag] {
            return None;
        }
        let len = match *self.take(1)?.first()? {
            short @ 0..=0x7f => usize::from(short),
            long => {
                let bytes = self.take(usize::from(long & 0x7f)).filter(|bytes| bytes.len() <= 4)?;
                bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte))
            }
        };
        self.take(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYSTORE: &[u8] = include_bytes!("../../testdata/keystore.jks");

    #[test]
    fn a_store_made_by_keytool() {
        let jks = Jks::read(KEYSTORE, Some("storepass")).unwrap();
        let (key, chain) = jks.key.unwrap();
        assert_eq!((jks.trusted.len(), chain.len()), (0, 2));
        assert_eq!(key.open("keypass").unwrap().first(), Some(&0x30));
        assert_eq!(key.open("wrong"), Err("has a private key with another password"));
    }

    #[test]
    fn broken_stores_are_refused_and_never_panic() {
        assert!(Jks::read(KEYSTORE, Some("wrong")).is_err());
        for len in 0..KEYSTORE.len() {
            assert!(Jks::read(&KEYSTORE[..len], Some("storepass")).is_err());
            // Without a password only the form can be checked; whatever comes out, nothing panics.
            let _ = Jks::read(&KEYSTORE[..len], None);
        }
    }
}
