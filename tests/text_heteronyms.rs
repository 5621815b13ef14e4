//! Words with two readings are said by their sentence: `tests/data/text/heteronyms.txt`.
//!
//! Of 40 sentences that were written after the rules and not used for them, 36 were right; those are in the file too.

use voice_clone::text::{FrontEnd, heteronyms::table::TABLE};

const SENTENCES: &str = include_str!("data/text/heteronyms.txt");

#[test]
fn sentences_decide_how_a_word_is_said() {
    let front_end = FrontEnd::new();
    let mut wrong = Vec::new();
    for line in SENTENCES.lines().filter(|line| !line.starts_with('#')) {
        let [word, sentence, expected] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let utterance = front_end.phonemize(sentence);
        let found = utterance.words.iter().find(|found| found.text == word).unwrap();
        let said: Vec<_> = utterance.symbols[found.symbols.clone()].iter().map(|symbol| symbol.name()).collect();
        if said.join(" ") != expected {
            wrong.push(format!("{sentence}: {word} is {}, not {expected}", said.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_best_known_heteronyms_are_there() {
    assert!(TABLE.len() >= 80);
    for word in ["bow", "close", "lead", "live", "minute", "read", "record", "tear", "use", "wind"] {
        assert!(TABLE.iter().any(|entry| entry.word == word), "{word}");
        assert!(SENTENCES.lines().filter(|line| line.starts_with(&format!("{word}\t"))).count() >= 2, "{word}");
    }
}
