//! `aqueduct dev --demo`: a file goes through a topic into another file, and the reader watches.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hyper::Method;
use serde_json::{Value as Json, json};
use tokio::time::{Instant, sleep};

use crate::client::http::RestClient;
use crate::output;

/// Enough to see that it is fast, little enough for any disk.
const RECORDS: u64 = 100_000;
const DEADLINE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(50);
const BAR_WIDTH: u64 = 30;

const SOURCE: &str = "demo-source";
const SINK: &str = "demo-sink";

/// The files and the topic of one run. Each run has new ones, so that it shows something however often it is run.
struct Demo {
    topic: String,
    input: PathBuf,
    output: PathBuf,
}

/// Runs the demo and prints how to go on.
pub async fn run(data_dir: &Path, url: &str, bootstrap: &str) -> Result<()> {
    let demo = Demo::prepare(data_dir)?;
    output::line(format_args!(
        "{RECORDS} lines are in {}. Two connectors move them, made as anybody makes them:\n\n  \
         POST {url}/connectors  {SOURCE}: the file into the topic {topic}\n  \
         POST {url}/connectors  {SINK}: the topic {topic} into {}\n",
        demo.input.display(),
        demo.output.display(),
        topic = demo.topic,
    ))?;
    let client = RestClient::new(url)?;
    let start = Instant::now();
    for (name, config) in [(SOURCE, demo.source()), (SINK, demo.sink())] {
        let request = json!({"name": name, "config": config});
        client.send(Method::POST, "/connectors", Some(&request)).await.with_context(|| name.to_owned())?;
    }
    demo.watch(&client, start).await?;
    demo.compare()?;
    output::line(format_args!(
        "\nWhat came out is what went in, byte by byte. Go on, while this runs:\n\n  \
         echo 'one more line' >> {}\n  tail -n 1 {}\n  \
         aqueduct topic tail {} --bootstrap {bootstrap} --from-beginning -n 3\n  \
         curl -s {url}/connectors/{SOURCE}/status\n  \
         curl -s {url}/connectors/{SOURCE}/offsets\n  \
         curl -s -X PUT {url}/connectors/{SINK}/pause\n  \
         curl -s -X DELETE {url}/connectors/{SINK}",
        demo.input.display(),
        demo.output.display(),
        demo.topic,
    ))?;
    Ok(())
}

impl Demo {
    fn prepare(data_dir: &Path) -> Result<Self> {
        let unused = |number: &u64| !data_dir.join(folder(*number)).exists();
        let topic = (1..).find(unused).map(folder).context("no name is left for the demo")?;
        let dir = data_dir.join(&topic);
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let demo = Self { topic, input: dir.join("input.txt"), output: dir.join("output.txt") };
        demo.write_input().with_context(|| format!("cannot write {}", demo.input.display()))?;
        Ok(demo)
    }

    fn write_input(&self) -> std::io::Result<()> {
        let mut input = BufWriter::new(File::create(&self.input)?);
        for number in 1..=RECORDS {
            writeln!(input, "line {number} of {RECORDS} runs through the aqueduct")?;
        }
        input.flush()
    }

    /// Strings in the topic, whatever the worker's converters are: what a connector says comes first.
    fn source(&self) -> Json {
        json!({
            "connector.class": "FileStreamSource",
            "file": self.input.display().to_string(),
            "topic": self.topic,
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        })
    }

    fn sink(&self) -> Json {
        json!({
            "connector.class": "FileStreamSink",
            "file": self.output.display().to_string(),
            "topics": self.topic,
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        })
    }

    /// Follows the output file until it is as long as the input.
    async fn watch(&self, client: &RestClient, start: Instant) -> Result<()> {
        let total = fs::metadata(&self.input)?.len();
        loop {
            let done = fs::metadata(&self.output).map_or(0, |output| output.len());
            let records = RECORDS * done.min(total) / total.max(1);
            if output::is_terminal() {
                output::text(format_args!("\r  {}", progress(records)))?;
            }
            if done >= total {
                break;
            }
            if start.elapsed() > DEADLINE {
                bail!("the demo has not come to its end in {} s", DEADLINE.as_secs());
            }
            for name in [SOURCE, SINK] {
                fail_with_trace(name, &client.get(&format!("/connectors/{name}/status")).await?)?;
            }
            sleep(LOOK).await;
        }
        let seconds = start.elapsed().as_secs_f64();
        if !output::is_terminal() {
            output::text(format_args!("  {}", progress(RECORDS)))?;
        }
        output::line(format_args!("  in {seconds:.1} s"))?;
        Ok(())
    }

    fn compare(&self) -> Result<()> {
        if fs::read(&self.input)? != fs::read(&self.output)? {
            bail!("{} is not what went in", self.output.display());
        }
        Ok(())
    }
}

/// `demo`, then `demo-2` and so on.
fn folder(number: u64) -> String {
    if number == 1 { "demo".to_owned() } else { format!("demo-{number}") }
}

/// `[######                        ] 20000 of 100000`
fn progress(records: u64) -> String {
    let filled = usize::try_from(BAR_WIDTH * records / RECORDS).unwrap_or_default();
    let (bar, width) = ("#".repeat(filled), BAR_WIDTH as usize);
    format!("[{bar:width$}] {records} of {RECORDS}")
}

/// What has failed will not come to an end.
fn fail_with_trace(name: &str, status: &Json) -> Result<()> {
    let tasks = status["tasks"].as_array().map_or(&[][..], Vec::as_slice);
    for part in std::iter::once(&status["connector"]).chain(tasks) {
        if part["state"] == "FAILED" {
            bail!("{name} has failed: {}", part["trace"].as_str().unwrap_or("no trace"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_fills_the_bar() {
        assert_eq!(progress(0), format!("[{}] 0 of 100000", " ".repeat(30)));
        assert_eq!(progress(RECORDS / 2), format!("[{}{}] 50000 of 100000", "#".repeat(15), " ".repeat(15)));
        assert_eq!(progress(RECORDS), format!("[{}] 100000 of 100000", "#".repeat(30)));
    }

    #[test]
    fn every_run_has_its_own_folder() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let names: Vec<String> = (0..3).map(|_| Demo::prepare(dir.path()).expect("written").topic).collect();
        assert_eq!(names, ["demo", "demo-2", "demo-3"]);
        let input = fs::read_to_string(dir.path().join("demo-2/input.txt")).expect("written");
        assert_eq!(input.lines().count() as u64, RECORDS);
    }

    #[test]
    fn a_failed_task_ends_the_demo() {
        let status =
            json!({"connector": {"state": "RUNNING"}, "tasks": [{"state": "FAILED", "trace": "why"}]});
        assert_eq!(
            fail_with_trace("c", &status).map_err(|e| e.to_string()),
            Err("c has failed: why".to_owned())
        );
        assert!(fail_with_trace("c", &json!({"connector": {"state": "RUNNING"}, "tasks": []})).is_ok());
    }
}
