//! The migrations are embedded by a macro that does not see new files by itself.

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
