fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Err(error) = voice_clone::commands::train_base::run(&args) {
        eprintln!("{error:#}");
    }
}
