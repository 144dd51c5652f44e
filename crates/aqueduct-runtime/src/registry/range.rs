//! Ranges of versions (KIP-891), in Maven's notation.

use std::fmt;

use super::{RegistryError, Version};

/// A set of versions: intervals such as `[1.0,2.0)`, in rising order and without overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange(Vec<Interval>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Interval {
    lower: Option<Version>,
    lower_included: bool,
    upper: Option<Version>,
    upper_included: bool,
}

impl VersionRange {
    /// Reads what a `plugin.version` key says. `None`: the newest version, for nothing or `latest`. A version without
    /// brackets is read as if it stood in square ones: exactly that version.
    pub fn parse(text: Option<&str>) -> Result<Option<Self>, RegistryError> {
        let Some(spec) = text.map(str::trim).filter(|spec| !spec.is_empty() && *spec != "latest") else {
            return Ok(None);
        };
        if spec.starts_with(['[', '(']) {
            Self::of_intervals(spec).map(Some)
        } else {
            Self::of_intervals(&format!("[{spec}]")).map(Some)
        }
    }

    fn of_intervals(spec: &str) -> Result<Self, RegistryError> {
        let error = |what: &str, shown: &str| Err(RegistryError::BadRange(format!("{what}: {shown}")));
        let mut intervals: Vec<Interval> = Vec::new();
        let mut rest = spec;
        while rest.starts_with(['[', '(']) {
            let Some(end) = rest.find([')', ']']) else {
                return error("Unbounded range", spec);
            };
            let (interval, after) = rest.split_at(end + 1);
            let interval = Interval::parse(interval)?;
            if let Some(last) = intervals.last() {
                let apart = match (&last.upper, &interval.lower) {
                    (None, _) => true,
                    (Some(_), None) => false,
                    (Some(upper), Some(lower)) => lower >= upper,
                };
                if !apart {
                    return error("Ranges overlap", spec);
                }
            }
            intervals.push(interval);
            rest = after.trim();
            rest = rest.strip_prefix(',').map_or(rest, str::trim);
        }
        if !rest.is_empty() {
            return error("Only fully-qualified sets allowed in multiple set scenario", spec);
        }
        Ok(Self(intervals))
    }

    /// Whether a version is in one of the intervals.
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().any(|interval| interval.contains(version))
    }
}

impl Interval {
    fn exactly(version: &str) -> Self {
        let version = Version::new(version);
        Self {
            lower: Some(version.clone()),
            lower_included: true,
            upper: Some(version),
            upper_included: true,
        }
    }

    fn parse(spec: &str) -> Result<Self, RegistryError> {
        let error = |what: &str| Err(RegistryError::BadRange(format!("{what}: {spec}")));
        let (lower_included, upper_included) = (spec.starts_with('['), spec.ends_with(']'));
        let inside = spec.trim_start_matches(['[', '(']).trim_end_matches([']', ')']).trim();
        let Some((lower, upper)) = inside.split_once(',') else {
            if !(lower_included && upper_included) {
                return error("Single version must be surrounded by []");
            }
            return Ok(Self::exactly(inside));
        };
        let bound = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(Version::new);
        let (lower, upper) = (bound(lower), bound(upper));
        if let (Some(lower), Some(upper)) = (&lower, &upper)
            && (upper < lower || (upper == lower && !(lower_included && upper_included)))
        {
            return error("Range defies version ordering");
        }
        Ok(Self { lower, lower_included, upper, upper_included })
    }

    fn contains(&self, version: &Version) -> bool {
        let above = match &self.lower {
            None => true,
            Some(lower) => version > lower || (self.lower_included && version == lower),
        };
        let below = match &self.upper {
            None => true,
            Some(upper) => version < upper || (self.upper_included && version == upper),
        };
        above && below
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, interval) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            interval.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bound: &Option<Version>| {
            bound.as_ref().map(|version| version.as_str().to_owned()).unwrap_or_default()
        };
        f.write_str(if self.lower_included { "[" } else { "(" })?;
        write!(f, "{},{}", text(&self.lower), text(&self.upper))?;
        f.write_str(if self.upper_included { "]" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &str, version: &str) -> bool {
        let range = VersionRange::parse(Some(range)).expect(range);
        range.is_none_or(|range| range.contains(&Version::new(version)))
    }

    #[test]
    fn reads_mavens_notation() {
        for (range, inside, outside) in [
            ("1.2", "1.2.0", "1.2.1"),
            ("[1.2]", "1.2", "1.3"),
            ("1,2", "1.5", "3"),
            ("[1.0,2.0)", "1.0", "2.0"),
            ("(1.0,2.0]", "2.0", "1.0"),
            ("(,1.0],[1.2,)", "1.2", "1.1"),
            (" [1.5,) ", "9", "1.4"),
        ] {
            assert!(contains(range, inside), "{range} {inside}");
            assert!(!contains(range, outside), "{range} {outside}");
        }
        assert_eq!(VersionRange::parse(None), Ok(None));
        assert_eq!(VersionRange::parse(Some("latest")), Ok(None));
    }

    #[test]
    fn says_what_is_wrong() {
        for (range, message) in [
            ("[", "Unbounded range: ["),
            ("(1.0)", "Single version must be surrounded by []: (1.0)"),
            ("[2,1]", "Range defies version ordering: [2,1]"),
            ("2,1", "Range defies version ordering: [2,1]"),
            ("[1,2],[1,3]", "Ranges overlap: [1,2],[1,3]"),
            ("[1,2],3", "Only fully-qualified sets allowed in multiple set scenario: [1,2],3"),
        ] {
            assert_eq!(VersionRange::parse(Some(range)), Err(RegistryError::BadRange(message.to_owned())));
        }
    }

    #[test]
    fn prints_brackets() {
        for (range, text) in [("1.2", "[1.2,1.2]"), ("[1.0,2.0)", "[1.0,2.0)"), ("(,1],[2,)", "(,1],[2,)")] {
            let range = VersionRange::parse(Some(range)).expect("good").expect("a range");
            assert_eq!(range.to_string(), text);
        }
    }
}
