//! The records of one partition, many at a time.

use std::ffi::{CStr, CString};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::vec;

use rdkafka::bindings as sys;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::Notify;

use super::queue::Queue;
use crate::batch::TimestampType;
use crate::record::TopicPartition;

/// The most messages taken in one call, which sets the size of the array for them.
const TAKE_MAX: usize = 1000;

/// A partition's queue, split from the consumer's, which from then on has only events and errors of the client.
///
/// The binding takes messages one by one, and for each one librdkafka locks the queue, reads the clock several times
/// and makes an event. Here they come in arrays. Messages that a seek, a pause or a revocation has outdated are left
/// out by librdkafka when it fills the array; those that were taken before are for [`forget`](Self::forget).
pub(in crate::native) struct PartitionQueue<C: ConsumerContext> {
    partition: TopicPartition,
    taken: vec::IntoIter<Fetched>,
    queue: Queue,
    /// Queue and messages belong to this client. Fields are dropped in order, so it goes last.
    _consumer: Arc<BaseConsumer<C>>,
}

impl<C: ConsumerContext> PartitionQueue<C> {
    /// Splits a partition off, to be done before it is assigned. `None` if librdkafka refuses the topic's name.
    ///
    /// `notify` is woken when records arrive, and at once.
    pub(in crate::native) fn split(
        consumer: &Arc<BaseConsumer<C>>,
        partition: &TopicPartition,
        notify: &Arc<Notify>,
    ) -> Option<PartitionQueue<C>> {
        let topic = CString::new(&*partition.topic).ok()?;
        let client = consumer.client().native_ptr();
        // SAFETY: the client pointer is valid while `_consumer` lives; the name is copied. The handle is a new one,
        // ours to destroy. Without a destination the partition's records stay in its queue.
        let queue = unsafe {
            let handle = sys::rd_kafka_queue_get_partition(client, topic.as_ptr(), partition.partition);
            if handle.is_null() {
                return None;
            }
            sys::rd_kafka_queue_forward(handle, ptr::null_mut());
            Queue::new(handle, Arc::clone(notify))
        };
        let _consumer = Arc::clone(consumer);
        Some(PartitionQueue { partition: partition.clone(), taken: Vec::new().into_iter(), queue, _consumer })
    }

    pub(in crate::native) fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// Whether [`pop`](Self::pop) may give something. If not, the notification will come when it does.
    pub(in crate::native) fn may_have_some(&self) -> bool {
        self.taken.len() > 0 || self.queue.may_have_some()
    }

    /// The next message, if there is one now. `wanted` is how many the caller has use for: not many more are taken
    /// out of librdkafka's sight.
    pub(in crate::native) fn pop(&mut self, wanted: usize) -> Option<Fetched> {
        if self.taken.len() == 0 && self.queue.take_arrival() {
            self.taken = self.take(wanted.clamp(1, TAKE_MAX)).into_iter();
        }
        self.taken.next()
    }

    /// Drops the messages that were taken and not popped, because of a seek.
    pub(in crate::native) fn forget(&mut self) {
        self.taken = Vec::new().into_iter();
    }

    fn take(&self, size: usize) -> Vec<Fetched> {
        let mut taken = Vec::<Fetched>::with_capacity(size);
        // SAFETY: there is room for `size` pointers, which is what `Fetched` is. librdkafka fills as many as it says,
        // none null, each a message that is ours to destroy. A negative count is an error, with nothing filled.
        unsafe {
            let array = taken.as_mut_ptr().cast();
            let count = sys::rd_kafka_consume_batch_queue(self.queue.as_ptr(), 0, array, size);
            taken.set_len(count.try_into().unwrap_or(0));
        }
        if taken.len() == size {
            self.queue.leave_some();
        }
        taken
    }
}

/// A message, or an error in its place.
#[repr(transparent)]
pub(in crate::native) struct Fetched(NonNull<sys::rd_kafka_message_t>);

// SAFETY: a message is not bound to the thread that took it.
unsafe impl Send for Fetched {}
// SAFETY: by shared reference it is only read; what parses on demand takes it mutably.
unsafe impl Sync for Fetched {}

impl Fetched {
    fn raw(&self) -> &sys::rd_kafka_message_t {
        // SAFETY: the message is ours until `drop`.
        unsafe { self.0.as_ref() }
    }

    /// What went wrong, with librdkafka's words for it. Then this is not a record.
    pub(in crate::native) fn error(&self) -> Option<(RDKafkaErrorCode, String)> {
        match self.raw().err {
            sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => None,
            code => {
                let reason = String::from_utf8_lossy(self.value().unwrap_or_default()).into_owned();
                Some((code.into(), reason))
            }
        }
    }

    pub(in crate::native) fn offset(&self) -> i64 {
        self.raw().offset
    }

    pub(in crate::native) fn key(&self) -> Option<&[u8]> {
        let raw = self.raw();
        // SAFETY: a key that is not null has this many bytes, and lives as long as the message.
        (!raw.key.is_null()).then(|| unsafe { std::slice::from_raw_parts(raw.key.cast(), raw.key_len) })
    }

    pub(in crate::native) fn value(&self) -> Option<&[u8]> {
        let raw = self.raw();
        // SAFETY: as for the key.
        (!raw.payload.is_null()).then(|| unsafe { std::slice::from_raw_parts(raw.payload.cast(), raw.len) })
    }

    /// Milliseconds since the epoch, -1 if unknown, and who set it.
    pub(in crate::native) fn timestamp(&self) -> (i64, TimestampType) {
        use sys::rd_kafka_timestamp_type_t as Native;
        let mut kind = Native::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: both pointers are valid for the call.
        let ms = unsafe { sys::rd_kafka_message_timestamp(self.0.as_ptr(), &mut kind) };
        match kind {
            Native::RD_KAFKA_TIMESTAMP_CREATE_TIME if ms != -1 => (ms, TimestampType::CreateTime),
            Native::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME if ms != -1 => (ms, TimestampType::LogAppendTime),
            _ => (-1, TimestampType::NoTimestampType),
        }
    }

    /// Calls `visit` with name and value of each header, in order. Names need not be UTF-8.
    pub(in crate::native) fn for_each_header(&mut self, mut visit: impl FnMut(&[u8], Option<&[u8]>)) {
        let mut headers = ptr::null_mut();
        // SAFETY: the message is ours; the headers belong to it.
        let found = unsafe { sys::rd_kafka_message_headers(self.0.as_ptr(), &mut headers) };
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
}

impl Drop for Fetched {
    fn drop(&mut self) {
        // SAFETY: the message is ours, and this is its last use.
        unsafe { sys::rd_kafka_message_destroy(self.0.as_ptr()) };
    }
}
