//! One of librdkafka's queues, with word of what arrives in it.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rdkafka::bindings as sys;
use tokio::sync::Notify;

/// A handle of a queue. While it lives, it wakes a [`Notify`] whenever the queue turns from empty to non-empty.
///
/// The queue belongs to a client: whoever holds this must keep the client alive.
pub(super) struct Queue {
    handle: *mut sys::rd_kafka_queue_t,
    arrivals: Arc<Arrivals>,
}

struct Arrivals {
    /// Something came since the last [`Queue::take_arrival`].
    some: AtomicBool,
    owner: Arc<Notify>,
}

// SAFETY: librdkafka's queues may be used from any thread, and `Arrivals` is made of parts that are shared by design.
unsafe impl Send for Queue {}
// SAFETY: as above; librdkafka guards its queues with locks of their own.
unsafe impl Sync for Queue {}

impl Queue {
    /// Takes over a handle. What is in the queue already counts as arrived, so its owner is woken at once.
    ///
    /// # Safety
    /// The handle is valid, is nobody else's to destroy, and its client outlives the value returned.
    pub(super) unsafe fn new(handle: *mut sys::rd_kafka_queue_t, owner: Arc<Notify>) -> Queue {
        let arrivals = Arc::new(Arrivals { some: AtomicBool::new(true), owner });
        arrivals.owner.notify_one();
        let target = Arc::as_ptr(&arrivals).cast_mut().cast();
        // SAFETY: the handle is valid. `target` is kept by `arrivals` until `drop` has unregistered the callback;
        // librdkafka calls and unregisters it under the same queue lock.
        unsafe { sys::rd_kafka_queue_cb_event_enable(handle, Some(arrived), target) };
        Queue { handle, arrivals }
    }

    pub(super) fn as_ptr(&self) -> *mut sys::rd_kafka_queue_t {
        self.handle
    }

    /// Whether there may be something. If not, the owner will be woken when there is.
    pub(super) fn may_have_some(&self) -> bool {
        self.arrivals.some.load(Ordering::Acquire)
    }

    /// Forgets that something came, before looking: what comes from now on is told again once the queue was empty.
    pub(super) fn take_arrival(&self) -> bool {
        self.arrivals.some.swap(false, Ordering::AcqRel)
    }

    /// Remembers that the queue was not read until it was empty.
    pub(super) fn leave_some(&self) {
        self.arrivals.some.store(true, Ordering::Release);
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: the handle is valid and ours, and is used here for the last time. When the callback is gone, nobody
        // in librdkafka has `arrivals` any more.
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(self.handle, None, ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.handle);
        }
    }
}

unsafe extern "C" fn arrived(_: *mut sys::rd_kafka_t, target: *mut c_void) {
    // SAFETY: `target` is the pointer that `Queue::new` registered and still keeps alive.
    let arrivals = unsafe { &*target.cast_const().cast::<Arrivals>() };
    arrivals.some.store(true, Ordering::Release);
    arrivals.owner.notify_one();
}
