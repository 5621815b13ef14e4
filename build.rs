//! Bakes the place of libtorch into the binary, so that it runs from any folder with no environment variable set.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    // Beside the binary first (a copied installation), then where it was built.
    println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/libtorch/lib");
    if let Ok(libtorch) = std::env::var("LIBTORCH") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{libtorch}/lib");
    }
}
