//! A member's file and folder, read without a server: nothing is locked, nothing is written.
