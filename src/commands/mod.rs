//! One file a command: load, call, report.
