//! The choice of a data plane.

use crate::config::Properties;
use crate::consumer::BatchConsumer;
use crate::error::Result;
use crate::native::{NativeConsumer, NativeProducer};
use crate::producer::BatchProducer;

/// Makes clients from Java client properties. Whoever owns task loops is given one of these and knows no other type.
pub trait DataPlane: Send + Sync {
    /// A new producer.
    fn producer(&self, properties: &Properties) -> Result<Box<dyn BatchProducer>>;

    /// A new consumer.
    fn consumer(&self, properties: &Properties) -> Result<Box<dyn BatchConsumer>>;
}

/// The data plane on librdkafka.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeDataPlane;

impl DataPlane for NativeDataPlane {
    fn producer(&self, properties: &Properties) -> Result<Box<dyn BatchProducer>> {
        Ok(Box::new(NativeProducer::new(properties)?))
    }

    fn consumer(&self, properties: &Properties) -> Result<Box<dyn BatchConsumer>> {
        Ok(Box::new(NativeConsumer::new(properties)?))
    }
}
