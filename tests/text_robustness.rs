//! No text panics, hangs or loses a word in silence; long text stays fast and within limits.

use std::time::Instant;

use proptest::prelude::*;
use voice_clone::text::{
    Config, FrontEnd, Symbol, Utterance,
    config::{EmojiReading, Variety},
    ssml,
    utterances::{MAX_PHONEMES, MAX_WORDS},
};

/// What must hold of every utterance of `text`.
fn assert_well_formed(text: &str, utterance: &Utterance) {
    let symbols = &utterance.symbols;
    assert_eq!(symbols.is_empty(), utterance.words.is_empty(), "{text:?}");
    if symbols.is_empty() {
        return;
    }
    assert_eq!(symbols.first(), Some(&Symbol::BOUNDARY), "{text:?}");
    assert!(symbols.last().is_some_and(|last| last.is_pause()), "{text:?}");
    assert!(symbols.windows(2).all(|pair| !(pair[0].is_boundary() && pair[1].is_boundary())), "{text:?}");
    assert!(symbols.iter().all(|&symbol| symbol != Symbol::PAD), "{text:?}");
    let pauses: Vec<usize> = (0..symbols.len()).filter(|&at| symbols[at].is_pause()).collect();
    assert_eq!(utterance.pauses.iter().map(|pause| pause.at).collect::<Vec<_>>(), pauses, "{text:?}");
    let boundaries = symbols.iter().filter(|symbol| symbol.is_boundary()).count();
    assert_eq!(boundaries, utterance.words.len() + 1, "{text:?}");
    for word in &utterance.words {
        assert!(!word.symbols.is_empty() && !word.text.is_empty(), "{text:?}");
        assert!(symbols[word.symbols.clone()].iter().all(|symbol| symbol.is_phoneme()), "{text:?}");
        assert!(text.get(word.source.clone()).is_some_and(|source| !source.is_empty()), "{text:?} {word:?}");
    }
    assert!(utterance.words.is_sorted_by_key(|word| word.source.start), "{text:?}");
}

/// Runs everything on `text` and checks what comes out.
fn assert_read(text: &str) {
    assert_read_by(&FrontEnd::new(), text);
}

fn assert_read_by(front_end: &FrontEnd, text: &str) {
    let whole = front_end.phonemize(text);
    assert_well_formed(text, &whole);
    let utterances = front_end.utterances(text);
    for utterance in &utterances {
        assert_well_formed(text, utterance);
        assert!(!utterance.words.is_empty(), "{text:?}");
        let phonemes: usize = utterance.words.iter().map(|word| word.symbols.len()).sum();
        assert!(utterance.words.len() <= MAX_WORDS && phonemes <= MAX_PHONEMES, "{text:?}");
    }
    let split: Vec<_> = utterances.iter().flat_map(|utterance| &utterance.words).map(|word| &word.text).collect();
    assert_eq!(split, whole.words.iter().map(|word| &word.text).collect::<Vec<_>>(), "{text:?}");
    if FrontEnd::check(text).is_ok() && ssml::is_ssml(text) {
        // Letters of tags are not for reading.
        return;
    }
    // Every letter and digit of the text is either spoken or reported.
    let unreadable = front_end.unreadable(text);
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
        let covers = |source: &std::ops::Range<usize>| source.contains(&at);
        let spoken = whole.words.iter().any(|word| covers(&word.source));
        assert!(spoken || unreadable.iter().any(|left_out| covers(&left_out.source)), "{c:?} at {at} of {text:?}");
    }
}

#[test]
fn strange_texts_are_read() {
    for text in [
        "",
        " ",
        "\n\n\n",
        "\0\u{1}\u{7f}\u{85}",
        "\u{301}",
        "a\u{301}\u{301}\u{301}",
        "\u{202e}abc\u{202c}",
        "مرحبا بالعالم",
        "שלום",
        "你好，世界。",
        "😀👨‍👩‍👧‍👦🏳️‍🌈",
        "I ❤️ Rust 🦀!",
        "...",
        "?!?!?!",
        "----------",
        "((((((",
        "'''''",
        "'",
        "1.2.3.4.5.6.7.8.9",
        "1,,2",
        "-",
        "–5",
        "5–",
        "1/0",
        "0/0",
        "$",
        "$$$",
        "99999999999999999999999999999999999999999999999999",
        "1e999",
        "31/31/9999",
        "25:61",
        "+",
        "+1",
        "http://",
        "https://?",
        "@",
        "#",
        "a@b",
        "a.b.c.d",
        "St.",
        "Dr.",
        "I.",
        "½½½",
        "²",
        "Ⅷ",
        "№",
        "ﷺ",
        "ａｂｃ１２３",
        "O'",
        "rock'n'roll's'",
        "xXxXxXx",
        "CamelCASEWord123ABC",
        "zzzzzzzzzzz",
        "bcdfg",
        "5°",
        "5–°",
        "12–—–12",
        "1st2nd3rd",
        "'90s's",
        "K",
        "\u{FFFD}\u{10FFFF}",
        "ΑΒΓ αβγ",
        "Ма",
        "aМ",
        "İstanbul ŉ ǆ ſ",
    ] {
        assert_read(text);
    }
}

#[test]
fn unreadable_characters_are_reported_with_their_place() {
    let reports = FrontEnd::new().unreadable("Hi 語語 there 世");
    let found: Vec<_> = reports.iter().map(|report| (report.text.as_str(), report.source.clone())).collect();
    assert_eq!(found, [("語語", 3..9), ("世", 16..19)]);
    assert!(FrontEnd::new().unreadable("Plain text, 5 km/h & \"more\" – $3.").is_empty());
}

