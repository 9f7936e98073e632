//! The sealed runtime: bubblewrap, cgroups, seccomp.
