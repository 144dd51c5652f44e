//! Where the providers of files may look.

use std::path::{Component, Path, PathBuf};

use aqueduct_api::{ConfigMap, Error, Result};

/// The key that lists the paths.
const ALLOWED_PATHS: &str = "allowed.paths";

/// The paths below which files may be read; without a list, everywhere.
#[derive(Debug, Default)]
pub(super) struct AllowedPaths(Option<Vec<PathBuf>>);

impl AllowedPaths {
    /// Takes the paths of a provider's configuration. Each must be absolute and exist.
    pub(super) fn configure(config: &ConfigMap) -> Result<Self> {
        let Some(list) = config.get(ALLOWED_PATHS).filter(|list| !list.is_empty()) else {
            return Ok(Self(None));
        };
        list.split(',')
            .map(|entry| {
                let path = normalize(Path::new(entry.trim()));
                if !path.is_absolute() {
                    return Err(Error::config(format!("Path {} is not absolute", path.display())));
                }
                if !path.exists() {
                    return Err(Error::config(format!("Path {} does not exist", path.display())));
                }
                Ok(path)
            })
            .collect::<Result<_>>()
            .map(|paths| Self(Some(paths)))
    }

    /// The path without `.` and `..`, if it may be read.
    pub(super) fn check(&self, path: &str) -> Option<PathBuf> {
        let path = Path::new(path);
        match &self.0 {
            None => Some(path.to_owned()),
            Some(allowed) => {
                let path = normalize(path);
                let inside = path.is_absolute() && allowed.iter().any(|parent| path.starts_with(parent));
                if !inside {
                    tracing::error!(path = %path.display(), "the path is outside of {ALLOWED_PATHS}");
                }
                inside.then_some(path)
            }
        }
    }
}

/// Works on the text alone, so that a file that is not there cannot tell by its error whether it exists.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !normal.pop() {
                    normal.push(component);
                }
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_to_the_listed_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("a.properties");
        let outside = folder.path().join("../b.properties");
        let config = [("allowed.paths", folder.path().to_str().expect("UTF-8"))].into();
        let paths = AllowedPaths::configure(&config).expect("good");
        assert_eq!(paths.check(inside.to_str().expect("UTF-8")), Some(inside.clone()));
        assert_eq!(paths.check(outside.to_str().expect("UTF-8")), None);
        assert_eq!(paths.check("a.properties"), None);
        assert!(AllowedPaths::default().check("a.properties").is_some());
    }

    #[test]
    fn refuses_folders_that_mean_nothing() {
        let message = |path: &str| {
            let error = AllowedPaths::configure(&[("allowed.paths", path)].into()).expect_err("bad");
            error.message().map(str::to_owned)
        };
        assert_eq!(message("a"), Some("Path a is not absolute".to_owned()));
        assert_eq!(message("/no/such"), Some("Path /no/such does not exist".to_owned()));
    }
}
