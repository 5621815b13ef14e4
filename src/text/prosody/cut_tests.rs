use crate::text::FrontEnd;

fn words(utterance: &super::Utterance) -> Vec<&str> {
    utterance.words.iter().map(|word| word.text.as_str()).collect()
}

#[test]
fn an_utterance_is_cut_at_a_pause_and_keeps_every_word_and_phoneme() {
    let whole = &FrontEnd::new().utterances("Well, the first of them is here, and so is the other one, isn't it?")[0];
    let (first, rest) = whole.cut_at_pause().expect("a pause");
    assert_eq!(words(&first), ["well", "the", "first", "of", "them", "is", "here"]);
    assert_eq!([words(&first), words(&rest)].concat(), words(whole));
    for part in [&first, &rest] {
        assert!(part.symbols[0].is_boundary() && part.symbols[part.symbols.len() - 1].is_pause());
        assert!(part.pauses.iter().all(|pause| part.symbols[pause.at].is_pause()));
        assert_eq!(part.pauses.len(), part.symbols.iter().filter(|symbol| symbol.is_pause()).count());
        assert_eq!(part.kind, whole.kind);
    }
    let phonemes = |utterance: &super::Utterance| -> Vec<_> {
        utterance.words.iter().map(|word| utterance.symbols[word.symbols.clone()].to_vec()).collect()
    };
    assert_eq!([phonemes(&first), phonemes(&rest)].concat(), phonemes(whole));
}

#[test]
fn what_has_no_pause_in_it_stays_whole() {
    for text in ["One two three four five six seven.", "Well, yes.", "No, I never said that."] {
        assert_eq!(FrontEnd::new().utterances(text)[0].cut_at_pause(), None, "{text}");
    }
}
