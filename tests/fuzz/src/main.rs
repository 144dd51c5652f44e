//! `cargo xtask fuzz`: tries cases until the time is over or one fails.
#![expect(clippy::print_stdout, reason = "a command line tool: what it prints is its result")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use aqueduct_fuzz::{Case, Failure, TARGETS, Target, Watch, find};
use clap::Parser;

#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo xtask fuzz",
    about = "Tries spoilt inputs on all that reads",
    disable_version_flag = true
)]
struct Args {
    /// The targets to try, all if none is named
    targets: Vec<String>,
    /// How long to go on
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The seed of the first case; the next one has the next number. Without it, the clock gives one
    #[arg(long)]
    seed: Option<u64>,
    /// Stop after so many cases of each target
    #[arg(long)]
    cases: Option<u64>,
    /// Where the inputs of failed cases go
    #[arg(long, value_name = "DIR", default_value = "target/fuzz")]
    out: PathBuf,
    /// Name the targets, and do nothing
    #[arg(long)]
    list: bool,
    /// Show the input of the first case of each target, and do nothing
    #[arg(long)]
    show: bool,
}

fn main() -> ExitCode {
    // Tasks run on threads of a runtime, whose stacks are smaller than that of the first thread.
    let session = std::thread::Builder::new().stack_size(2 << 20).spawn(|| run(&Args::parse()));
    let outcome = session.map_err(Into::into).and_then(|session| match session.join() {
        Ok(outcome) => outcome,
        Err(_) => bail!("the session panicked"),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    if args.list {
        TARGETS.iter().for_each(|target| println!("{}", target.name));
        return Ok(());
    }
    let named = |name: &String| find(name).with_context(|| format!("there is no target {name}"));
    let mut targets: Vec<&'static Target> = args.targets.iter().map(named).collect::<Result<_>>()?;
    if targets.is_empty() {
        targets = TARGETS.iter().collect();
    }
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_nanos() as u64);
    let first = args.seed.unwrap_or_else(|| clock() >> 16 << 16);
    if args.show {
        for target in targets {
            println!("{}", Case { target, seed: first }.input().escape_ascii());
        }
        return Ok(());
    }
    let cases = args.cases.unwrap_or(u64::MAX);
    let mut slowest: BTreeMap<&str, (Duration, u64)> = BTreeMap::new();
    println!("{} targets from seed {first}", targets.len());
    fs::create_dir_all(&args.out)?;
    let mut journal = Journal::create(&args.out)?;
    let watch = Watch::start();
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let mut said = Instant::now();
    let mut done = 0;
    while done < cases && Instant::now() < until {
        for target in &targets {
            let case = Case { target, seed: first.wrapping_add(done) };
            journal.begins(&case)?;
            watch.begins(case);
            match case.run() {
                Ok(cost) => {
                    let slow = slowest.entry(target.name).or_default();
                    *slow = (*slow).max((cost.time, case.seed));
                }
                Err(failure) => return Err(report(&case, &failure, &args.out)?),
            }
        }
        done += 1;
        if said.elapsed() > Duration::from_secs(30) {
            said = Instant::now();
            println!("{done} cases of each");
        }
    }
    journal.ends()?;
    println!("{done} cases of each target, none failed; the slowest:");
    for (name, (time, seed)) in slowest {
        println!("  {time:?} {name} --seed {seed}");
    }
    Ok(())
}

/// The case under way, in a file: whoever started this process finds it there if a case takes the process along.
struct Journal {
    path: PathBuf,
    file: fs::File,
}

impl Journal {
    fn create(folder: &Path) -> Result<Self> {
        let path = folder.join("running");
        let file = fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, file })
    }

    fn begins(&mut self, case: &Case) -> Result<()> {
        use std::os::unix::fs::FileExt;
        // One length for all, so that nothing of the case before stays.
        Ok(self.file.write_all_at(format!("{:<60}\n", case.to_string()).as_bytes(), 0)?)
    }

    fn ends(self) -> Result<()> {
        Ok(fs::remove_file(self.path)?)
    }
}

fn report(case: &Case, failure: &Failure, folder: &Path) -> Result<anyhow::Error> {
    let input = case.input();
    let path = folder.join(format!("{}-{}", case.target.name, case.seed));
    fs::write(&path, &input)?;
    let shown = &input[..input.len().min(500)];
    Ok(anyhow::anyhow!(
        "{case}: {failure}\ninput ({} bytes, in {}): {}",
        input.len(),
        path.display(),
        shown.escape_ascii()
    ))
}
