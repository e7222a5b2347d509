//! Variables: what target lists and macros can name, and where the values come from.
//!
//! [`table`] is the list; [`expand`] turns targets into values; the other files hold variables that are computed.

pub(crate) mod expand;
mod scalar;
pub mod table;
mod time;

pub(crate) use expand::{MemberName, Value};
pub use table::{Naming, Shape, VARIABLES, Variable, VariableInfo};
