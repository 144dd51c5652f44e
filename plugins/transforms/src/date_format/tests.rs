use super::*;

/// 18 November 2026: what the golden file was recorded for.
const NOW_MS: i64 = 1_794_960_000_000;

/// Undoes the escapes of the golden file.
fn plain(text: &str) -> String {
    let mut result = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match if c == '\\' { chars.next() } else { None } {
            None => result.push(c),
            Some('t') => result.push('\t'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).expect("four digits");
                result.push(char::from_u32(code).expect("no surrogate"));
            }
            Some(c) => result.push(c),
        }
    }
    result
}

fn outcome(formats: bool, pattern: &str, input: &str) -> String {
    let format = match DateFormat::with_now(pattern, NOW_MS) {
        Ok(format) => format,
        Err(error) => return format!("E:{error}"),
    };
    if formats {
        let mut text = String::new();
        format.format(input.parse().expect("a number"), &mut text);
        text
    } else {
        format.parse(input).map_or_else(|| "-".to_owned(), |epoch_ms| epoch_ms.to_string())
    }
}

#[test]
fn does_what_java_does() {
    let path = std::env::var("DATE_FORMAT_CASES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/date_format.tsv").to_owned());
    let golden = std::fs::read_to_string(path).expect("the golden file");
    let mut wrong = Vec::new();
    for line in golden.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [kind, pattern, input, wanted] = parts.as_slice() else { panic!("four parts in {line}") };
        let got = outcome(*kind == "F", &plain(pattern), &plain(input));
        if got != plain(wanted) {
            wrong.push(format!("{kind} {pattern} of {input:?}: {got} instead of {wanted}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} are wrong:\n{}",
        wrong.len(),
        golden.lines().count(),
        wrong.join("\n")
    );
}

/// Found by fuzzing: a field of many letters has no more digits than Java's.
#[test]
fn long_runs_of_a_letter_have_309_digits() {
    for letter in ["y", "S"] {
        for (count, digits) in [(300, 300), (310, 309), (70_000, 309)] {
            assert_eq!(outcome(true, &letter.repeat(count), "5").len(), digits, "{count} times {letter}");
        }
    }
}
