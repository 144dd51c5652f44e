//! The row of a change event, as it stands in the event's place.

use aqueduct_api::data::validate_field;
use aqueduct_api::{Field, Result, Schema, SchemaBuilder, Struct, Text, Value};

use super::dropped::Dropping;
use super::metadata::{Place, Reference};
use crate::fields;
use crate::require::require_struct;

const PURPOSE: &str = "source field insertion";
const DELETED: Text = Text::from_static("__deleted");
/// Row schemas, and sets of dropped fields, that are remembered for one schema of events.
const KNOWN_MAX: usize = 16;

/// What is done with all rows.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// Whether rows say if they were deleted.
    pub(super) rewrites: bool,
    /// Whether a default stands for a null in rows that say so.
    pub(super) replace_null: bool,
    /// Parts of the event to add.
    pub(super) added: Vec<Reference>,
    pub(super) dropping: Dropping,
}

impl Rules {
    /// Fails as [`Rows::unwrapped`] will on a row that cannot say if it was deleted: Java comes to that before it looks
    /// for a topic in the row.
    pub(super) fn check(&self, row: &Struct) -> Result<()> {
        if !self.rewrites {
            return Ok(());
        }
        row.iter().try_for_each(|(field, value)| {
            let is_filled = value.is_null() && self.replace_null;
            fields::check_moved(field, if is_filled { field.schema.default_value() } else { value })
        })
    }
}

/// What was made of rows of events of one schema.
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<Known>);

#[derive(Debug)]
struct Known {
    row: Schema,
    dropped: Vec<Text>,
    /// Where an event has what is added.
    places: Vec<Place>,
    /// The row with all that is added.
    whole: Schema,
    /// What stays of it, and the fields that do; `None` for all.
    kept: Option<(Schema, Vec<usize>)>,
}

impl Rows {
    /// What an event leaves: its row, which lies in the field of this index, without the fields that are listed.
    pub(super) fn unwrapped(
        &mut self,
        event: Struct,
        row_index: usize,
        is_delete: bool,
        rules: &Rules,
        listed: &[Text],
    ) -> Result<Struct> {
        let row = match event.values().get(row_index) {
            Some(Value::Struct(row)) => row.schema().clone(),
            other => {
                // The error that says so.
                let other = other.cloned().unwrap_or_default();
                require_struct(other, PURPOSE)?.schema().clone()
            }
        };
        let known = self.known(event.schema(), &row, rules, listed)?;
        let metadata: Vec<Value> = known.places.iter().map(|place| place.value(&event)).collect();
        let mut values = match event.into_values().get_mut(row_index).map(std::mem::take) {
            Some(Value::Struct(row)) => row.into_values(),
            _ => Vec::new(),
        };
        fields::move_all(row.fields(), &mut values, rules.rewrites && rules.replace_null)?;
        let whole = known.whole.fields();
        values.reserve_exact(whole.len() - values.len());
        if rules.rewrites {
            values.push(Value::text(if is_delete { "true" } else { "false" }));
        }
        for value in metadata {
            if let (Some(field), Value::Struct(_)) = (whole.get(values.len()), &value) {
                // It comes from a place of another schema.
                validate_field(&field.name, &field.schema, &value)?;
            }
            values.push(value);
        }
        let Some((schema, kept)) = &known.kept else {
            return Struct::from_values(known.whole.clone(), values);
        };
        let mut values: Vec<Value> =
            kept.iter().filter_map(|index| values.get_mut(*index).map(std::mem::take)).collect();
        fields::move_all(schema.fields(), &mut values, true)?;
        Struct::from_values(schema.clone(), values)
    }

    fn known(&mut self, event: &Schema, row: &Schema, rules: &Rules, listed: &[Text]) -> Result<&Known> {
        let same = |known: &Known| known.row.identity() == row.identity() && known.dropped == listed;
        let equal = |known: &Known| known.row == *row && known.dropped == listed;
        let at = self.0.iter().position(same).or_else(|| self.0.iter().position(equal));
        let at = match at {
            Some(at) => at,
            None => {
                let made = Known::new(event, row, rules, listed)?;
                self.0.truncate(KNOWN_MAX - 1);
                self.0.insert(0, made);
                0
            }
        };
        Ok(&self.0[at])
    }
}

impl Known {
    fn new(event: &Schema, row: &Schema, rules: &Rules, listed: &[Text]) -> Result<Self> {
        let mut builder = with_fields(row, row.fields());
        if rules.rewrites {
            builder = builder.field(DELETED, Schema::OPTIONAL_STRING);
        }
        let mut places = Vec::with_capacity(rules.added.len());
        for reference in &rules.added {
            match reference.place(event) {
                Ok(None) => {}
                Ok(Some(place)) => {
                    builder = builder.field(reference.name.clone(), place.schema.clone());
                    places.push(place);
                }
                // What was wrong with the parts before it comes first.
                Err(error) => return Err(builder.build().err().unwrap_or(error)),
            }
        }
        let whole = builder.build()?;
        let kept = if rules.dropping.concerns(whole.fields(), listed) {
            let kept = whole.fields().iter().filter(|field| !rules.dropping.drops(field, listed));
            let kept: Vec<Field> = kept.cloned().collect();
            let schema = with_fields(&whole, &kept).build()?;
            Some((schema, kept.iter().map(|field| field.index).collect()))
        } else {
            None
        };
        Ok(Self { row: row.clone(), dropped: listed.to_vec(), places, whole, kept })
    }
}

/// A struct named and documented as another, with these fields.
fn with_fields(schema: &Schema, fields: &[Field]) -> SchemaBuilder {
    let builder = SchemaBuilder::structure().basics_of(schema);
    fields.iter().fold(builder, |builder, field| builder.field(field.name.clone(), field.schema.clone()))
}
