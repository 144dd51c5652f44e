//! Registries in memory: `mock://scope` gives the one of that name, the same to all who ask in this process.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{Answer, Failure, Registered, Registry, SchemaKey, SchemaText, Version};

/// The registry of a scope.
pub(super) fn scope(name: &str) -> Arc<dyn Registry> {
    static SCOPES: OnceLock<Mutex<HashMap<String, Arc<MockRegistry>>>> = OnceLock::new();
    let mut scopes = SCOPES.get_or_init(Mutex::default).lock();
    Arc::clone(scopes.entry(name.to_owned()).or_default()) as _
}

#[derive(Default)]
struct MockRegistry(Mutex<State>);

#[derive(Default)]
struct State {
    /// The schema of id 1 comes first.
    schemas: Vec<SchemaText>,
    /// The ids of a subject's versions, from version 1 on.
    subjects: HashMap<String, Vec<usize>>,
}

fn not_found(code: i64, message: &str) -> Failure {
    Failure::Refused { status: 404, code, message: message.to_owned() }
}

impl State {
    fn registered(&self, id: usize, version: Option<usize>) -> Answer<Registered> {
        let schema = id.checked_sub(1).and_then(|index| self.schemas.get(index));
        let schema = schema.ok_or_else(|| not_found(40403, "Schema not found"))?;
        let mut guid = [0; 16];
        guid[8..].copy_from_slice(&(id as u64).to_be_bytes());
        Ok(Registered {
            id: i32::try_from(id).unwrap_or(i32::MAX),
            guid: Some(guid),
            version: version.and_then(|version| i32::try_from(version).ok()),
            schema: schema.clone(),
        })
    }

    fn versions(&self, subject: &str) -> Answer<&[usize]> {
        let versions = self.subjects.get(subject);
        versions
            .map(Vec::as_slice)
            .ok_or_else(|| not_found(40401, &format!("Subject '{subject}' not found.")))
    }

    fn find(&self, subject: &str, schema: &SchemaText) -> Answer<Registered> {
        for (index, id) in self.versions(subject)?.iter().enumerate() {
            let registered = self.registered(*id, Some(index + 1))?;
            if registered.schema == *schema {
                return Ok(registered);
            }
        }
        Err(not_found(40403, "Schema not found"))
    }
}

#[async_trait]
impl Registry for MockRegistry {
    async fn by_key(&self, key: SchemaKey) -> Answer<Registered> {
        let id = match key {
            SchemaKey::Id(id) => usize::try_from(id).unwrap_or(0),
            SchemaKey::Guid(guid) => {
                let number = u128::from_be_bytes(guid);
                usize::try_from(number).unwrap_or(0)
            }
        };
        self.0.lock().registered(id, None)
    }

    async fn by_version(&self, subject: &str, version: Version) -> Answer<Registered> {
        let state = self.0.lock();
        let versions = state.versions(subject)?;
        let number = match version {
            Version::Latest => versions.len(),
            Version::Number(number) => usize::try_from(number).unwrap_or(0),
        };
        let id = number.checked_sub(1).and_then(|index| versions.get(index));
        state.registered(*id.ok_or_else(|| not_found(40402, "Version not found"))?, Some(number))
    }

    async fn by_metadata(&self, subject: &str, metadata: &[(String, String)]) -> Answer<Registered> {
        // Nothing registers metadata here, so only the empty search finds anything.
        match metadata {
            [] => self.by_version(subject, Version::Latest).await,
            _ => Err(not_found(40403, "Schema not found")),
        }
    }

    async fn register(&self, subject: &str, schema: &SchemaText, _normalize: bool) -> Answer<Registered> {
        let mut state = self.0.lock();
        if let Ok(found) = state.find(subject, schema) {
            return Ok(found);
        }
        let id = match state.schemas.iter().position(|known| known == schema) {
            Some(index) => index + 1,
            None => {
                state.schemas.push(schema.clone());
                state.schemas.len()
            }
        };
        let versions = state.subjects.entry(subject.to_owned()).or_default();
        versions.push(id);
        let version = versions.len();
        state.registered(id, Some(version))
    }

    async fn lookup(&self, subject: &str, schema: &SchemaText, _normalize: bool) -> Answer<Registered> {
        self.0.lock().find(subject, schema)
    }
}
