//! Sending to a topic.

use std::ffi::{CString, c_void};
use std::ptr;
use std::sync::Arc;

use rdkafka::bindings as sys;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};
use sys::rd_kafka_vtype_t as Kind;
use sys::rd_kafka_vu_s__bindgen_ty_1 as Content;
use sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 as Memory;

use crate::record::{OutHeader, OutRecord};

/// A producer's topic, looked up once. The binding makes a C string of the name and looks it up for each record.
pub(in crate::native) struct Topic<C: ProducerContext> {
    handle: *mut sys::rd_kafka_topic_t,
    /// The topic belongs to this client, which goes after `drop` has given the handle back.
    producer: Arc<BaseProducer<C>>,
}

// SAFETY: librdkafka's topics may be used from any thread.
unsafe impl<C: ProducerContext> Send for Topic<C> {}
// SAFETY: as above; librdkafka guards its topics with locks of their own.
unsafe impl<C: ProducerContext> Sync for Topic<C> {}

impl<C: ProducerContext<DeliveryOpaque = usize>> Topic<C> {
    /// # Errors
    /// For a name that cannot be a topic's. Whether the topic exists is not known here.
    pub(in crate::native) fn new(
        producer: &Arc<BaseProducer<C>>,
        name: &str,
    ) -> Result<Topic<C>, RDKafkaErrorCode> {
        let name = CString::new(name).map_err(|_| RDKafkaErrorCode::InvalidTopic)?;
        // SAFETY: the client pointer is valid while `producer` lives; the name is copied; without a configuration
        // the client's own for topics is taken. The last error is that of this thread's last call.
        unsafe {
            let client = producer.client().native_ptr();
            let handle = sys::rd_kafka_topic_new(client, name.as_ptr(), ptr::null_mut());
            if handle.is_null() {
                return Err(sys::rd_kafka_last_error().into());
            }
            Ok(Topic { handle, producer: Arc::clone(producer) })
        }
    }

    /// Copies a record of this topic into the producer's buffer. Its report will carry `opaque`.
    pub(in crate::native) fn send(
        &self,
        record: &OutRecord<'_>,
        opaque: usize,
    ) -> Result<(), RDKafkaErrorCode> {
        let headers = Headers::of(record.headers);
        let entry = |vtype, u| sys::rd_kafka_vu_t { vtype, u };
        let entries = [
            entry(Kind::RD_KAFKA_VTYPE_RKT, Content { rkt: self.handle }),
            entry(Kind::RD_KAFKA_VTYPE_PARTITION, Content { i32_: record.partition.unwrap_or(-1) }),
            entry(Kind::RD_KAFKA_VTYPE_MSGFLAGS, Content { i: sys::RD_KAFKA_MSG_F_COPY }),
            entry(Kind::RD_KAFKA_VTYPE_VALUE, Content { mem: memory(record.value) }),
            entry(Kind::RD_KAFKA_VTYPE_KEY, Content { mem: memory(record.key) }),
            // 0 is the time of sending.
            entry(Kind::RD_KAFKA_VTYPE_TIMESTAMP, Content { i64_: record.timestamp.unwrap_or(0) }),
            entry(Kind::RD_KAFKA_VTYPE_OPAQUE, Content { ptr: opaque as *mut c_void }),
            entry(Kind::RD_KAFKA_VTYPE_HEADERS, Content { headers: headers.0 }),
        ];
        // SAFETY: each entry sets the member of the union that belongs to its kind; the pointers are valid for the
        // call, in which key and value are copied. The headers become librdkafka's if there is no error, which then
        // is null, and stay ours otherwise.
        unsafe {
            let client = self.producer.client().native_ptr();
            let error = sys::rd_kafka_produceva(client, entries.as_ptr(), entries.len());
            if error.is_null() {
                std::mem::forget(headers);
                return Ok(());
            }
            let code = sys::rd_kafka_error_code(error);
            sys::rd_kafka_error_destroy(error);
            Err(code.into())
        }
    }
}

impl<C: ProducerContext> Drop for Topic<C> {
    fn drop(&mut self) {
        // SAFETY: the handle is ours and its client is alive; this is its last use.
        unsafe { sys::rd_kafka_topic_destroy(self.handle) };
    }
}

/// Null stays different from empty: the pointer of an empty slice is not null.
fn memory(bytes: Option<&[u8]>) -> Memory {
    match bytes {
        Some(bytes) => Memory { ptr: bytes.as_ptr().cast_mut().cast(), size: bytes.len() },
        None => Memory { ptr: ptr::null_mut(), size: 0 },
    }
}

/// A list of headers in librdkafka's form; null if there are none.
struct Headers(*mut sys::rd_kafka_headers_t);

impl Headers {
    fn of(headers: &[OutHeader<'_>]) -> Headers {
        if headers.is_empty() {
            return Headers(ptr::null_mut());
        }
        // SAFETY: the list is new and ours; names and values are copied, and nothing needs to end with a zero byte
        // as the lengths are told.
        unsafe {
            let list = sys::rd_kafka_headers_new(headers.len());
            for header in headers {
                let (name, value) = (memory(Some(header.key.as_bytes())), memory(header.value));
                sys::rd_kafka_header_add(
                    list,
                    name.ptr.cast_const().cast(),
                    name.size as isize,
                    value.ptr,
                    value.size as isize,
                );
            }
            Headers(list)
        }
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the list is ours: sending forgets those that it gave away.
            unsafe { sys::rd_kafka_headers_destroy(self.0) };
        }
    }
}
