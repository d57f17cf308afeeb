//! Replies and their members, as bytes.
