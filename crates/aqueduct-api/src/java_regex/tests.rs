use super::*;

/// Undoes the escapes of the golden file.
fn plain(text: &str) -> String {
    let mut units = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let mut buffer = [0; 2];
        match if c == '\\' { chars.next() } else { None } {
            None => units.extend_from_slice(c.encode_utf16(&mut buffer)),
            Some('t') => units.push(0x09),
            Some('n') => units.push(0x0a),
            Some('r') => units.push(0x0d),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                units.push(u16::from_str_radix(&digits, 16).expect("four digits"));
            }
            Some(c) => units.extend_from_slice(c.encode_utf16(&mut buffer)),
        }
    }
    String::from_utf16(&units).expect("whole pairs")
}

/// What Java gives, in the form of the golden file, without its escapes.
fn outcome(pattern: &str, text: &str) -> String {
    let regex = match JavaRegex::new(pattern) {
        Ok(regex) => regex,
        Err(error) if error.to_string().contains("not supported") => return "unsupported".to_owned(),
        Err(error) => return format!("E:{error}"),
    };
    let mut outcome = match regex.matches(text) {
        Ok(matches) => matches.to_string(),
        Err(error) => return error.to_string(),
    };
    match regex.find(text) {
        Ok(Some(found)) => {
            outcome += &format!("\t{}\t{}", found.range().start, found.range().end);
            for group in 1..=regex.groups() {
                outcome.push('\t');
                if regex.unsure.contains(&group) {
                    outcome.push('?');
                    continue;
                }
                outcome += found.group(group).and_then(|range| text.get(range)).unwrap_or("\\N");
            }
        }
        Ok(None) => {}
        Err(error) => return error.to_string(),
    }
    outcome
}

#[test]
fn does_what_java_does() {
    let path = std::env::var("JAVA_REGEX_CASES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/java_regex.tsv").to_owned());
    let golden = std::fs::read_to_string(path).expect("the golden file");
    let (mut wrong, mut unsupported, mut all) = (Vec::new(), std::collections::BTreeSet::new(), 0);
    for line in golden.lines() {
        let mut parts = line.splitn(3, '\t');
        let (Some(pattern), Some(text), Some(wanted)) = (parts.next(), parts.next(), parts.next()) else {
            panic!("three parts in {line}");
        };
        all += 1;
        let (pattern, text) = (plain(pattern), plain(text));
        let wanted = wanted.split('\t').map(|part| if part == "\\N" { part.to_owned() } else { plain(part) });
        let wanted = wanted.collect::<Vec<_>>().join("\t");
        let got = outcome(&pattern, &text);
        if got == "unsupported" {
            unsupported.insert(pattern);
        } else if got.split('\t').ne(wanted.split('\t'))
            && !got.split('\t').zip(wanted.split('\t')).all(|(got, wanted)| got == wanted || got == "?")
        {
            wrong.push(format!("{pattern:?} on {text:?}: {got:?} instead of {wanted:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {all} are wrong ({} patterns unsupported {:?}):\n{}",
        wrong.len(),
        unsupported.len(),
        unsupported,
        wrong.join("\n")
    );
}

/// Found by fuzzing: the engine would take fifty megabytes and more.
#[test]
fn patterns_too_heavy_for_the_engine_are_refused() {
    let check = |part: &str, times: usize, fits: bool| {
        let outcome = JavaRegex::new(&part.repeat(times));
        assert_eq!(outcome.is_ok(), fits, "{times} times {part}");
        if let Err(error) = outcome {
            assert!(error.to_string().starts_with("This pattern is too long to be supported\n"), "{error}");
        }
    };
    check("topic-name|", 1000, true);
    check("topic-name|", 60_000, false);
    check(r"\p{L}", 100, true);
    check(r"\p{L}", 5000, false);
    check(r"\b", 20, true);
    check(r"\b", 20_000, false);
    check("a(?=b)", 400, true);
    check("a(?=b)", 1000, false);
}
