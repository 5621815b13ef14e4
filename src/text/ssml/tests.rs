use super::*;
use crate::text::{Class, FrontEnd, style::Emphasis};

/// The words of a document, pauses as marks.
fn said(document: &str) -> String {
    let passage = parse(document).unwrap();
    let tokens = FrontEnd::new().read_passage(&passage).tokens;
    tokens.iter().map(|token| token.token.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn error(document: &str) -> String {
    parse(document).unwrap_err().to_string()
}

#[test]
fn documents_are_told_from_text() {
    for document in ["<speak>a</speak>", " <speak version='1.1'>", "<?xml version='1.0'?>\n<speak>", "<speak/>"] {
        assert!(is_ssml(document), "{document}");
    }
    for text in ["", "speak", "<speaker>", "<p>a</p>", "I <speak>", "<?xml"] {
        assert!(!is_ssml(text), "{text}");
    }
}

#[test]
fn text_is_read_as_ever() {
    assert_eq!(said("<speak>He paid $3.50 &amp; left.</speak>"), "he paid three dollars and fifty cents and left .");
    assert_eq!(said("<speak><p>One<s>two</s></p>three</speak>"), "one . two . three");
    assert_eq!(said("<speak>a\n\nb <!-- no --><![CDATA[5 < 6]]></speak>"), "a b five is less than six");
    assert_eq!(said("<speak/>"), "");
}

#[test]
fn readings_are_given() {
    for (inner, expected) in [
        ("<sub alias='World Wide Web'>WWW</sub>", "world wide web"),
        ("<say-as interpret-as='characters'>a1-b</say-as>", "a one dash b"),
        ("<say-as interpret-as='digits'>2024</say-as>", "two zero two four"),
        ("<say-as interpret-as='cardinal'>1984</say-as>", "one thousand nine hundred eighty four"),
        ("<say-as interpret-as='cardinal'>XIV</say-as>", "fourteen"),
        ("<say-as interpret-as='ordinal'>21</say-as>", "twenty first"),
        ("<say-as interpret-as='ordinal'>VI</say-as>", "sixth"),
        ("<say-as interpret-as='fraction'>3/20</say-as>", "three twentieths"),
        ("<say-as interpret-as='date' format='dmy'>3/4/2020</say-as>", "april third , twenty twenty"),
        ("<say-as interpret-as='date' format='mdy'>3/4/2020</say-as>", "march fourth , twenty twenty"),
        ("<say-as interpret-as='time'>9:05</say-as>", "nine oh five"),
        ("<say-as interpret-as='telephone'>911</say-as>", "nine one one"),
        ("<say-as interpret-as='currency'>$2</say-as>", "two dollars"),
        ("<say-as interpret-as='unit'>5 km</say-as>", "five kilometers"),
        ("<say-as interpret-as='address'>1428 Elm St</say-as>", "fourteen twenty eight elm street"),
        ("<say-as interpret-as='time'>soon</say-as>", "soon"),
    ] {
        assert_eq!(said(&format!("<speak>{inner}</speak>")), expected, "{inner}");
    }
}

#[test]
fn phonemes_are_given_in_any_alphabet() {
    for ph in ["alphabet='ipa' ph='təˈmɑtoʊ'", "alphabet='x-arpabet' ph='T AH0 M AA1 T OW0'", "ph='təmˈɑtO'"] {
        let document = format!("<speak>a <phoneme {ph}>tomato</phoneme></speak>");
        let utterance = FrontEnd::new().utterances(&document).remove(0);
        let names: Vec<_> = utterance.symbols.iter().map(|symbol| symbol.name()).collect();
        assert_eq!(names.join(" "), "  AH0   T AH0 M AA1 T OW0 .", "{ph}");
        assert_eq!((utterance.words[1].text.as_str(), utterance.words[1].class), ("tomato", Class::Given));
    }
}

#[test]
fn styles_are_carried_by_words() {
    let document = "<speak><prosody rate='slow' pitch='+2st'>one <emphasis level='strong'>two</emphasis></prosody> \
                    <prosody volume='loud'>three</prosody> <voice name='anna'>four</voice></speak>";
    let utterances = FrontEnd::new().utterances(document);
    let styles: Vec<_> = utterances[0].words.iter().map(|word| &word.style).collect();
    assert_eq!((styles[0].rate_percent, styles[0].pitch_cents, styles[0].emphasis), (75, 200, Emphasis::None));
    assert_eq!((styles[1].rate_percent, styles[1].emphasis), (75, Emphasis::Strong));
    assert_eq!((styles[2].rate_percent, styles[2].volume_tenths_db), (100, 60));
    assert_eq!(styles[3].voice.as_deref(), Some("anna"));
}

#[test]
fn breaks_are_pauses_of_their_length() {
    let pauses = |document: &str| -> Vec<(u32, bool)> {
        let utterances = FrontEnd::new().utterances(document);
        utterances.iter().flat_map(|u| &u.pauses).map(|pause| (pause.milliseconds, pause.given)).collect()
    };
    assert_eq!(pauses("<speak>one <break time='1.5s'/> two</speak>"), [(1500, true), (600, false)]);
    assert_eq!(pauses("<speak>one, <break strength='none'/>two.</speak>"), [(0, true), (600, false)]);
    assert_eq!(pauses("<speak><p>One.</p><p>Two.</p></speak>"), [(1000, false), (1000, false)]);
}

#[test]
fn words_keep_their_places_in_the_document() {
    let document = "<speak>caf&#233; <sub alias='for example'>e.g.</sub> 5 km</speak>";
    let utterance = FrontEnd::new().utterances(document).remove(0);
    let places: Vec<_> = utterance.words.iter().map(|word| &document[word.source.clone()]).collect();
    let sub = "<sub alias='for example'>e.g.</sub>";
    assert_eq!(places, ["caf&#233;", sub, sub, "5 km", "5 km"]);
}

#[test]
fn mistakes_have_a_line_and_a_column() {
    for (document, expected) in [
        ("hello", "line 1, column 1: expected <speak>, found 'h'"),
        ("<speak>\n  <p>a</s></speak>", "line 2, column 7: expected </p>, found </s>"),
        ("<speak>\n<audio src='a'/></speak>", "line 2, column 1: <audio> is not supported; supported are speak, p"),
        ("<speak>é <break time='x'/></speak>", "line 1, column 10: time=\"x\" of <break>: expected a time"),
        ("<speak>a & b</speak>", "line 1, column 10: expected &amp; for &, found '&'"),
        ("<speak>a &nbsp; b</speak>", "line 1, column 10: &nbsp; is no character"),
        (
            "<speak>5 < 6</speak>",
            "line 1, column 11: expected the name of an element (a plain < is written &lt;), found ' '",
        ),
        ("<speak><p>a", "line 1, column 8: <p> is not closed"),
        ("<speak>a</speak> b", "line 1, column 18: expected nothing after </speak>, found 'b'"),
        ("<speak><s><p>a</p></s></speak>", "line 1, column 11: <p> can't stand in <s>"),
        ("<speak><phoneme>a</phoneme></speak>", "line 1, column 8: <phoneme> needs the attribute ph"),
        ("<speak><phoneme alphabet='ipa' ph='%'>a</phoneme></speak>", "line 1, column 8: ph=\"%\" of <phoneme>"),
        ("<speak><prosody rate=fast>a</prosody></speak>", "line 1, column 22: expected a value in quotes, found 'f'"),
        ("<speak><say-as interpret-as='x'>a</say-as></speak>", "line 1, column 8: interpret-as=\"x\""),
    ] {
        let message = error(document);
        assert!(message.starts_with(&format!("SSML, {expected}")), "{document}\n{message}");
    }
    let deep = format!("<speak>{}", "<emphasis>".repeat(100));
    assert!(error(&deep).contains("deeper than 64"), "{}", error(&deep));
}
