//! Rebuilds the portal when `assets/dist` changes: what is in it is embedded.

fn main() {
    println!("cargo::rerun-if-changed=assets/dist");
}
