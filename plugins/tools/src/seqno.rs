//! Going on with a number that goes up by one.

use aqueduct_api::{Error, ErrorKind, OffsetMap, Result, SourceTaskContext, Value};

/// The key of source offsets: the number of a record.
pub(crate) const SEQNO: &str = "seqno";

/// The number behind the last one that was stored for a partition; 0 to begin with.
pub(crate) async fn next_seqno(context: &dyn SourceTaskContext, partition: &OffsetMap) -> Result<i64> {
    let stored = context.offset_storage_reader().offset(partition).await?;
    match stored.as_ref().map(|offset| offset.get(SEQNO)) {
        None => Ok(0),
        Some(Some(Value::Int64(seqno))) => Ok(seqno.saturating_add(1)),
        Some(other) => {
            let class = other.map_or("null", Value::java_class);
            Err(Error::new(
                ErrorKind::ClassCast,
                format!("class {class} cannot be cast to class java.lang.Long"),
            ))
        }
    }
}
