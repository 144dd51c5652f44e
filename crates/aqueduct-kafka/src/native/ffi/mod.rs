//! The calls into librdkafka that the safe binding does not offer.
//!
//! Everything unsafe of this crate is here: the signal that a producer's event queue has something to read (the
//! binding has it for consumers only), a flush that leaves the delivery reports to the caller, an asynchronous commit
//! that is answered (the binding's never is), records taken from a partition in arrays (the binding takes one at a
//! time, and panics on header names that are not UTF-8), and records sent to a topic that is looked up once (the
//! binding looks it up for each, and panics on header names with a zero byte).

#![allow(unsafe_code, reason = "the only door to librdkafka's C interface; each call says why it is sound")]

mod partition;
mod queue;
mod topic;

pub(super) use partition::PartitionQueue;
pub(super) use topic::Topic;

use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::bindings as sys;
use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};
use tokio::sync::Notify;

use self::queue::Queue;

/// While it lives, wakes a [`Notify`] whenever the producer's event queue turns from empty to non-empty, and at once.
pub(super) struct QueueSignal<C: ProducerContext> {
    _queue: Queue,
    /// The queue belongs to this client. Fields are dropped in order, so it goes last.
    _producer: Arc<BaseProducer<C>>,
}

impl<C: ProducerContext> QueueSignal<C> {
    pub(super) fn new(producer: &Arc<BaseProducer<C>>, notify: Arc<Notify>) -> QueueSignal<C> {
        // SAFETY: the client pointer is valid while `_producer` lives; a producer always has this queue, and the
        // handle is a new one, ours to destroy.
        let queue =
            unsafe { Queue::new(sys::rd_kafka_queue_get_main(producer.client().native_ptr()), notify) };
        QueueSignal { _queue: queue, _producer: Arc::clone(producer) }
    }
}

/// Sends without lingering until every record has its report taken (by somebody else) or the time is up.
pub(super) fn flush<C: ProducerContext>(client: &Client<C>, timeout: Duration) {
    let timeout_ms = timeout.as_millis().try_into().unwrap_or(i32::MAX);
    // SAFETY: the client pointer is valid for the borrow. Timing out is not an error for the caller, who counts.
    unsafe { sys::rd_kafka_flush(client.native_ptr(), timeout_ms) };
}

/// Starts a commit; the consumer's commit callback hears of its outcome from a later poll.
pub(super) fn commit<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    offsets: &TopicPartitionList,
) -> Result<(), RDKafkaErrorCode> {
    let client = consumer.client().native_ptr();
    // SAFETY: both pointers are valid for the borrows; librdkafka copies the list. Without a callback the answer is
    // an event on the given queue, the one that the consumer polls; our handle of it is not needed for that.
    let code = unsafe {
        let queue = sys::rd_kafka_queue_get_consumer(client);
        if queue.is_null() {
            return Err(RDKafkaErrorCode::UnknownGroup);
        }
        let code = sys::rd_kafka_commit_queue(client, offsets.ptr(), queue, None, ptr::null_mut());
        sys::rd_kafka_queue_destroy(queue);
        code
    };
    match code {
        sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
        code => Err(code.into()),
    }
}
