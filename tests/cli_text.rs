//! `voice-clone text` shows how a text is read.

mod support;

use support::Place;

#[test]
fn the_three_steps_are_shown() {
    let place = Place::new();
    let run = place.run_args(["text", "Dr. Lee paid $5. *Why*?"]).exits(0);
    let expected = "words     doctor lee paid five dollars . why ?\n\
                    phonemes  D AA1 K T ER0 | L IY1 | P EY1 D | F AY1 V | D AA1 L ER0 Z\n\
                    markers   doctor lee paid five dollars. 600 ms [statement]\n\
                    phonemes  W AY1\n\
                    markers   *why*? 600 ms [wh-question]\n";
    assert_eq!(run.stdout, expected);
    let ipa = place.run_args(["text", "--alphabet", "ipa", "hello"]).exits(0);
    assert!(ipa.stdout.contains("həˈloʊ"), "{ipa:?}");
}

#[test]
fn json_has_every_word_with_its_place() {
    let document = Place::new().run_args(["text", "--json", "Café, 5 km 語"]).exits(0).json();
    let words = &document["utterances"][0]["words"];
    assert_eq!(words[0]["text"], "cafe");
    assert_eq!(words[0]["characters"], serde_json::json!([0, 4]));
    assert_eq!(words[0]["bytes"], serde_json::json!([0, 5]));
    assert_eq!(words[0]["pause_after"]["mark"], ",");
    assert_eq!(words[2]["class"], "measure");
    assert_eq!(words[2]["phonemes"][0], "K");
    assert_eq!(words[2]["stress"][1], 1);
    assert_eq!(words[2]["style"]["emphasis"], "none");
    assert_eq!(document["unreadable"][0]["characters"], serde_json::json!([11, 12]));
}

#[test]
fn settings_decide_the_reading() {
    let place = Place::new();
    let british = place.run_args(["text", "--set", "text.reading=british", "105"]).exits(0);
    assert!(british.stdout.starts_with("words     one hundred and five\n"), "{british:?}");
    let skipped = place.run_args(["text", "--set", "text.emoji=skipped", "hi 😀"]).exits(0);
    assert!(skipped.stdout.ends_with("left out  \"😀\" at character 3\n"), "{skipped:?}");
    let lexicon = place.write("names.txt", "Knollys N OW1 L Z\n");
    let set = format!("text.lexicon={}", lexicon.display());
    let own = place.run_args(["text", "--set", &set, "Knollys"]).exits(0);
    assert!(own.stdout.contains("phonemes  N OW1 L Z\n"), "{own:?}");
    place
        .run_args(["text", "--set", "text.lexicon=none.txt", "a"])
        .exits(1)
        .says("cannot use the lexicon \"none.txt\"");
    place.run_args(["text", "--set", "text.reading=scottish", "a"]).exits(2).says("american, british");
}

#[test]
fn mistakes_in_ssml_have_a_place() {
    let run = Place::new().run_args(["text", "<speak>\n<audio/></speak>"]).exits(1);
    run.says("SSML, line 2, column 1: <audio> is not supported");
}