#[test]
fn very_long_texts_end_soon() {
    for unit in [
        "a", "ab ", "1", ",", "1-", "'", "a.", "A", "A ", "(", " ", "\n", "é", "#", "1 ", "a'", "-", ".", "a/", "Aa",
        "1.", "St. ", "I ", "@", "$1", "1:", "a@", "%", "...a", "5 of ", "X ", "Dr.", "A.", "V", "世", "1,", "zq",
    ] {
        let text = unit.repeat(100_000 / unit.len());
        let started = Instant::now();
        let words: usize = FrontEnd::new().utterances(&text).iter().map(|utterance| utterance.words.len()).sum();
        assert!(words > 0 || !text.contains(|c: char| c.is_ascii_alphanumeric()), "{unit:?}");
        assert!(started.elapsed().as_secs_f64() < 10.0, "{unit:?} took {:?}", started.elapsed());
    }
}

#[test]
fn ten_thousand_sentences_a_second() {
    let sentence = "On Monday, the engineers walked 12 miles through the old harbour and counted the ships. ";
    let text = sentence.repeat(500);
    let front_end = FrontEnd::new();
    let rate = (0..5)
        .map(|_| {
            let started = Instant::now();
            assert_eq!(front_end.utterances(&text).len(), 500);
            500.0 / started.elapsed().as_secs_f64()
        })
        .fold(0.0, f64::max);
    eprintln!("{rate:.0} sentences a second");
    // A machine busy with other tests reaches a fraction of what one core can do alone.
    assert!(rate > 2_000.0, "{rate:.0} sentences a second");
}

#[test]
fn the_first_use_is_ready_at_once() {
    let started = Instant::now();
    assert_eq!(FrontEnd::new().phonemize("Hello, quixotesque world").words.len(), 3);
    // It takes about a millisecond; the bar leaves room for a busy machine.
    assert!(started.elapsed().as_millis() < 30, "{:?}", started.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        assert_read(&text);
    }

    #[test]
    fn any_text_near_english_is_read(
        text in "([A-Za-z]{1,8}|[0-9]{1,5}|[ .,:;?!'$%/@#+*()-]|°|½|–|—|’|é|\n|st|th|am|pm|Dr\\.|St\\.|VIII|U\\.S\\.|www\\.|\\.com){0,30}"
    ) {
        assert_read(&text);
    }

    #[test]
    fn any_text_is_read_in_britain_without_emoji(
        text in "([A-Za-z]{1,6}|[0-9]{1,5}|[ .,:;?!'$£%/@#+*()-]|é|😀|👍🏽|🇫🇷|\\n|st|th|zz| Jan ){0,25}"
    ) {
        let config = Config { reading: Variety::British, emoji: EmojiReading::Skipped, lexicon: String::new() };
        assert_read_by(&FrontEnd::configured(&config).unwrap(), &text);
    }

    #[test]
    fn any_marks_are_read(
        text in "([A-Za-z]{1,6}|[0-9]{1,3}|[ .,*_\\[\\]()/]|\\*\\*|\\]\\(/|/\\)|ˈ|ə|AH0|\\[a\\]\\(/ˈA/\\)|é|\\n){0,30}"
    ) {
        assert_read(&text);
    }

    #[test]
    fn anything_near_ssml_is_read_or_refused_with_a_place(
        inner in "(<s>|</s>|<p>|</p>|<break time='1s'/>|<break|<emphasis>|</emphasis>|<prosody rate='fast'>|</prosody>|\
                  <sub alias='x y'>|</sub>|<phoneme ph='kæt'>|</phoneme>|<say-as interpret-as='date'>|</say-as>|\
                  <voice name='a'>|</voice>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|&amp;|&#233;|&|<|>|'|[a-z0-9 .,\\n]{1,8}|é){0,16}",
        closed in any::<bool>(),
    ) {
        let document = format!("<speak>{inner}{}", if closed { "</speak>" } else { "" });
        assert_read(&document);
        if let Err(error) = FrontEnd::check(&document) {
            let line = document.lines().nth(error.line - 1).unwrap_or("");
            assert!(error.column >= 1 && error.column <= line.chars().count() + 1, "{document:?} {error}");
        }
    }

    #[test]
    fn well_formed_ssml_loses_no_word(words in prop::collection::vec(("[a-z]{2,8}", 0usize..6), 1..20)) {
        let wrapped = |(word, wrap): &(String, usize)| match wrap {
            0 => format!("<emphasis>{word}</emphasis>"),
            1 => format!("<prosody rate='slow'>{word}</prosody>"),
            2 => format!("{word}<break/>"),
            3 => format!("<s>{word}</s>"),
            4 => format!("<voice name='x'><emphasis level='strong'>{word}</emphasis></voice>"),
            _ => word.clone(),
        };
        let document = format!("<speak>{}</speak>", words.iter().map(wrapped).collect::<Vec<_>>().join(" "));
        FrontEnd::check(&document).unwrap();
        let plain: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
        let utterances = FrontEnd::new().utterances(&document);
        let sources = utterances.iter().flat_map(|u| &u.words).map(|word| &document[word.source.clone()]);
        assert_eq!(sources.collect::<Vec<_>>(), plain);
    }
}
