//! Where our answers are not Java's, and why.

use super::difference::Difference;
use super::setting::Setting;

/// A known difference. Both texts must occur in the difference's step and place.
#[derive(Debug)]
pub(super) struct Deviation {
    /// Where it shows.
    settings: &'static [Setting],
    step: &'static str,
    place: &'static str,
    #[expect(dead_code, reason = "read by people, and printed when nothing needs the deviation any more")]
    reason: &'static str,
}

const fn of(
    settings: &'static [Setting],
    step: &'static str,
    place: &'static str,
    reason: &'static str,
) -> Deviation {
    Deviation { settings, step, place, reason }
}

/// One that workers with default settings show, in both modes.
const fn known(step: &'static str, place: &'static str, reason: &'static str) -> Deviation {
    of(&[Setting::Standalone, Setting::Member], step, place, reason)
}

/// One that standalone workers alone show.
const fn standalone(step: &'static str, place: &'static str, reason: &'static str) -> Deviation {
    of(&[Setting::Standalone], step, place, reason)
}

const NO_CLASS: &str = "a JVM can load classes that are no plugins, ours has none to load";
const NO_TEXT: &str = "Java's test connectors throw an exception without a text";
const NULL_POINTER: &str = "Java answers with a null pointer's text; 404 is the truth";

const NULL_TEXT: &str = "the text of a null pointer";

const KNOWN: &[Deviation] = &[
    known("malformed", "/answer/message", "the texts of Java's JSON parser"),
    known("(garbage)", "/answer", "a page of Java's HTTP layer, which is not part of the API"),
    known("(garbage)", "/content-type", "a page of Java's HTTP layer, which is not part of the API"),
    known("/connector-plugins", "/answer#", "the mirror connectors are not there yet"),
    known("/java.lang.String/config", "", NO_CLASS),
    known("transforms.Cast/config", "", NO_CLASS),
    known("java.lang.String", "/value.converter", NO_CLASS),
    known("java.lang.String", "/transforms.t.type", NO_CLASS),
    known("java.lang.String", "/answer/message", NO_CLASS),
    standalone("POST /connectors/none/restart ", "", NULL_POINTER),
    standalone("POST /connectors/none/tasks/0/restart", "", NULL_POINTER),
    known("rest-mock", "trace", NO_TEXT),
    known("rest-fail", "trace", NO_TEXT),
    known("\"NoSuch\"", "/answer/message", "Java names the exception's class the second time it is asked"),
    known("PUT /admin/loggers/org.example.rest null", "/answer/message", NULL_TEXT),
    known("PUT /admin/loggers/org.example.rest (no body)", "/answer/message", NULL_TEXT),
    known("/tasks (no body)", "/answer/message", "the texts of Java's JSON parser"),
    of(
        &[Setting::Member],
        "records of configs about rest-same",
        "",
        "a set of tasks that is not written again behind its connector would be lost in a compaction (KAFKA-17719)",
    ),
    of(&[Setting::Guarded], "POST /connectors (anna)", "/answer/message", NULL_TEXT),
    of(
        &[Setting::Guarded],
        "(administrator, nobody)",
        "",
        "listeners for administrators ask for passwords, too",
    ),
    of(&[Setting::Guarded], "(no base64)", "", "who sends no base64 has no credentials, and is a stranger"),
    known("{\"offsets\":[{\"partition\":null", "/answer/message", "a null partition is an empty one"),
];

/// The differences that no known deviation explains, and the deviations that explained nothing.
pub(super) fn sift(
    setting: Setting,
    differences: Vec<Difference>,
) -> (Vec<Difference>, Vec<&'static Deviation>) {
    let here: Vec<&Deviation> =
        KNOWN.iter().filter(|deviation| deviation.settings.contains(&setting)).collect();
    let mut used = vec![false; here.len()];
    let unexplained = differences
        .into_iter()
        .filter(|difference| {
            let explained = here.iter().position(|deviation| {
                difference.step.contains(deviation.step) && difference.place.contains(deviation.place)
            });
            explained.map(|index| used[index] = true).is_none()
        })
        .collect();
    let idle = here.into_iter().zip(used).filter(|(_, used)| !used).map(|(deviation, _)| deviation).collect();
    (unexplained, idle)
}
