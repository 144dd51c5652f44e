//! Where ours does not do as Java did, and why.

use super::difference::Difference;

/// A known difference: both texts occur, one in its place and one in what Java's worker has there.
#[derive(Debug)]
pub(super) struct Deviation {
    place: &'static str,
    java: &'static str,
    #[expect(dead_code, reason = "read by people, and printed when nothing needs the deviation any more")]
    reason: &'static str,
}

const fn known(place: &'static str, java: &'static str, reason: &'static str) -> Deviation {
    Deviation { place, java, reason }
}

const PARSER: &str = "the texts of Java's JSON parser";
const KNOWN: &[Deviation] = &[
    known("CV-25/bad-envelopes/", "com.fasterxml.jackson", PARSER),
    known("CV-26/odd-json", "com.fasterxml.jackson", PARSER),
    known("CV-28/set-schema/", "com.fasterxml.jackson", PARSER),
    known("CV-25/bad-envelopes/", "Cannot invoke", "a JVM says which expression of Java's code was null"),
    known("CV-23/", "are in module java.base", "a JVM says where it has its classes from"),
];

/// The differences that no known deviation explains, and the deviations that explained nothing.
pub(super) fn sift(differences: Vec<Difference>) -> (Vec<Difference>, Vec<&'static Deviation>) {
    let mut used = vec![false; KNOWN.len()];
    let unexplained = differences
        .into_iter()
        .filter(|difference| {
            let java = difference.java.to_string();
            let explained = KNOWN.iter().position(|deviation| {
                difference.place.contains(deviation.place) && java.contains(deviation.java)
            });
            explained.map(|index| used[index] = true).is_none()
        })
        .collect();
    let idle = KNOWN.iter().zip(used).filter(|(_, used)| !used).map(|(deviation, _)| deviation).collect();
    (unexplained, idle)
}
