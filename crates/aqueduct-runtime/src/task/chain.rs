//! Transformations and predicates in their order (spec: transform chain).

use aqueduct_api::{Origin, Predicate, Record, Transformation};
use aqueduct_proto::tolerance::Stage;

use crate::errors::Failure;

/// One transformation of a chain.
pub(crate) struct Link {
    pub(crate) class: &'static str,
    pub(crate) transformation: Box<dyn Transformation>,
    /// Applied only to records for which this holds.
    pub(crate) condition: Option<Condition>,
}

/// A predicate as one transformation uses it.
pub(crate) struct Condition {
    pub(crate) class: &'static str,
    pub(crate) predicate: Box<dyn Predicate>,
    pub(crate) negate: bool,
}

/// The transformations of a connector, with which it was configured.
#[derive(Default)]
pub(crate) struct Chain(Vec<Link>);

impl Chain {
    pub(crate) fn new(links: Vec<Link>) -> Self {
        Self(links)
    }

    /// Whether there are no transformations.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Transforms a record in its place. `false`: a transformation has dropped it.
    pub(crate) fn apply(&mut self, record: &mut Record, origin: Origin<'_>) -> Result<bool, Failure> {
        for link in &mut self.0 {
            if let Some(condition) = &mut link.condition {
                let holds = condition
                    .predicate
                    .test(record)
                    .map_err(|error| Failure::new(Stage::Transformation, condition.class, error))?;
                if holds == condition.negate {
                    continue;
                }
            }
            match link.transformation.apply(record, origin) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => return Err(Failure::new(Stage::Transformation, link.class, error)),
            }
        }
        Ok(true)
    }
}
