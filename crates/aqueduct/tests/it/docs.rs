//! The generated pages, on a copy of the READMEs.

use std::fs;
use std::path::Path;

use crate::program::run;

#[test]
fn stale_files_are_named_and_written_anew() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    for name in ["file", "tools"] {
        let copy = dir.path().join("plugins").join(name);
        fs::create_dir_all(&copy).expect("a folder");
        fs::copy(plugins.join(name).join("README.md"), copy.join("README.md")).expect("copied");
    }
    let readme = |name: &str| dir.path().join("plugins").join(name).join("README.md");
    let tools = fs::read_to_string(readme("tools")).expect("copied");
    let check = || run(dir.path(), &["docs", "--out", "docs", "--check"]);
    check().check(1, &["docs/FileStreamSinkConnector.md", "docs/README.md"]);
    run(dir.path(), &["docs", "--out", "docs"]).check(0, &[]);
    check().check(0, &[]);

    // Its plugins define no keys: what it says of them is by hand.
    assert_eq!(fs::read_to_string(readme("tools")).expect("there"), tools);
    let fresh = fs::read_to_string(readme("file")).expect("there");
    fs::write(readme("file"), fresh.replacen("`batch.size`", "`batch`", 1)).expect("written");
    check().check(1, &["plugins/file/README.md"]);
    run(dir.path(), &["docs", "--out", "docs"]).check(0, &[]);
    assert_eq!(fs::read_to_string(readme("file")).expect("there"), fresh);
}
