//! `ExtractNewRecordState`

use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, ErrorKind, Header, Importance, Origin, Record,
    Result, Schema, Struct, Text, Transformation, Type, Value, Width,
};

use super::deletes::{self, Deleted, Deletes};
use super::dropped::{self, Dropping};
use super::metadata::{Place, Reference};
use super::unwrapped::{self, Rows};
use super::{AFTER, BEFORE, is_change_event, placed};
use crate::cache::SchemaCache;
use crate::keys;
use crate::require::require_struct;

const ROUTE: &str = "route.by.field";
const FIELDS: &str = "add.fields";
const FIELDS_PREFIX: &str = "add.fields.prefix";
const HEADERS: &str = "add.headers";
const HEADERS_PREFIX: &str = "add.headers.prefix";
const PURPOSE: &str = "source field insertion";

/// Puts the row of a change event in the place of the event, with what is wanted of the rest beside it.
#[derive(Debug, Default)]
pub(crate) struct ExtractNewRecordState {
    rules: Rules,
    events: SchemaCache<EventPlan>,
}

#[derive(Debug, Default)]
struct Rules {
    deletes: Deletes,
    /// The field of a row that names its topic.
    route: Option<String>,
    headers: Vec<Reference>,
    rows: unwrapped::Rules,
}

/// Where the events of a schema have what is wanted.
#[derive(Debug)]
struct EventPlan {
    before: Option<usize>,
    after: usize,
    /// What a delete becomes that becomes null.
    after_schema: Schema,
    headers: Vec<(Place, Text)>,
    rows: Rows,
}

impl EventPlan {
    fn new(event: &Schema, rules: &Rules) -> Result<Self> {
        let mut headers = Vec::with_capacity(rules.headers.len());
        for reference in &rules.headers {
            if let Some(place) = reference.place(event)? {
                headers.push((place, reference.name.clone()));
            }
        }
        let after = event.field(AFTER).ok_or_else(|| unknown(AFTER))?;
        Ok(Self {
            before: event.field(BEFORE).map(|field| field.index),
            after: after.index,
            after_schema: after.schema.clone(),
            headers,
            rows: Rows::default(),
        })
    }
}

fn unknown(field: &str) -> Error {
    Error::new(ErrorKind::IllegalArgument, format!("Unknown field: {field}"))
}

/// The topic that a row names; `None` where its field is null or empty.
fn topic_of(row: &Struct, field: &str) -> Result<Option<Text>> {
    let value = row.get_checked(field, Type::String)?;
    Ok(value.as_text().filter(|topic| !topic.is_empty()).cloned())
}

impl Rules {
    /// A tombstone has no event to look at, but it is a delete.
    fn tombstone(&self, record: &mut Record) -> bool {
        if !self.deletes.keeps_tombstones {
            return false;
        }
        for reference in self.headers.iter().filter(|reference| reference.is_operation()) {
            let (key, schema) = (reference.name.clone(), Some(Schema::STRING));
            record.headers.push(Header { key, schema, value: Value::text("d") });
        }
        true
    }

    fn unwrap(&self, plan: &mut EventPlan, event: Struct, record: &mut Record) -> Result<bool> {
        for (place, name) in &plan.headers {
            let (schema, value) = (Some(place.schema.clone()), place.value(&event));
            record.headers.push(Header { key: name.clone(), schema, value });
        }
        let is_null = |index: usize| event.values().get(index).is_none_or(Value::is_null);
        let is_delete = is_null(plan.after);
        let row_index = match (is_delete, plan.before) {
            (false, _) => plan.after,
            (true, None) => return Err(unknown(BEFORE)),
            // A truncated table has rows neither before nor after.
            (true, Some(before)) if is_null(before) => return Ok(false),
            (true, Some(before)) => before,
        };
        if is_delete && self.deletes.events == Deleted::Dropped {
            return Ok(false);
        }
        if let (Some(field), Some(Value::Struct(row))) = (&self.route, event.values().get(row_index)) {
            self.rows.check(row)?;
            if let Some(topic) = topic_of(row, field)? {
                record.topic = topic.as_str().into();
            }
        }
        let dropping = &self.rows.dropping;
        let listed = dropping.listed(record)?.unwrap_or_default();
        match self.deletes.events {
            Deleted::Null if is_delete => record.value_schema = Some(plan.after_schema.clone()),
            Deleted::Tombstone if is_delete => dropping.check_tombstone(&listed)?,
            _ => {
                let row = plan.rows.unwrapped(event, row_index, is_delete, &self.rows, &listed)?;
                record.value_schema = Some(row.schema().clone());
                record.value = row.into();
            }
        }
        dropping.drop_from_key(record, &listed)?;
        Ok(true)
    }
}

