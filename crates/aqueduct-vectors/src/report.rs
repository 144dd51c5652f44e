//! Runs our code on every line of a component and counts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::compare::difference;
use crate::{Case, Failure, Json, Vectors};

/// How many differences a failing test shows.
const SHOWN: usize = 10;

/// A kind of line in which our answer differs on purpose, and why.
pub struct Deviation {
    reason: &'static str,
    applies: Box<dyn Fn(&Case) -> bool>,
}

impl Deviation {
    /// Lines for which this holds.
    pub fn when(applies: impl Fn(&Case) -> bool + 'static, reason: &'static str) -> Self {
        Self { reason, applies: Box::new(applies) }
    }

    /// Lines with this tag.
    pub fn tagged(tag: &'static str, reason: &'static str) -> Self {
        Self::when(move |case| case.has_tag(tag), reason)
    }

    /// Lines that mention this text, in what goes in or what comes out.
    pub fn mentioning(part: &'static str, reason: &'static str) -> Self {
        Self::when(move |case| case.mentions(part), reason)
    }

    /// The line of this id.
    pub fn id(id: &'static str, reason: &'static str) -> Self {
        Self::when(move |case| case.id == id, reason)
    }
}

/// Runs our code on every line of a component, and fails unless each answer is Java's, or the line is one of the
/// deviations, or cannot be represented. Prints how many passed.
///
/// # Panics
/// With the first differences, if there are any.
pub fn check(component: &str, deviations: &[Deviation], run: impl FnMut(&Case) -> Result<Json, Failure>) {
    check_from(&Vectors::folder(), component, deviations, run);
}

/// As [`check`], of a component whose recordings lie in another folder.
///
/// # Panics
/// As [`check`].
pub fn check_from(
    folder: &Path,
    component: &str,
    deviations: &[Deviation],
    mut run: impl FnMut(&Case) -> Result<Json, Failure>,
) {
    let cases = Vectors::load_from(folder, component);
    let mut passed = 0;
    let mut counted: Vec<(String, usize)> = Vec::new();
    let mut failed = Vec::new();
    for case in &cases {
        let answer = catch_unwind(AssertUnwindSafe(|| run(case)));
        let difference = match &answer {
            Ok(answer) => difference(case, answer),
            Err(_) => Some("it panicked".to_owned()),
        };
        let Some(difference) = difference else {
            passed += 1;
            continue;
        };
        match accepted(case, deviations, &answer) {
            Some(reason) => match counted.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, count)) => *count += 1,
                None => counted.push((reason, 1)),
            },
            None => failed.push(format!("{}: {difference}\n  input    {}", case.id, case.input)),
        }
    }
    let deviating = counted.iter().map(|(_, count)| count).sum::<usize>();
    say(&format!("{component}: passed {passed} of {} ({deviating} deviations)", cases.len()));
    for (reason, count) in &counted {
        say(&format!("  {count:4} {reason}"));
    }
    let shown = failed.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(failed.is_empty(), "{component}: {} of {} differ:\n{shown}", failed.len(), cases.len());
}

fn accepted(
    case: &Case,
    deviations: &[Deviation],
    answer: &std::thread::Result<Result<Json, Failure>>,
) -> Option<String> {
    match answer {
        Err(_) => return None,
        Ok(Err(Failure::Unrepresentable(reason))) => return Some(format!("not representable: {reason}")),
        Ok(_) if case.expects_unrepresentable() => {
            return Some("not representable: Java's answer".to_owned());
        }
        Ok(_) => {}
    }
    deviations.iter().find(|deviation| (deviation.applies)(case)).map(|deviation| deviation.reason.to_owned())
}

#[expect(clippy::print_stdout, reason = "a test's own report, which the harness shows when asked")]
fn say(line: &str) {
    println!("{line}");
}
