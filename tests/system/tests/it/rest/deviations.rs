//! Where our answers are not Java's, and why.

use super::difference::Difference;

/// A known difference. Both texts must occur in the difference's step and place.
#[derive(Debug)]
pub(super) struct Deviation {
    step: &'static str,
    place: &'static str,
    #[expect(dead_code, reason = "read by people, and printed when nothing needs the deviation any more")]
    reason: &'static str,
}

const fn known(step: &'static str, place: &'static str, reason: &'static str) -> Deviation {
    Deviation { step, place, reason }
}

const NO_CLASS: &str = "a JVM can load classes that are no plugins, ours has none to load";
const NULL_POINTER: &str = "Java answers with a null pointer's text; 404 is the truth";

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
    known("POST /connectors/none/restart ", "", NULL_POINTER),
    known("POST /connectors/none/tasks/0/restart", "", NULL_POINTER),
    known("rest-mock", "trace", "Java's test connectors throw an exception without a text"),
    known("\"NoSuch\"", "/answer/message", "Java names the exception's class the second time it is asked"),
    known("{\"offsets\":[{\"partition\":null", "/answer/message", "a null partition is an empty one"),
    known("{\"offsets\":[{\"partition\":{},", "/answer/message", "a null partition is an empty one"),
];

/// The differences that no known deviation explains, and the deviations that explained nothing.
pub(super) fn sift(differences: Vec<Difference>) -> (Vec<Difference>, Vec<&'static Deviation>) {
    let mut used = vec![false; KNOWN.len()];
    let unexplained = differences
        .into_iter()
        .filter(|difference| {
            let explained = KNOWN.iter().position(|deviation| {
                difference.step.contains(deviation.step) && difference.place.contains(deviation.place)
            });
            explained.map(|index| used[index] = true).is_none()
        })
        .collect();
    let idle = KNOWN.iter().zip(used).filter(|(_, used)| !used).map(|(deviation, _)| deviation).collect();
    (unexplained, idle)
}
