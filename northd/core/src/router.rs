//! The flows of logical routers: one feature, one file.
