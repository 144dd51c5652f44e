//! The table: every flow, a module a theme.

mod chains;
mod files;
mod headers;
mod json;
mod made;
mod scalars;
mod topics;

use aqueduct_testkit::NewRecord;

use super::flow::Flow;

/// All flows. Names are unique: they are the names of topics and files too.
pub(super) fn all() -> Vec<Flow> {
    let themes = [
        files::flows(),
        chains::flows(),
        made::flows(),
        scalars::flows(),
        headers::flows(),
        json::flows(),
        topics::flows(),
    ];
    themes.into_iter().flatten().collect()
}

/// Records with these values, and their numbers as keys.
fn numbered<T: AsRef<[u8]>>(values: impl IntoIterator<Item = T>) -> Vec<NewRecord> {
    let values = values.into_iter().enumerate();
    values.map(|(number, value)| NewRecord::value(value).key(number.to_string())).collect()
}

#[test]
fn each_flow_has_a_name_of_its_own() {
    let mut names = std::collections::HashSet::new();
    for flow in all() {
        assert!(names.insert(flow.name), "{} comes twice", flow.name);
    }
}
