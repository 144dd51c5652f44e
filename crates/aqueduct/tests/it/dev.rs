//! The first command of the README.

use std::fs;

use crate::program::run;

#[test]
fn the_demo_moves_a_file_and_can_be_run_again() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let args = ["dev", "--demo", "--exit", "--rest-port", "0", "--broker-port", "0", "--data-dir", "data"];
    for folder in ["demo", "demo-2"] {
        let ended = run(dir.path(), &args);
        ended.check(0, &[]);
        for text in ["100000 of 100000", "byte by byte", "curl -s http://localhost:", "never for production"]
        {
            assert!(ended.stdout.contains(text), "no `{text}` in {ended:?}");
        }
        // Not a terminal: the progress is not drawn again and again.
        assert!(!ended.stdout.contains('\r'), "{ended:?}");
        let lines = |name: &str| {
            let text = fs::read_to_string(dir.path().join("data").join(folder).join(name)).expect("written");
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(lines("output.txt").len(), 100_000);
        assert_eq!(lines("output.txt"), lines("input.txt"));
    }
}
