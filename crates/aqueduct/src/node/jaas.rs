//! Where the JAAS file is that names the users of the REST API.

use std::path::PathBuf;

use aqueduct_api::ConfigMap;

/// Our own key for it.
const KEY: &str = "aqueduct.rest.jaas.config";
/// How Java's scripts are told of it, in the environment variable `KAFKA_OPTS`.
const JAVA_OPTION: &str = "-Djava.security.auth.login.config=";

/// The file that the worker's properties name, or else the options for a Java worker.
pub(super) fn file(properties: &ConfigMap, kafka_opts: Option<&str>) -> Option<PathBuf> {
    let own = properties.get(KEY).map(str::trim).filter(|file| !file.is_empty());
    let of_java = || {
        let mut options = kafka_opts.unwrap_or_default().split_whitespace();
        options.find_map(|option| option.strip_prefix(JAVA_OPTION))
    };
    // With a second equals sign Java takes this file and no other, which is what happens here anyway.
    own.or_else(of_java).map(|file| PathBuf::from(file.trim_start_matches('=')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_key_wins() {
        let check = |own: Option<&str>, options: Option<&str>, expected: Option<&str>| {
            let properties: ConfigMap = own.iter().map(|file| (KEY, *file)).collect();
            assert_eq!(file(&properties, options), expected.map(PathBuf::from));
        };
        check(None, None, None);
        check(None, Some("-Xmx1g"), None);
        check(None, Some("-Xmx1g -Djava.security.auth.login.config=/etc/jaas"), Some("/etc/jaas"));
        check(None, Some("-Djava.security.auth.login.config==/etc/jaas"), Some("/etc/jaas"));
        check(Some("mine"), Some("-Djava.security.auth.login.config=/etc/jaas"), Some("mine"));
    }
}
