//! Texts to values and back, and one type of value to another: Connect's `Values`.
//!
//! The simple header converter, `InsertHeader`, `MaskField` and many connectors speak this little language: `12`, `true`,
//! `[1, 2]`, `{"a": 1.5}`, `2020-01-01`, and a string for everything else. Temporal texts are in UTC.

mod convert;
mod infer;
mod parse;
mod temporal;
mod text;
mod tokens;

pub use convert::{
    convert_to_boolean, convert_to_byte, convert_to_date, convert_to_decimal, convert_to_double,
    convert_to_float, convert_to_integer, convert_to_list, convert_to_long, convert_to_map, convert_to_short,
    convert_to_string, convert_to_struct, convert_to_time, convert_to_timestamp,
};
pub use infer::infer_schema;
pub use parse::parse_string;
pub use text::write_string;
