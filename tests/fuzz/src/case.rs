//! One input, tried.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

use aqueduct_meter::{Usage, measure_within};

use crate::input;
use crate::random::Random;
use crate::target::Target;

/// What every input may take, and what each byte of it may add.
const MEMORY_MAX_BYTES: u64 = 32 << 20;
const MEMORY_MAX_PER_BYTE: u64 = 512;
/// For a build without optimisation on a busy machine.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Other programs may have had the processor: what is slow is tried again before it counts.
const ATTEMPTS: usize = 3;

/// A target and the number that its input is made from.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// What is tried.
    pub target: &'static Target,
    /// What the input is made from.
    pub seed: u64,
}

/// What a case took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// The time of the fastest try.
    pub time: Duration,
    /// Its memory.
    pub usage: Usage,
}

/// How a case fails.
#[derive(Debug)]
pub enum Failure {
    /// With these words.
    Panicked(String),
    /// It took this long, each time.
    Slow(Duration),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(words) => write!(f, "panicked: {words}"),
            Self::Slow(time) => write!(f, "took {time:?}, the limit is {TIME_MAX:?}"),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} --seed {}", self.target.name, self.seed)
    }
}

thread_local! {
    static RUNNING: Cell<Option<Case>> = const { Cell::new(None) };
    /// What the panic said that ended the case.
    static LAST_WORDS: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Case {
    /// The input.
    pub fn input(&self) -> Vec<u8> {
        input::make(self.target, &mut Random::new(self.seed))
    }

    /// Tries it. One that takes too much memory ends the process, with a word on standard error: there is nothing to
    /// return to.
    pub fn run(&self) -> Result<Cost, Failure> {
        keep_panics_quiet();
        let input = self.input();
        let memory_max = MEMORY_MAX_BYTES + MEMORY_MAX_PER_BYTE * input.len() as u64;
        RUNNING.set(Some(*self));
        let mut fastest = Duration::MAX;
        for _ in 0..ATTEMPTS {
            let started = Instant::now();
            let (outcome, usage) = measure_within(memory_max, too_much_memory, || {
                catch_unwind(AssertUnwindSafe(|| (self.target.run)(&input)))
            });
            if outcome.is_err() {
                RUNNING.set(None);
                return Err(Failure::Panicked(LAST_WORDS.take()));
            }
            fastest = fastest.min(started.elapsed());
            if fastest <= TIME_MAX {
                RUNNING.set(None);
                return Ok(Cost { time: fastest, usage });
            }
        }
        RUNNING.set(None);
        Err(Failure::Slow(fastest))
    }
}

/// A panic of a case is reported with the case; its trace would only take memory while the case is being measured.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| match RUNNING.get() {
            Some(_) => LAST_WORDS.set(info.to_string()),
            None => usual(info),
        }));
    });
}

fn too_much_memory(bytes: u64) -> ! {
    let case = RUNNING.get().map_or_else(String::new, |case| case.to_string());
    // Past the test harness, which would keep it for a later that does not come.
    let _ = writeln!(std::io::stderr(), "{case}: holds {bytes} bytes of memory");
    std::process::abort()
}
