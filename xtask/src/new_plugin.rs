//! `cargo xtask new-plugin NAME`: a folder that works from the first minute, and its lines in the workspace.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Small letters, digits and dashes, as in `schema-registry`
    name: String,
}

/// The files of a plugin, with `{{name}}` (as given), `{{ident}}` (as in Rust paths) and `{{Name}}` (as in types).
const TEMPLATES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../templates/plugin/Cargo.toml.txt")),
    ("README.md", include_str!("../templates/plugin/README.md.txt")),
    ("config/quickstart.json", include_str!("../templates/plugin/config/quickstart.json.txt")),
    ("src/lib.rs", include_str!("../templates/plugin/src/lib.rs.txt")),
    ("src/config.rs", include_str!("../templates/plugin/src/config.rs.txt")),
    ("src/source.rs", include_str!("../templates/plugin/src/source.rs.txt")),
    ("src/sink.rs", include_str!("../templates/plugin/src/sink.rs.txt")),
    ("src/tests.rs", include_str!("../templates/plugin/src/tests.rs.txt")),
    ("tests/it/main.rs", include_str!("../templates/plugin/tests/it/main.rs.txt")),
];

pub fn run(args: &Args) -> Result<()> {
    let name = Name::parse(&args.name)?;
    write(workspace::root(), &name)?;
    register(workspace::root(), &name)?;
    workspace::run(&mut workspace::cargo(&["fmt", "--package", &format!("aqueduct-{}", name.dashed)]))?;
    println!("plugins/{} is there. Next: cargo test -p aqueduct-{}", name.dashed, name.dashed);
    Ok(())
}

/// A plugin's name in its three spellings.
#[derive(Debug, PartialEq, Eq)]
pub struct Name {
    dashed: String,
    ident: String,
    camel: String,
}

impl Name {
    pub fn parse(text: &str) -> Result<Name> {
        let words: Vec<&str> = text.split('-').collect();
        let is_word = |word: &&str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if !words.iter().all(is_word) || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
            bail!("`{text}` is no plugin name: small letters, digits and dashes, a letter first");
        }
        let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
        let camel = words.iter().map(|word| capital(word)).collect();
        Ok(Name { dashed: text.to_owned(), ident: words.join("_"), camel })
    }

    fn fill(&self, template: &str) -> String {
        template
            .replace("{{name}}", &self.dashed)
            .replace("{{ident}}", &self.ident)
            .replace("{{Name}}", &self.camel)
    }
}

/// Writes the plugin's folder. An existing one is left alone.
pub fn write(root: &Path, name: &Name) -> Result<()> {
    let folder = root.join("plugins").join(&name.dashed);
    if folder.exists() {
        bail!("{} is there already", folder.display());
    }
    for (path, template) in TEMPLATES {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, name.fill(template)).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Adds the crate to the workspace's dependencies, to the program's, and to the program's list of plugins: each line after
/// the last of its kind.
fn register(root: &Path, name: &Name) -> Result<()> {
    let dashed = &name.dashed;
    let workspace = root.join("Cargo.toml");
    let dependency = format!("aqueduct-{dashed} = {{ path = \"plugins/{dashed}\" }}");
    edit(&workspace, |line| line.contains("path = \"plugins/"), &dependency)?;
    let program = root.join("crates/aqueduct");
    let inherited = format!("aqueduct-{dashed}.workspace = true");
    edit(&program.join("Cargo.toml"), |line| line.starts_with("aqueduct-"), &inherited)?;

    let is_entry = |line: &str| line.trim_start().starts_with("aqueduct_") && line.contains("::plugins()");
    let list = rust_files(&program.join("src"))?
        .into_iter()
        .find(|path| fs::read_to_string(path).is_ok_and(|text| text.lines().any(is_entry)))
        .context("no line `aqueduct_…::plugins()` in crates/aqueduct/src: add the entry by hand")?;
    edit_like(&list, is_entry, |line| {
        let rest = line.find("::plugins()").map_or("", |at| &line[at..]);
        let indent = &line[..line.len() - line.trim_start().len()];
        format!("{indent}aqueduct_{}{rest}", name.ident)
    })
}

fn rust_files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let files = entries.into_iter().map(|entry| entry.path());
    Ok(files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect())
}

fn edit(path: &Path, is_kin: impl Fn(&str) -> bool, line: &str) -> Result<()> {
    edit_like(path, is_kin, |_| line.to_owned())
}

fn edit_like(path: &Path, is_kin: impl Fn(&str) -> bool, make: impl Fn(&str) -> String) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let edited =
        insert(&text, is_kin, make).with_context(|| format!("{} has no line to follow", path.display()))?;
    fs::write(path, edited).with_context(|| format!("cannot write {}", path.display()))
}

/// Inserts a line after the last line of its kind, made after that line's model.
fn insert(text: &str, is_kin: impl Fn(&str) -> bool, make: impl Fn(&str) -> String) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| is_kin(line))?;
    let new = make(lines[last]);
    lines.insert(last + 1, &new);
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_three_spellings() {
        let name = Name::parse("schema-registry2").unwrap();
        let spelt = (name.dashed.as_str(), name.ident.as_str(), name.camel.as_str());
        assert_eq!(spelt, ("schema-registry2", "schema_registry2", "SchemaRegistry2"));
        for bad in ["", "-a", "a-", "a--b", "A", "2a", "a_b", "é"] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn registering_adds_a_line_after_the_last_of_its_kind() {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("crates/aqueduct");
        fs::create_dir_all(program.join("src")).unwrap();
        let write = |path: &str, text: &str| fs::write(root.path().join(path), text).unwrap();
        write("Cargo.toml", "aqueduct-file = { path = \"plugins/file\" }\n# Data\nbytes = \"1\"\n");
        write("crates/aqueduct/Cargo.toml", "[dependencies]\naqueduct-file.workspace = true\nclap = \"4\"\n");
        write("crates/aqueduct/src/plugins.rs", "    [\n        aqueduct_file::plugins(),\n    ]\n");
        register(root.path(), &Name::parse("my-db").unwrap()).unwrap();
        let read = |path: &str| fs::read_to_string(root.path().join(path)).unwrap();
        let dependencies =
            "aqueduct-file = { path = \"plugins/file\" }\naqueduct-my-db = { path = \"plugins/my-db\" }\n";
        assert!(read("Cargo.toml").starts_with(dependencies));
        assert!(
            read("crates/aqueduct/Cargo.toml")
                .contains("file.workspace = true\naqueduct-my-db.workspace = true\nclap")
        );
        assert!(
            read("crates/aqueduct/src/plugins.rs")
                .contains("aqueduct_file::plugins(),\n        aqueduct_my_db::plugins(),\n    ]")
        );
    }
}
