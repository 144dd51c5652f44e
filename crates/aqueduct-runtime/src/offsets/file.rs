//! Source offsets in a file: of a standalone worker.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aqueduct_api::{Error, OffsetMap, Result};
use aqueduct_proto::offset_file;
use aqueduct_proto::offsets::{parse_key, parse_value};
use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{OffsetEntry, OffsetStore};

/// The offsets of all connectors, in memory and in a file that a Java worker can read and go on with.
///
/// The file is written in full for each change, to a new file that then takes its place: a crash leaves the old one or the
/// new one.
#[derive(Debug)]
pub struct FileOffsetStore {
    path: PathBuf,
    entries: Arc<Mutex<Vec<OffsetEntry>>>,
}

impl FileOffsetStore {
    /// Reads the file. A missing or empty one holds no offsets; one that is no offset file is refused, and left as it is.
    pub fn open(path: &Path) -> Result<Self> {
        let context = |error: Error| error.with_context("offset.storage.file.filename", path.display());
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                return Err(context(
                    Error::connect(format!("Cannot read the offsets file {}: {error}", path.display()))
                        .with_source(error),
                ));
            }
        };
        let entries = offset_file::read(&bytes).map_err(|error| {
            context(Error::connect(format!(
                "{} is not a file of source offsets ({error}). It is left as it is: name another file, or move this one away",
                path.display()
            )))
        })?;
        // A link keeps pointing to the same place: its target is what is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(Self { path, entries: Arc::new(Mutex::new(entries)) })
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = std::fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    std::fs::rename(&new, path)
}

#[async_trait]
impl OffsetStore for FileOffsetStore {
    async fn get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        let entries = self.entries.lock().await;
        let find = |key: &Vec<u8>| {
            entries.iter().find(|(stored, _)| stored == key).and_then(|(_, value)| value.clone())
        };
        Ok(keys.iter().map(find).collect())
    }

    async fn set(&self, changes: Vec<OffsetEntry>) -> Result<()> {
        let mut entries = Arc::clone(&self.entries).lock_owned().await;
        let path = self.path.clone();
        // The write keeps the lock even when the caller stops waiting, so that no older state can overwrite a newer one.
        let written = tokio::task::spawn_blocking(move || {
            for (key, value) in changes {
                match entries.iter_mut().find(|(stored, _)| *stored == key) {
                    Some((_, old)) => *old = value,
                    None => entries.push((key, value)),
                }
            }
            let bytes =
                offset_file::write(entries.iter().map(|(key, value)| (key.as_slice(), value.as_deref())));
            write_file(&path, &bytes).map_err(|error| {
                Error::connect(format!("Cannot write the offsets file {}: {error}", path.display()))
                    .with_source(error)
            })
        });
        written
            .await
            .map_err(|error| Error::connect("The write of the offsets file was cut off").with_source(error))?
    }

    async fn connector_offsets(&self, connector: &str) -> Result<Vec<(OffsetMap, OffsetMap)>> {
        let entries = self.entries.lock().await;
        Ok(entries
            .iter()
            .filter_map(|(key, value)| match (parse_key(key), value.as_deref().map(parse_value)) {
                (Ok((name, Some(partition))), Some(Ok(offset))) if name == connector => {
                    Some((partition, offset))
                }
                _ => None,
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn offsets_survive_and_null_values_stay() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("offsets");
        let store = FileOffsetStore::open(&path).expect("a missing file is an empty store");
        let key = |n: u8| format!(r#"["c",{{"f":"{n}"}}]"#).into_bytes();
        let set = |n, value: Option<&str>| (key(n), value.map(|value| value.as_bytes().to_vec()));
        store.set(vec![set(1, Some(r#"{"p":1}"#)), set(2, Some(r#"{"p":2}"#))]).await.expect("written");
        store.set(vec![set(1, Some(r#"{"p":3}"#)), set(2, None)]).await.expect("written");

        let again = FileOffsetStore::open(&path).expect("what we wrote");
        let values = again.get(&[key(2), key(1), key(9)]).await.expect("in memory");
        assert_eq!(values, [None, Some(br#"{"p":3}"#.to_vec()), None]);
        let offsets = again.connector_offsets("c").await.expect("in memory");
        assert_eq!(offsets, [(OffsetMap::of("f", "1"), OffsetMap::of("p", 3_i64))]);
        assert_eq!(again.entries.lock().await.len(), 2);
    }

    #[tokio::test]
    async fn garbage_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("offsets");
        std::fs::write(&path, b"not offsets").expect("written");
        let error = FileOffsetStore::open(&path).expect_err("garbage");
        assert!(error.to_string().contains("is not a file of source offsets"), "{error}");
        assert_eq!(std::fs::read(&path).expect("there"), b"not offsets");
    }
}
