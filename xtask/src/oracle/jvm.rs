//! How a Java virtual machine is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The oldest Java that Kafka 4.3 runs on.
pub const JAVA_MIN: u32 = 17;

/// What the virtual machine is tuned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tuning {
    /// Quick to start and small, for many machines on few cores. Never for a benchmark.
    Tests,
    /// The flags of Kafka's own start scripts.
    Stock,
}

/// A virtual machine's size and tuning.
#[derive(Debug, Clone)]
pub struct Jvm {
    pub heap_mb_max: u32,
    pub tuning: Tuning,
}

impl Jvm {
    fn flags(&self) -> Vec<String> {
        let mut flags = vec!["-Xms256m".to_owned(), format!("-Xmx{}m", self.heap_mb_max)];
        let tuned: &[&str] = match self.tuning {
            Tuning::Tests => &["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"],
            Tuning::Stock => &[
                "-server",
                "-XX:+UseG1GC",
                "-XX:MaxGCPauseMillis=20",
                "-XX:InitiatingHeapOccupancyPercent=35",
                "-XX:+ExplicitGCInvokesConcurrent",
                "-XX:MaxInlineLevel=15",
            ],
        };
        flags.extend(tuned.iter().map(|flag| (*flag).to_owned()));
        flags.push("-Djava.awt.headless=true".to_owned());
        flags
    }

    /// A command that runs `main` from the class path, with Kafka's log at `level` on standard output. The log
    /// configuration is written into `dir`.
    pub fn command(&self, classpath: &str, dir: &Path, level: &str, main: &str) -> Result<Command> {
        let log4j = dir.join("log4j2.yaml");
        std::fs::write(&log4j, log_configuration(level))
            .with_context(|| format!("cannot write {}", log4j.display()))?;
        let mut command = Command::new(java());
        command
            .args(self.flags())
            .arg(format!("-Dlog4j2.configurationFile={}", log4j.display()))
            .env("CLASSPATH", classpath)
            .arg(main);
        Ok(command)
    }
}

/// Fails with a reason unless a Java that is new enough can be run.
pub fn check() -> Result<()> {
    let output = Command::new(java()).arg("-version").output().context("java can't be run")?;
    let text = String::from_utf8_lossy(&output.stderr);
    match major(&text) {
        Some(version) if version >= JAVA_MIN => Ok(()),
        Some(version) => bail!("java {version} is too old, {JAVA_MIN} is needed"),
        None => bail!("`java -version` names no version: {text}"),
    }
}

fn java() -> PathBuf {
    std::env::var_os("JAVA_HOME")
        .map(|home| PathBuf::from(home).join("bin/java"))
        .filter(|path| path.exists())
        .unwrap_or_else(|| "java".into())
}

fn major(text: &str) -> Option<u32> {
    let version = text.split('"').nth(1)?;
    version.split(['.', '-', '+']).next()?.parse().ok()
}

fn log_configuration(level: &str) -> String {
    format!(
        r#"Configuration:
  Appenders:
    Console: {{name: STDOUT, PatternLayout: {{pattern: "[%d] %p %X{{connector.context}}%m (%c)%n"}}}}
  Loggers:
    Root: {{level: {level}, AppenderRef: [{{ref: STDOUT}}]}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        let check = |text: &str, expected| assert_eq!(major(text), expected, "{text}");
        check("openjdk version \"17.0.15\" 2025-04-15\n", Some(17));
        check("openjdk version \"25\" 2025-09-16\n", Some(25));
        check("openjdk version \"26-ea\" 2026-03-17\n", Some(26));
        check("java version \"1.8.0_401\"\n", Some(1));
        check("command not found", None);
    }
}
