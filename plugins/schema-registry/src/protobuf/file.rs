//! Schemas as files that are compiled: the schema itself, what it refers to, and what Confluent and Google give.

use aqueduct_api::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use prost_reflect::FileDescriptor;
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use crate::registry::Documents;

/// The name of the schema itself among the files.
const MAIN: &str = "schema.proto";

const KNOWN: [(&str, &str); 4] = [
    ("confluent/meta.proto", include_str!("proto/meta.proto")),
    ("confluent/type/decimal.proto", include_str!("proto/decimal.proto")),
    ("google/type/date.proto", include_str!("proto/date.proto")),
    ("google/type/timeofday.proto", include_str!("proto/timeofday.proto")),
];

struct Sources(Vec<(String, String)>);

impl FileResolver for Sources {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let given = self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
        let known = || KNOWN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        let text = given.or_else(known).ok_or_else(|| protox::Error::file_not_found(name))?;
        match File::from_source(name, text) {
            Ok(file) => Ok(file),
            // Some clients register a descriptor, as base64, for what a registry gives as text.
            Err(error) => decoded(name, text).ok_or(error),
        }
    }
}

fn decoded(name: &str, text: &str) -> Option<File> {
    let bytes = BASE64.decode(text.trim()).ok()?;
    let mut proto =
        File::decode_file_descriptor_proto(bytes.as_slice()).ok()?.file_descriptor_proto().clone();
    proto.name = Some(name.to_owned());
    Some(File::from_file_descriptor_proto(proto))
}

/// Compiles a schema.
pub(super) fn parse(documents: &Documents) -> Result<FileDescriptor> {
    let mut sources = vec![(MAIN.to_owned(), documents.schema.text.clone())];
    sources.extend(documents.references.iter().cloned());
    let mut resolver = ChainFileResolver::new();
    resolver.add(Sources(sources));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    let invalid = |error: protox::Error| Error::data(format!("Invalid Protobuf schema: {error}"));
    compiler.include_imports(true).open_file(MAIN).map_err(invalid)?;
    let file = compiler.descriptor_pool().get_file_by_name(MAIN);
    file.ok_or_else(|| Error::data("Invalid Protobuf schema: it is empty"))
}
