//! How the program is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Its some 280,000 relative addresses as a list of few bytes (DT_RELR, glibc 2.36), which
    // a start need not read megabytes of: a room's helpers are many starts.
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
}