impl Transformation for ExtractNewRecordState {
    fn config(&self) -> ConfigDef {
        let text = |name: &'static str, default: &'static str, doc: &'static str| {
            ConfigKey::new(name, ConfigType::String, default, Importance::Low, doc)
        };
        let list = |name: &'static str, doc: &'static str| {
            ConfigKey::new(name, ConfigType::List, [""; 0], Importance::Low, doc)
        };
        let [mode, old_tombstones, old_mode] = deletes::keys();
        let route = text(
            ROUTE,
            "",
            "The name of a field of the row that holds the topic to write to; of the row as it was, for a deleted one.",
        );
        let fields_prefix = text(FIELDS_PREFIX, "__", "What the names of added fields begin with.");
        let fields = list(
            FIELDS,
            "Parts of the event to add to the row: `op`, `ts_ms` and other fields of the event itself, `id` and \
             `total_order` of the transaction, all others of the source. `struct.field` names any field, and is called \
             `struct_field`. With `:name` behind it, a part gets that name. What an event does not have is left out.",
        );
        let headers_prefix = text(HEADERS_PREFIX, "__", "What the names of added headers begin with.");
        let headers = list(
            HEADERS,
            "Parts of the event to add as headers, written as those of `add.fields`. A tombstone gets `op` alone.",
        );
        let keys = [
            mode,
            placed(route, Width::Long, "Route by field name"),
            placed(fields_prefix, Width::Short, "Field prefix to be added to each field."),
            placed(fields, Width::Long, "Adds the specified field(s) to the message if they exist."),
            placed(headers_prefix, Width::Short, "Header prefix to be added to each header."),
            placed(headers, Width::Long, "Adds the specified fields to the header if they exist."),
        ];
        let keys = keys.into_iter().chain(dropped::keys());
        keys.chain([keys::replace_null(), old_tombstones, old_mode]).collect()
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let parsed = self.config().parse(config)?;
        let references = |key, prefix| {
            Reference::list(parsed.list(key)?, parsed.optional_string(prefix)?.unwrap_or_default())
        };
        let deletes = Deletes::new(config, &parsed)?;
        self.rules = Rules {
            deletes,
            route: parsed.optional_string(ROUTE)?.filter(|field| !field.is_empty()).map(str::to_owned),
            headers: references(HEADERS, HEADERS_PREFIX)?,
            rows: unwrapped::Rules {
                rewrites: deletes.events == Deleted::Rewritten,
                replace_null: keys::replaces_null(&parsed)?,
                added: references(FIELDS, FIELDS_PREFIX)?,
                dropping: Dropping::new(&parsed)?,
            },
        };
        self.events = SchemaCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        if record.value.is_null() {
            return Ok(self.rules.tombstone(record));
        }
        if !is_change_event(record.value_schema.as_ref()) {
            return Ok(true);
        }
        let event = require_struct(std::mem::take(&mut record.value), PURPOSE)?;
        record.value_schema = None;
        let rules = &self.rules;
        let plan = self.events.get_mut(event.schema(), |schema| EventPlan::new(schema, rules))?;
        rules.unwrap(plan, event, record)
    }
}
