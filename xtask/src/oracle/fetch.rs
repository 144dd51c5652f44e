//! Fetching jars by Maven coordinates, with the ordinary `mvn` client.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The Kafka release that Aqueduct is compared with.
pub const KAFKA_VERSION: &str = "4.3.1";

/// What [`ensure`] fetches for the broker and worker of the ordinary live tests.
pub const DEFAULT: &[&str] = &[
    "lib-broker",
    "lib-connect",
    "plugins/file",
    "plugins/mirror",
    "plugins/basic-auth",
    "plugins/test-plugins",
];

const DEPENDENCY_PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
const ATTEMPTS: u32 = 2;

/// How far a set reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The named jars and all that they need at run time.
    Tree,
    /// Only the named jars: a plugin must not bring what the worker has.
    Flat,
}

/// A folder of jars. Coordinates are `group:artifact:version[:classifier]`; `-group:artifact` leaves a dependency out.
#[derive(Debug, Clone, Copy)]
pub struct Set {
    pub name: &'static str,
    reach: Reach,
    coordinates: &'static [&'static str],
}

impl Set {
    /// The one line that says what the folder holds; kept in it, so that a change of coordinates is seen.
    fn stamp(&self) -> String {
        let reach = if self.reach == Reach::Tree { "tree" } else { "flat" };
        format!("{reach} {}", self.coordinates.join(" "))
    }
}

const fn set(name: &'static str, reach: Reach, coordinates: &'static [&'static str]) -> Set {
    Set { name, reach, coordinates }
}

// Kafka's poms name no SLF4J binding: without one a server logs nothing at all.
const LOG4J: &str = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4";
const LOG4J_YAML: &str = "com.fasterxml.jackson.dataformat:jackson-dataformat-yaml:2.21.2";
const KAFKA_TOOLS: &str = "org.apache.kafka:kafka-tools:4.3.1";

/// Every set that can be fetched.
pub const SETS: &[Set] = &[
    set("lib-broker", Reach::Tree, &["org.apache.kafka:kafka_2.13:4.3.1", KAFKA_TOOLS, LOG4J, LOG4J_YAML]),
    set(
        "lib-connect",
        Reach::Tree,
        &["org.apache.kafka:connect-runtime:4.3.1", KAFKA_TOOLS, LOG4J, LOG4J_YAML],
    ),
    set("plugins/file", Reach::Flat, &["org.apache.kafka:connect-file:4.3.1"]),
    set(
        "plugins/mirror",
        Reach::Flat,
        &["org.apache.kafka:connect-mirror:4.3.1", "org.apache.kafka:connect-mirror-client:4.3.1"],
    ),
    set("plugins/basic-auth", Reach::Flat, &["org.apache.kafka:connect-basic-auth-extension:4.3.1"]),
    set("plugins/test-plugins", Reach::Flat, &["org.apache.kafka:connect-test-plugins:4.3.1"]),
    set(
        "lib-debezium",
        Reach::Flat,
        &[
            "io.debezium:debezium-core:3.3.1.Final",
            "io.debezium:debezium-common:3.3.1.Final",
            "io.debezium:debezium-api:3.3.1.Final",
            "io.debezium:debezium-openlineage-api:3.3.1.Final",
        ],
    ),
    // The connectors of Kafka's own integration tests.
    set("lib-connect-test", Reach::Flat, &["org.apache.kafka:connect-runtime:4.3.1:test"]),
];

/// Makes sure that the named sets lie in `home`. A set whose stamp matches is left alone; another is fetched whole or
/// not at all, with one retry. Safe against parallel callers: a lock file in `home` admits one at a time.
pub fn ensure(home: &Path, names: &[&str]) -> Result<()> {
    let sets = names
        .iter()
        .map(|name| {
            SETS.iter().find(|set| set.name == *name).with_context(|| format!("there is no set `{name}`"))
        })
        .collect::<Result<Vec<_>>>()?;
    if sets.iter().all(|set| is_there(home, set)) {
        return Ok(());
    }
    let _lock = lock(home)?;
    for set in sets.into_iter().filter(|set| !is_there(home, set)) {
        fetch(home, set).with_context(|| format!("cannot fetch {}", set.name))?;
    }
    Ok(())
}

/// Whether the set lies in `home` with the coordinates that are wanted today.
pub fn is_there(home: &Path, set: &Set) -> bool {
    fs::read_to_string(home.join(set.name).join(".coordinates"))
        .is_ok_and(|stamp| stamp.trim_end() == set.stamp())
}

/// Holds back every other process that fetches or installs into `home`, for as long as the value lives.
pub(crate) fn lock(home: &Path) -> Result<File> {
    fs::create_dir_all(home).with_context(|| format!("cannot create {}", home.display()))?;
    let file = File::create(home.join(".fetch.lock"))?;
    file.lock()?;
    Ok(file)
}

fn fetch(home: &Path, set: &Set) -> Result<()> {
    let work = home.join(".fetch").join(set.name);
    let log = work.join("mvn.log");
    let mut reason = String::new();
    for _ in 0..ATTEMPTS {
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        fs::create_dir_all(&work)?;
        fs::write(work.join("pom.xml"), pom(set))?;
        let out = File::create(&log)?;
        let status = Command::new("mvn")
            .args(["-B", "-q", "-f"])
            .arg(work.join("pom.xml"))
            .arg(format!("{DEPENDENCY_PLUGIN}:copy-dependencies"))
            .args(["-DincludeScope=runtime", "-DoutputDirectory=jars"])
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out)
            .status()
            .context("mvn can't be run")?;
        let jars = work.join("jars");
        if status.success() && fs::read_dir(&jars).is_ok_and(|mut entries| entries.next().is_some()) {
            return install(home, set, &work, &jars);
        }
        reason = first_error(&fs::read_to_string(&log).unwrap_or_default());
    }
    bail!("{reason} (see {})", log.display())
}

