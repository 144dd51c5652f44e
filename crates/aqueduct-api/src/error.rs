//! The one error type of plugins.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// A result of plugin code.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as anyone acts on it or shows it.
///
/// Each kind stands for one class of Kafka Connect (or of the JVM, where Connect lets one through), because users see
/// class names in traces, dead letter headers and REST answers: see [`ErrorKind::java_class`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A failure of the connector or of the system it talks to.
    Connect,
    /// A failure that may go away: the runtime tries again.
    Retriable,
    /// A value or schema that does not fit.
    Data,
    /// A configuration that does not fit.
    Config,
    /// An invalid call of the schema builder.
    SchemaBuilder,
    /// A value that cannot be projected to another schema.
    SchemaProjector,
    /// Something that does not exist.
    NotFound,
    /// Something that exists already.
    AlreadyExists,
    /// A call at a moment when it is not allowed in a task.
    IllegalWorkerState,
    /// A call at a moment when it is not allowed.
    IllegalState,
    /// An argument that is not allowed.
    IllegalArgument,
    /// An operation that this plugin does not offer.
    Unsupported,
    /// A null where a value is needed.
    NullPointer,
    /// A value of another class than the one that is needed.
    ClassCast,
    /// Text that is no number.
    NumberFormat,
    /// An index outside its range.
    IndexOutOfBounds,
    /// Bytes that cannot be written or read in a format.
    Serialization,
}

impl ErrorKind {
    /// The full name of the Java class that stands for this kind in traces and headers.
    pub const fn java_class(self) -> &'static str {
        match self {
            Self::Connect => "org.apache.kafka.connect.errors.ConnectException",
            Self::Retriable => "org.apache.kafka.connect.errors.RetriableException",
            Self::Data => "org.apache.kafka.connect.errors.DataException",
            Self::Config => "org.apache.kafka.common.config.ConfigException",
            Self::SchemaBuilder => "org.apache.kafka.connect.errors.SchemaBuilderException",
            Self::SchemaProjector => "org.apache.kafka.connect.errors.SchemaProjectorException",
            Self::NotFound => "org.apache.kafka.connect.errors.NotFoundException",
            Self::AlreadyExists => "org.apache.kafka.connect.errors.AlreadyExistsException",
            Self::IllegalWorkerState => "org.apache.kafka.connect.errors.IllegalWorkerStateException",
            Self::IllegalState => "java.lang.IllegalStateException",
            Self::IllegalArgument => "java.lang.IllegalArgumentException",
            Self::Unsupported => "java.lang.UnsupportedOperationException",
            Self::NullPointer => "java.lang.NullPointerException",
            Self::ClassCast => "java.lang.ClassCastException",
            Self::NumberFormat => "java.lang.NumberFormatException",
            Self::IndexOutOfBounds => "java.lang.IndexOutOfBoundsException",
            Self::Serialization => "org.apache.kafka.common.errors.SerializationException",
        }
    }
}

/// An error of a plugin: what kind, what happened, where, and why.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    retriable: bool,
    message: Option<Cow<'static, str>>,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind. Only [`ErrorKind::Retriable`] is retriable from the start.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self::build(kind, Some(message.into()))
    }

    /// An error without a message, as Java's runtime throws some of them: it prints its class alone.
    pub fn bare(kind: ErrorKind) -> Self {
        Self::build(kind, None)
    }

    fn build(kind: ErrorKind, message: Option<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            retriable: kind == ErrorKind::Retriable,
            message,
            context: Vec::new(),
            source: None,
        }))
    }

    /// [`ErrorKind::Connect`]
    pub fn connect(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Connect, message)
    }

    /// [`ErrorKind::Retriable`]
    pub fn retriable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Retriable, message)
    }

    /// [`ErrorKind::Data`]
    pub fn data(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Data, message)
    }

    /// [`ErrorKind::Config`]
    pub fn config(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds where it happened: a file, a table, a topic. Shown behind the message by `Display` with `{:#}`.
    #[must_use]
    pub fn with_context(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Says that trying again may help, whatever the kind.
    #[must_use]
    pub fn into_retriable(mut self) -> Self {
        self.0.retriable = true;
        self
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the runtime should try again.
    pub fn is_retriable(&self) -> bool {
        self.0.retriable
    }

    /// The message alone; `None` for an error of Java's runtime that has none.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The pairs added by [`Error::with_context`].
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// The text that stands for Java's stack trace in status answers and headers: `class: message`, the context,
    /// and a `Caused by:` line for each cause.
    pub fn trace(&self) -> String {
        let mut text = String::new();
        self.write_trace_line(&mut text);
        let mut cause = StdError::source(self);
        while let Some(error) = cause {
            text.push_str("\nCaused by: ");
            match error.downcast_ref::<Error>() {
                Some(error) => error.write_trace_line(&mut text),
                None => text.push_str(&error.to_string()),
            }
            cause = error.source();
        }
        text.push('\n');
        text
    }

    fn write_trace_line(&self, text: &mut String) {
        text.push_str(self.kind().java_class());
        if let Some(message) = self.message() {
            text.push_str(": ");
            text.push_str(message);
        }
        for (key, value) in self.context() {
            text.push_str(&format!("\n\tat {key} {value}"));
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message().unwrap_or_else(|| self.kind().java_class()))?;
        if f.alternate() {
            for (key, value) in self.context() {
                write!(f, " ({key} {value})")?;
            }
            let mut cause = StdError::source(self);
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::connect(error.to_string()).with_source(error)
    }
}
