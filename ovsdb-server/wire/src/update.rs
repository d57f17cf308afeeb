//! Update notifications in their three notations (`update`, `update2`, `update3`).
