//! The few calls into librdkafka that the safe binding does not offer.
//!
//! Everything unsafe of this crate is here: the signal that a producer's event queue has something to read (the
//! binding has it for consumers only), a flush that leaves the delivery reports to the caller, an asynchronous commit
//! that is answered (the binding's never is), and headers whose names need not be UTF-8 (the binding panics on them).

#![allow(unsafe_code, reason = "the only door to librdkafka's C interface; each call says why it is sound")]

use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::bindings as sys;
use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};
use tokio::sync::Notify;

/// While it lives, wakes a [`Notify`] whenever the producer's event queue turns from empty to non-empty.
pub(super) struct QueueSignal<C: ProducerContext> {
    queue: *mut sys::rd_kafka_queue_t,
    target: *const Notify,
    /// The queue belongs to this client, so the client must outlive the handle.
    _producer: Arc<BaseProducer<C>>,
}

// SAFETY: librdkafka's queues may be used from any thread, and `Notify` is shared by design.
unsafe impl<C: ProducerContext> Send for QueueSignal<C> {}
// SAFETY: there is no method by shared reference at all.
unsafe impl<C: ProducerContext> Sync for QueueSignal<C> {}

impl<C: ProducerContext> QueueSignal<C> {
    pub(super) fn new(producer: &Arc<BaseProducer<C>>, notify: Arc<Notify>) -> QueueSignal<C> {
        let target = Arc::into_raw(notify);
        // SAFETY: the client pointer is valid while `_producer` lives. `target` stays valid until `drop` has
        // unregistered the callback; librdkafka calls and unregisters it under the same queue lock.
        let queue = unsafe {
            let queue = sys::rd_kafka_queue_get_main(producer.client().native_ptr());
            sys::rd_kafka_queue_cb_event_enable(queue, Some(wake), target.cast_mut().cast());
            queue
        };
        QueueSignal { queue, target, _producer: Arc::clone(producer) }
    }
}

impl<C: ProducerContext> Drop for QueueSignal<C> {
    fn drop(&mut self) {
        // SAFETY: `queue` is the handle that `new` got; after the callback is gone nobody else has `target`.
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(self.queue, None, ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.queue);
            drop(Arc::from_raw(self.target));
        }
    }
}

unsafe extern "C" fn wake(_: *mut sys::rd_kafka_t, target: *mut c_void) {
    // SAFETY: `target` is the pointer that `QueueSignal::new` registered and still owns.
    unsafe { &*target.cast_const().cast::<Notify>() }.notify_one();
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

/// Calls `visit` with name and value of each header, in order.
pub(super) fn for_each_header(message: &BorrowedMessage<'_>, mut visit: impl FnMut(&[u8], Option<&[u8]>)) {
    let mut headers = ptr::null_mut();
    // SAFETY: the message is alive for the borrow; the headers belong to it.
    let found = unsafe { sys::rd_kafka_message_headers(message.ptr(), &mut headers) };
    if found != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || headers.is_null() {
        return;
    }
    for index in 0.. {
        let (mut name, mut value, mut len) = (ptr::null(), ptr::null(), 0usize);
        // SAFETY: out-pointers are valid; on success librdkafka fills them with memory owned by the message, the
        // name ended by a zero byte, and `value` either null or `len` bytes long.
        unsafe {
            let got = sys::rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut len);
            if got != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                return;
            }
            let bytes = (!value.is_null()).then(|| std::slice::from_raw_parts(value.cast::<u8>(), len));
            visit(CStr::from_ptr(name).to_bytes(), bytes);
        }
    }
}