/// The stamp is written before the folder gets its name, so that a folder with a stamp is complete.
fn install(home: &Path, set: &Set, work: &Path, jars: &Path) -> Result<()> {
    fs::write(jars.join(".coordinates"), set.stamp() + "\n")?;
    let dir = home.join(set.name);
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(jars, &dir)?;
    fs::remove_dir_all(work)?;
    Ok(())
}

fn first_error(log: &str) -> String {
    log.lines().find(|line| line.contains("ERROR")).unwrap_or("mvn gave no jars").trim().to_owned()
}

fn pom(set: &Set) -> String {
    let excluded = |group: &str, artifact: &str| {
        format!("<exclusion><groupId>{group}</groupId><artifactId>{artifact}</artifactId></exclusion>")
    };
    let exclusions: String = match set.reach {
        Reach::Flat => excluded("*", "*"),
        Reach::Tree => set
            .coordinates
            .iter()
            .filter_map(|coordinate| coordinate.strip_prefix('-')?.split_once(':'))
            .map(|(group, artifact)| excluded(group, artifact))
            .collect(),
    };
    let mut dependencies = String::new();
    for coordinate in set.coordinates.iter().filter(|coordinate| !coordinate.starts_with('-')) {
        dependencies.push_str("<dependency>");
        for (tag, part) in
            ["groupId", "artifactId", "version", "classifier"].iter().zip(coordinate.split(':'))
        {
            dependencies.push_str(&format!("<{tag}>{part}</{tag}>"));
        }
        dependencies.push_str(&format!("<exclusions>{exclusions}</exclusions></dependency>\n"));
    }
    format!(
        r#"<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>oracle</groupId><artifactId>oracle</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>
{dependencies}</dependencies></project>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kafka_coordinate_names_the_one_version() {
        for set in SETS {
            for coordinate in set.coordinates.iter().filter(|text| text.starts_with("org.apache.kafka:")) {
                assert_eq!(coordinate.split(':').nth(2), Some(KAFKA_VERSION), "{coordinate}");
            }
        }
        assert!(DEFAULT.iter().all(|name| SETS.iter().any(|set| set.name == *name)));
    }

    #[test]
    fn a_pom_holds_classifiers_and_exclusions() {
        let flat = pom(&set("x", Reach::Flat, &["g:a:1:test"]));
        assert!(flat.contains(
            "<dependency><groupId>g</groupId><artifactId>a</artifactId><version>1</version><classifier>test</classifier>\
             <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
        ));
        let tree = pom(&set("x", Reach::Tree, &["g:a:1", "-h:b"]));
        assert_eq!(tree.matches("<dependency>").count(), 1);
        assert!(tree.contains("<exclusion><groupId>h</groupId><artifactId>b</artifactId></exclusion>"));
    }

    #[test]
    fn a_matching_stamp_is_enough_and_another_is_not() {
        let home = tempfile::tempdir().unwrap();
        let file = SETS.iter().find(|set| set.name == "plugins/file").unwrap();
        assert!(!is_there(home.path(), file));
        fs::create_dir_all(home.path().join("plugins/file")).unwrap();
        let stamp = home.path().join("plugins/file/.coordinates");
        fs::write(&stamp, "flat org.apache.kafka:connect-file:4.3.1\n").unwrap();
        assert!(is_there(home.path(), file));
        ensure(home.path(), &["plugins/file"]).unwrap();
        fs::write(&stamp, "flat org.apache.kafka:connect-file:4.2.0\n").unwrap();
        assert!(!is_there(home.path(), file));
        assert!(ensure(home.path(), &["plugins/nothing"]).is_err());
    }
}
